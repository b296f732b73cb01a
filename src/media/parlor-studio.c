/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-studio-parts.h"

#include "parlor-error.h"
#include "parlor-media-enums.h"
#include "parlor-peer.h"
#include "parlor-webrtc-peer.h"

/*
 * ParlorStudio: the pipeline of encoders, preview and mixer, and the three slots at its edges. Main
 * thread.
 *
 * It owns no device itself: camera, microphone and speaker are ParlorDeviceSlots, each with a
 * pipeline of its own that can fail, be replaced or hang without this one noticing. All of them,
 * and those of the peers, run on the system clock with the base time that is fixed in
 * parlor_studio_start(), so a running time means the same everywhere.
 *
 * As a ParlorPeerFactory it makes the peers that it feeds.
 */

enum
{
  PROP_CAMERA_STATUS = 1,
  PROP_MICROPHONE_STATUS,
  PROP_SPEAKER_STATUS,
  PROP_CAMERA_NAME,
  PROP_MICROPHONE_NAME,
  PROP_VIEW,
  PROP_AUDIO_MUTED,
  PROP_VIDEO_MUTED,
  N_PROPS
};

enum
{
  SIGNAL_FAILED,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static ParlorPeer *
parlor_studio_create_peer (ParlorPeerFactory *factory,
                           const ParlorPeerOptions *options,
                           GError **error)
{
  ParlorStudio *self = PARLOR_STUDIO (factory);
  ParlorWebrtcPeer *peer;

  if (!self->pipeline || self->failed)
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_MEDIA, "Camera and sound are not running");
      return NULL;
    }
  peer = parlor_webrtc_peer_new (self, options, error);
  return peer ? PARLOR_PEER (peer) : NULL;
}

static void
peer_factory_iface_init (ParlorPeerFactoryInterface *iface)
{
  iface->create_peer = parlor_studio_create_peer;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (ParlorStudio,
                               parlor_studio,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (PARLOR_TYPE_PEER_FACTORY,
                                                      peer_factory_iface_init))

static gboolean
on_bus_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  ParlorStudio *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) failure = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_LATENCY)
    gst_bin_recalculate_latency (GST_BIN (self->pipeline));
  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ERROR || self->failed)
    return G_SOURCE_CONTINUE;

  /* One fault posts two or three errors. */
  self->failed = TRUE;
  gst_message_parse_error (message, &error, NULL);
  failure = g_error_new (PARLOR_ERROR, PARLOR_ERROR_MEDIA, "%s: %s", GST_MESSAGE_SRC_NAME (message),
                         error->message);
  g_signal_emit (self, signals[SIGNAL_FAILED], 0, failure);
  return G_SOURCE_CONTINUE;
}

static void
on_slot_notify (ParlorDeviceSlot *slot, GParamSpec *pspec, ParlorStudio *self)
{
  const gboolean status = g_str_equal (pspec->name, "status");

  if (slot == self->camera)
    g_object_notify_by_pspec (G_OBJECT (self),
                              props[status ? PROP_CAMERA_STATUS : PROP_CAMERA_NAME]);
  else if (slot == self->microphone)
    g_object_notify_by_pspec (G_OBJECT (self),
                              props[status ? PROP_MICROPHONE_STATUS : PROP_MICROPHONE_NAME]);
  else if (status)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SPEAKER_STATUS]);
}

static ParlorDeviceSlot *
new_slot (ParlorStudio *self,
          ParlorSlotKind kind,
          const char *description,
          ParlorTakeSampleFunc func)
{
  ParlorDeviceSlot *slot = parlor_device_slot_new (kind, description, self->test_media);

  parlor_device_slot_set_sample_func (slot, func, self);
  g_signal_connect_object (slot, "notify", G_CALLBACK (on_slot_notify), self, 0);
  return slot;
}

