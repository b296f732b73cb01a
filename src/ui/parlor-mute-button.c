/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-mute-button.h"

/*
 * ParlorMuteButton: a toggle that is active while something is muted, and whose icon, tooltip and
 * accessible name say what it is now and what pressing it will do. Its state comes from its action.
 */

enum
{
  PROP_0,
  PROP_ON_ICON,
  PROP_OFF_ICON,
  PROP_ON_LABEL,
  PROP_OFF_LABEL,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorMuteButton
{
  GtkToggleButton parent_instance;

  char *text[N_PROPS]; /* by property */
};

G_DEFINE_FINAL_TYPE (ParlorMuteButton, parlor_mute_button, GTK_TYPE_TOGGLE_BUTTON)

static void
update (ParlorMuteButton *self)
{
  gboolean muted = gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self));
  const char *icon = self->text[muted ? PROP_OFF_ICON : PROP_ON_ICON];
  const char *label = self->text[muted ? PROP_OFF_LABEL : PROP_ON_LABEL];

  if (icon)
    gtk_button_set_icon_name (GTK_BUTTON (self), icon);
  if (label)
    gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), label);
}

static void
parlor_mute_button_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id > PROP_0 && id < N_PROPS)
    g_value_set_string (value, PARLOR_MUTE_BUTTON (object)->text[id]);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
parlor_mute_button_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ParlorMuteButton *self = PARLOR_MUTE_BUTTON (object);

  if (id == PROP_0 || id >= N_PROPS)
    {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }
  if (g_strcmp0 (self->text[id], g_value_get_string (value)) == 0)
    return;
  g_free (self->text[id]);
  self->text[id] = g_value_dup_string (value);
  update (self);
  g_object_notify_by_pspec (object, pspec);
}

static void
parlor_mute_button_finalize (GObject *object)
{
  for (guint id = PROP_0; id < N_PROPS; id++)
    g_free (PARLOR_MUTE_BUTTON (object)->text[id]);
  G_OBJECT_CLASS (parlor_mute_button_parent_class)->finalize (object);
}

static void
parlor_mute_button_class_init (ParlorMuteButtonClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = parlor_mute_button_get_property;
  object_class->set_property = parlor_mute_button_set_property;
  object_class->finalize = parlor_mute_button_finalize;

  props[PROP_ON_ICON] = g_param_spec_string ("on-icon", NULL, NULL, NULL, flags);
  props[PROP_OFF_ICON] = g_param_spec_string ("off-icon", NULL, NULL, NULL, flags);
  props[PROP_ON_LABEL] = g_param_spec_string ("on-label", NULL, NULL, NULL, flags);
  props[PROP_OFF_LABEL] = g_param_spec_string ("off-label", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
parlor_mute_button_init (ParlorMuteButton *self)
{
  g_signal_connect (self, "notify::active", G_CALLBACK (update), NULL);
}
