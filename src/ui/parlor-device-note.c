/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-device-note.h"

#include "parlor-core.h"
#include "parlor-words.h"

/*
 * ParlorDeviceNote: says aloud that something stands in for the camera or the microphone, wherever others
 * may see or hear it; takes no room while there is nothing to say. That test media was asked for is said
 * only where "test-media" is set: whoever asked knows.
 */

enum
{
  PROP_0,
  PROP_CORE,
  PROP_TEST_MEDIA,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorDeviceNote
{
  AdwBin parent_instance;

  ParlorCore *core; /* (nullable) */
  gboolean test_media;
  GtkWidget *label;
};

G_DEFINE_FINAL_TYPE (ParlorDeviceNote, parlor_device_note, ADW_TYPE_BIN)

static char *
words (gpointer self, ParlorDeviceStatus camera, ParlorDeviceStatus microphone, gboolean test_media)
{
  if (camera == PARLOR_DEVICE_TEST && !test_media)
    return g_strdup ("");
  return g_strdup (parlor_words_for_devices (camera, microphone));
}

static gboolean
has_text (gpointer self, const char *text)
{
  return text && *text;
}

static void
parlor_device_note_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorDeviceNote *self = PARLOR_DEVICE_NOTE (object);

  switch (id)
    {
    case PROP_CORE:
      g_value_set_object (value, self->core);
      break;
    case PROP_TEST_MEDIA:
      g_value_set_boolean (value, self->test_media);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_device_note_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ParlorDeviceNote *self = PARLOR_DEVICE_NOTE (object);

  switch (id)
    {
    case PROP_CORE:
      if (!g_set_object (&self->core, g_value_get_object (value)))
        return;
      break;
    case PROP_TEST_MEDIA:
      if (self->test_media == g_value_get_boolean (value))
        return;
      self->test_media = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }
  g_object_notify_by_pspec (object, pspec);
}

static void
parlor_device_note_dispose (GObject *object)
{
  g_clear_object (&PARLOR_DEVICE_NOTE (object)->core);
  G_OBJECT_CLASS (parlor_device_note_parent_class)->dispose (object);
}

static void
parlor_device_note_class_init (ParlorDeviceNoteClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = parlor_device_note_get_property;
  object_class->set_property = parlor_device_note_set_property;
  object_class->dispose = parlor_device_note_dispose;

  props[PROP_CORE] = g_param_spec_object ("core", NULL, NULL, PARLOR_TYPE_CORE, flags);
  props[PROP_TEST_MEDIA] = g_param_spec_boolean ("test-media", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  g_type_ensure (PARLOR_TYPE_STUDIO);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/parlor/Parlor/ui/parlor-device-note.ui");
  gtk_widget_class_bind_template_child (widget_class, ParlorDeviceNote, label);
  gtk_widget_class_bind_template_callback (widget_class, words);
  gtk_widget_class_bind_template_callback (widget_class, has_text);
}

static void
parlor_device_note_init (ParlorDeviceNote *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_object_bind_property (self->label, "visible", self, "visible", G_BINDING_SYNC_CREATE);
}