static void
parlor_studio_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorStudio *self = PARLOR_STUDIO (object);

  switch (id)
    {
    case PROP_CAMERA_STATUS:
      g_value_set_enum (value, parlor_device_slot_get_status (self->camera));
      break;
    case PROP_MICROPHONE_STATUS:
      g_value_set_enum (value, parlor_device_slot_get_status (self->microphone));
      break;
    case PROP_SPEAKER_STATUS:
      g_value_set_enum (value, parlor_device_slot_get_status (self->speaker));
      break;
    case PROP_CAMERA_NAME:
      g_value_set_string (value, parlor_device_slot_get_name (self->camera));
      break;
    case PROP_MICROPHONE_NAME:
      g_value_set_string (value, parlor_device_slot_get_name (self->microphone));
      break;
    case PROP_VIEW:
      g_value_set_object (value, self->view);
      break;
    case PROP_AUDIO_MUTED:
      g_value_set_boolean (value, self->audio_muted);
      break;
    case PROP_VIDEO_MUTED:
      g_value_set_boolean (value, self->video_muted);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_studio_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ParlorStudio *self = PARLOR_STUDIO (object);

  switch (id)
    {
    case PROP_AUDIO_MUTED:
      parlor_studio_set_audio_muted (self, g_value_get_boolean (value));
      break;
    case PROP_VIDEO_MUTED:
      parlor_studio_set_video_muted (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_studio_dispose (GObject *object)
{
  ParlorStudio *self = PARLOR_STUDIO (object);

  if (self->camera)
    parlor_studio_stop (self);
  g_clear_object (&self->camera);
  g_clear_object (&self->microphone);
  g_clear_object (&self->speaker);
  g_clear_object (&self->preview_sinks);
  g_clear_object (&self->remote_sinks);

  G_OBJECT_CLASS (parlor_studio_parent_class)->dispose (object);
}

static void
parlor_studio_finalize (GObject *object)
{
  ParlorStudio *self = PARLOR_STUDIO (object);

  g_ptr_array_unref (self->voices);
  g_list_free_full (self->feeds, g_free);
  g_mutex_clear (&self->feed_lock);

  G_OBJECT_CLASS (parlor_studio_parent_class)->finalize (object);
}

static void
parlor_studio_class_init (ParlorStudioClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags readable = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  const GParamFlags writable = readable | G_PARAM_WRITABLE;

  object_class->get_property = parlor_studio_get_property;
  object_class->set_property = parlor_studio_set_property;
  object_class->dispose = parlor_studio_dispose;
  object_class->finalize = parlor_studio_finalize;

  props[PROP_CAMERA_STATUS] = g_param_spec_enum (
    "camera-status", NULL, NULL, PARLOR_TYPE_DEVICE_STATUS, PARLOR_DEVICE_OFF, readable);
  props[PROP_MICROPHONE_STATUS] = g_param_spec_enum (
    "microphone-status", NULL, NULL, PARLOR_TYPE_DEVICE_STATUS, PARLOR_DEVICE_OFF, readable);
  props[PROP_SPEAKER_STATUS] = g_param_spec_enum (
    "speaker-status", NULL, NULL, PARLOR_TYPE_DEVICE_STATUS, PARLOR_DEVICE_OFF, readable);
  props[PROP_CAMERA_NAME] = g_param_spec_string ("camera-name", NULL, NULL, NULL, readable);
  props[PROP_MICROPHONE_NAME] = g_param_spec_string ("microphone-name", NULL, NULL, NULL, readable);
  props[PROP_VIEW] = g_param_spec_object ("view", NULL, NULL, G_TYPE_OBJECT, readable);
  props[PROP_AUDIO_MUTED] = g_param_spec_boolean ("audio-muted", NULL, NULL, FALSE, writable);
  props[PROP_VIDEO_MUTED] = g_param_spec_boolean ("video-muted", NULL, NULL, FALSE, writable);
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * ParlorStudio::failed:
   * @error: (type GError): PARLOR_ERROR_MEDIA
   *
   * The studio itself broke; it is of no use any more until it is stopped and started again.
   */
  signals[SIGNAL_FAILED] = g_signal_new ("failed", PARLOR_TYPE_STUDIO, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
parlor_studio_init (ParlorStudio *self)
{
  g_mutex_init (&self->feed_lock);
  self->voices = g_ptr_array_new_with_free_func ((GDestroyNotify) parlor_voice_unref);
}

ParlorStudio *
parlor_studio_new (const ParlorStudioConfig *config,
                   ParlorSinkFactory *preview_sinks,
                   ParlorSinkFactory *remote_sinks)
{
  ParlorStudio *self;

  g_return_val_if_fail (config != NULL, NULL);

  gst_init (NULL, NULL);
  self = g_object_new (PARLOR_TYPE_STUDIO, NULL);
  self->test_media = config->test_media;
  self->media = config->media;
  self->relay_only = config->relay_only;
  g_set_object (&self->preview_sinks, preview_sinks);
  g_set_object (&self->remote_sinks, remote_sinks);
  self->camera
    = new_slot (self, PARLOR_SLOT_CAMERA, config->video_source, parlor_studio_on_picture_in_stream);
  self->microphone = new_slot (self, PARLOR_SLOT_MICROPHONE, config->audio_source,
                               parlor_studio_on_sound_in_stream);
  self->speaker = new_slot (self, PARLOR_SLOT_SPEAKER, config->audio_sink, NULL);
  return self;
}

static gboolean
start_slots (ParlorStudio *self, GError **error)
{
  ParlorDeviceSlot *slots[] = {
    self->speaker,
    self->media & PARLOR_MEDIA_VIDEO ? self->camera : NULL,
    self->media & PARLOR_MEDIA_AUDIO ? self->microphone : NULL,
  };

  for (guint i = 0; i < G_N_ELEMENTS (slots); i++)
    if (slots[i] && parlor_device_slot_wants_devices (slots[i]) && !self->devices)
      self->devices = parlor_device_list_new ();
  for (guint i = 0; i < G_N_ELEMENTS (slots); i++)
    if (slots[i] && !parlor_device_slot_start (slots[i], self->base_time, self->devices, error))
      return FALSE;
  if (self->devices)
    parlor_device_list_start (self->devices);
  return TRUE;
}

/* Nothing in this pipeline blocks or prerolls, so PLAYING is reached here and now. */
static void
play (ParlorStudio *self)
{
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);

  self->bus_watch = gst_bus_add_watch (bus, on_bus_message, self);
  self->base_time = gst_clock_get_time (clock);
  gst_pipeline_use_clock (GST_PIPELINE (self->pipeline), clock);
  gst_element_set_start_time (self->pipeline, GST_CLOCK_TIME_NONE);
  gst_element_set_base_time (self->pipeline, self->base_time);
  gst_pipeline_set_latency (GST_PIPELINE (self->pipeline), PARLOR_STUDIO_LATENCY);
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
}

gboolean
parlor_studio_start (ParlorStudio *self, GError **error)
{
  g_return_val_if_fail (PARLOR_IS_STUDIO (self), FALSE);
  g_return_val_if_fail (self->pipeline == NULL, FALSE);

  self->failed = FALSE;
  self->stream.last_picture = GST_CLOCK_TIME_NONE;
  if (!parlor_studio_build (self, error))
    {
      parlor_studio_unbuild (self);
      return FALSE;
    }

  if (self->volume)
    g_object_set (self->volume, "mute", self->audio_muted, NULL);
  play (self);
  if (!start_slots (self, error))
    {
      parlor_studio_stop (self);
      return FALSE;
    }
  if (self->view)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_VIEW]);
  return TRUE;
}

void
parlor_studio_stop (ParlorStudio *self)
{
  gboolean had_view;

  g_return_if_fail (PARLOR_IS_STUDIO (self));

  if (!self->pipeline)
    return;

  /* From the edges inwards: the slots' threads push into this pipeline, and it into the
     speaker's. */
  parlor_device_slot_stop (self->camera);
  parlor_device_slot_stop (self->microphone);
  parlor_studio_unplug_voices (self);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  parlor_device_slot_stop (self->speaker);
  if (self->devices)
    parlor_device_list_stop (self->devices);
  g_clear_object (&self->devices);

  g_clear_handle_id (&self->bus_watch, g_source_remove);
  had_view = self->view != NULL;
  parlor_studio_unbuild (self);
  if (had_view)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_VIEW]);
}

