/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-self-view.h"

#include "parlor-core.h"
#include "parlor-mute-button.h"
#include "parlor-video-view.h"

/*
 * ParlorSelfView: one's own picture, mirrored, with an avatar while the camera is off and, if wanted, the
 * microphone and camera toggles on it. Everything is a binding in the template.
 */

enum
{
  PROP_0,
  PROP_CORE,
  PROP_CONTROLS,
  PROP_RATIO,
  PROP_AVATAR_SIZE,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorSelfView
{
  AdwBin parent_instance;

  ParlorCore *core; /* (nullable) */
  gboolean controls;
  double ratio;
  int avatar_size;
};

G_DEFINE_FINAL_TYPE (ParlorSelfView, parlor_self_view, ADW_TYPE_BIN)

static void
parlor_self_view_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorSelfView *self = PARLOR_SELF_VIEW (object);

  switch (id)
    {
    case PROP_CORE:
      g_value_set_object (value, self->core);
      break;
    case PROP_CONTROLS:
      g_value_set_boolean (value, self->controls);
      break;
    case PROP_RATIO:
      g_value_set_double (value, self->ratio);
      break;
    case PROP_AVATAR_SIZE:
      g_value_set_int (value, self->avatar_size);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_self_view_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ParlorSelfView *self = PARLOR_SELF_VIEW (object);

  switch (id)
    {
    case PROP_CORE:
      if (!g_set_object (&self->core, g_value_get_object (value)))
        return;
      break;
    case PROP_CONTROLS:
      if (self->controls == g_value_get_boolean (value))
        return;
      self->controls = g_value_get_boolean (value);
      break;
    case PROP_RATIO:
      if (self->ratio == g_value_get_double (value))
        return;
      self->ratio = g_value_get_double (value);
      break;
    case PROP_AVATAR_SIZE:
      if (self->avatar_size == g_value_get_int (value))
        return;
      self->avatar_size = g_value_get_int (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }
  g_object_notify_by_pspec (object, pspec);
}

static void
parlor_self_view_dispose (GObject *object)
{
  g_clear_object (&PARLOR_SELF_VIEW (object)->core);
  G_OBJECT_CLASS (parlor_self_view_parent_class)->dispose (object);
}

static void
parlor_self_view_class_init (ParlorSelfViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = parlor_self_view_get_property;
  object_class->set_property = parlor_self_view_set_property;
  object_class->dispose = parlor_self_view_dispose;

  props[PROP_CORE] = g_param_spec_object ("core", NULL, NULL, PARLOR_TYPE_CORE, flags);
  props[PROP_CONTROLS] = g_param_spec_boolean ("controls", NULL, NULL, FALSE, flags);
  props[PROP_RATIO] = g_param_spec_double ("ratio", NULL, NULL, 0, 10, 0, flags);
  props[PROP_AVATAR_SIZE] = g_param_spec_int ("avatar-size", NULL, NULL, 16, 512, 96, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  g_type_ensure (PARLOR_TYPE_MUTE_BUTTON);
  g_type_ensure (PARLOR_TYPE_STUDIO);
  g_type_ensure (PARLOR_TYPE_VIDEO_VIEW);
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass),
                                               "/io/github/parlor/Parlor/ui/parlor-self-view.ui");
}

static void
parlor_self_view_init (ParlorSelfView *self)
{
  self->avatar_size = 96;
  gtk_widget_init_template (GTK_WIDGET (self));
}
