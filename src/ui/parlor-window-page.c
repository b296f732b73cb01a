/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-window-page.h"

#include "parlor-words.h"

/*
 * ParlorWindowPage: the little that all pages of the window have in common. GTK 4.8 shows assistive tools all pages of a
 * stack as if they were there at once: a page hides itself from them while it is not shown. Main thread only.
 */

enum
{
  PROP_0,
  PROP_CORE,
  PROP_DARK,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

typedef struct
{
  ParlorCore *core; /* (nullable) */
  gboolean dark;
} ParlorWindowPagePrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (ParlorWindowPage, parlor_window_page, ADW_TYPE_BIN)

static void
parlor_window_page_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorWindowPagePrivate *priv = parlor_window_page_get_instance_private (PARLOR_WINDOW_PAGE (object));

  switch (id)
    {
    case PROP_CORE:
      g_value_set_object (value, priv->core);
      break;
    case PROP_DARK:
      g_value_set_boolean (value, priv->dark);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_window_page_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ParlorWindowPagePrivate *priv = parlor_window_page_get_instance_private (PARLOR_WINDOW_PAGE (object));

  switch (id)
    {
    case PROP_CORE:
      if (g_set_object (&priv->core, g_value_get_object (value)))
        g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_DARK:
      if (priv->dark != g_value_get_boolean (value))
        {
          priv->dark = g_value_get_boolean (value);
          g_object_notify_by_pspec (object, pspec);
        }
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_window_page_dispose (GObject *object)
{
  ParlorWindowPagePrivate *priv = parlor_window_page_get_instance_private (PARLOR_WINDOW_PAGE (object));

  g_clear_object (&priv->core);
  G_OBJECT_CLASS (parlor_window_page_parent_class)->dispose (object);
}

static void
hide_from_assistive_tools (GtkWidget *widget, gboolean hidden)
{
  gtk_accessible_update_state (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_STATE_HIDDEN, hidden, -1);
}

static void
parlor_window_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (parlor_window_page_parent_class)->map (widget);
  hide_from_assistive_tools (widget, FALSE);
}

static void
parlor_window_page_unmap (GtkWidget *widget)
{
  hide_from_assistive_tools (widget, TRUE);
  GTK_WIDGET_CLASS (parlor_window_page_parent_class)->unmap (widget);
}

static void
parlor_window_page_class_init (ParlorWindowPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = parlor_window_page_get_property;
  object_class->set_property = parlor_window_page_set_property;
  object_class->dispose = parlor_window_page_dispose;
  GTK_WIDGET_CLASS (klass)->map = parlor_window_page_map;
  GTK_WIDGET_CLASS (klass)->unmap = parlor_window_page_unmap;

  props[PROP_CORE] = g_param_spec_object ("core", NULL, NULL, PARLOR_TYPE_CORE, flags);
  props[PROP_DARK] = g_param_spec_boolean ("dark", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
parlor_window_page_init (ParlorWindowPage *self)
{
  hide_from_assistive_tools (GTK_WIDGET (self), TRUE);
}

ParlorCore *
parlor_window_page_get_core (ParlorWindowPage *self)
{
  ParlorWindowPagePrivate *priv = parlor_window_page_get_instance_private (self);

  g_return_val_if_fail (PARLOR_IS_WINDOW_PAGE (self), NULL);
  return priv->core;
}

/* For templates, as a closure: whoever has no name is somebody all the same. */
char *
parlor_window_page_person (gpointer self, const char *name)
{
  return g_strdup (parlor_words_for_person (name));
}

gboolean
parlor_window_page_get_dark (ParlorWindowPage *self)
{
  ParlorWindowPagePrivate *priv = parlor_window_page_get_instance_private (self);

  g_return_val_if_fail (PARLOR_IS_WINDOW_PAGE (self), FALSE);
  return priv->dark;
}