void
parlor_studio_set_audio_muted (ParlorStudio *self, gboolean muted)
{
  g_return_if_fail (PARLOR_IS_STUDIO (self));

  muted = !!muted;
  if (self->audio_muted == muted)
    return;

  self->audio_muted = muted;
  if (self->volume)
    g_object_set (self->volume, "mute", muted, NULL);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_AUDIO_MUTED]);
}

void
parlor_studio_set_video_muted (ParlorStudio *self, gboolean muted)
{
  g_return_if_fail (PARLOR_IS_STUDIO (self));

  muted = !!muted;
  if (self->video_muted == muted)
    return;

  self->video_muted = muted;
  /* The others dropped out of the stream: they can only come back in with a keyframe. */
  if (!muted)
    parlor_studio_force_keyframe (self);
  g_atomic_int_set (&self->stream.muted, muted);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_VIDEO_MUTED]);
}

gboolean
parlor_studio_get_relay_only (ParlorStudio *self)
{
  return self->relay_only;
}

gboolean
parlor_studio_get_audio_muted (ParlorStudio *self)
{
  g_return_val_if_fail (PARLOR_IS_STUDIO (self), FALSE);

  return self->audio_muted;
}

gboolean
parlor_studio_get_video_muted (ParlorStudio *self)
{
  g_return_val_if_fail (PARLOR_IS_STUDIO (self), FALSE);

  return self->video_muted;
}

ParlorMediaFlags
parlor_studio_get_sending (ParlorStudio *self)
{
  g_return_val_if_fail (PARLOR_IS_STUDIO (self), PARLOR_MEDIA_NONE);

  return self->media
         & ~((self->audio_muted ? PARLOR_MEDIA_AUDIO : 0)
             | (self->video_muted ? PARLOR_MEDIA_VIDEO : 0));
}

GObject *
parlor_studio_get_view (ParlorStudio *self)
{
  g_return_val_if_fail (PARLOR_IS_STUDIO (self), NULL);

  return self->view;
}

ParlorDeviceStatus
parlor_studio_get_camera_status (ParlorStudio *self)
{
  g_return_val_if_fail (PARLOR_IS_STUDIO (self), PARLOR_DEVICE_OFF);

  return parlor_device_slot_get_status (self->camera);
}

ParlorDeviceStatus
parlor_studio_get_microphone_status (ParlorStudio *self)
{
  g_return_val_if_fail (PARLOR_IS_STUDIO (self), PARLOR_DEVICE_OFF);

  return parlor_device_slot_get_status (self->microphone);
}

void
parlor_studio_adopt_pipeline (ParlorStudio *self, GstPipeline *pipeline, guint jitter_latency_ms)
{
  /* 40 ms of jitter buffer and 90 of decoder, threads and mixing: the studio's own. */
  const GstClockTime latency = MAX (PARLOR_STUDIO_LATENCY, (jitter_latency_ms + 90) * GST_MSECOND);
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();

  g_return_if_fail (PARLOR_IS_STUDIO (self));

  gst_pipeline_use_clock (pipeline, clock);
  gst_element_set_start_time (GST_ELEMENT (pipeline), GST_CLOCK_TIME_NONE);
  gst_element_set_base_time (GST_ELEMENT (pipeline), self->base_time);
  gst_pipeline_set_latency (pipeline, latency);
}

GstElement *
parlor_studio_create_remote_sink (ParlorStudio *self, GObject **view, GError **error)
{
  g_return_val_if_fail (PARLOR_IS_STUDIO (self), NULL);

  if (self->remote_sinks)
    return parlor_sink_factory_create_sink (self->remote_sinks, view, error);

  if (view)
    *view = NULL;
  return gst_element_factory_make ("fakesink", NULL);
}
