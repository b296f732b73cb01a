/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-studio-parts.h"

#include "parlor-error.h"

/*
 * What the studio's pipeline is made of. Main thread.
 *
 *     camera's slot ~> preview -> scaled down -> the preview's sink
 *                   ~> picture -> scaled down -> vp8enc -> encoded-video ~> feeds
 *     microphone's slot ~> sound -> volume -> opusenc -> encoded-audio ~> feeds
 *     silence, voices -> audiomixer -> echo probe -> mixed ~> speaker's slot
 *
 * Each ~> is an appsink's or a take's callback, so no device is ever part of this pipeline and it
 * never has to change. The appsrcs drop rather than wait: a slow preview or encoder loses pictures
 * and delays nobody.
 */

#define PREVIEW_WIDTH 640
#define PREVIEW_HEIGHT 360

static void
describe_preview (GString *description)
{
  g_string_append_printf (
    description,
    "appsrc name=preview format=time is-live=true max-buffers=2 max-bytes=0 leaky-type=downstream "
    "! "
    "videoconvertscale ! capsfilter name=preview-end caps=\"video/x-raw,width=[1,%d],height=[1,%d],"
    "pixel-aspect-ratio=1/1\" ",
    PREVIEW_WIDTH, PREVIEW_HEIGHT);
}

/* As near to libwebrtc's real-time VP8 as vp8enc goes. Without dropframe-threshold it does not
   hold its target. */
static void
describe_video (GString *description)
{
  /* On two busy cores two threads fell to 2-15 pictures a second where one held 30. */
  const guint threads = CLAMP (g_get_num_processors () / 2, 1, 4);

  g_string_append_printf (
    description,
    "appsrc name=picture format=time is-live=true max-buffers=2 max-bytes=0 leaky-type=downstream "
    "! "
    "videoscale add-borders=false ! capsfilter name=picture-size ! "
    "vp8enc name=encoder deadline=1 cpu-used=-6 threads=%u token-partitions=%u end-usage=cbr "
    "lag-in-frames=0 error-resilient=default keyframe-max-dist=3000 min-quantizer=2 "
    "max-quantizer=56 undershoot=100 overshoot=15 buffer-size=1000 buffer-initial-size=500 "
    "buffer-optimal-size=600 static-threshold=1 max-intra-bitrate=300 dropframe-threshold=30 "
    "target-bitrate=%d ! "
    "appsink name=encoded-video sync=false async=false qos=false ",
    threads, threads / 2, PARLOR_STUDIO_VIDEO_TARGET);
}

static void
describe_audio (GString *description)
{
  /* The queue holds 200 ms of 48 kHz, 16 bit, mono. */
  g_string_append_printf (
    description,
    "appsrc name=sound format=time is-live=true max-bytes=19200 leaky-type=downstream ! "
    "volume name=volume ! "
    "opusenc name=voice frame-size=20 bitrate=%d audio-type=voice inband-fec=true packet-loss-percentage=%d "
    "dtx=false ! "
    "appsink name=encoded-audio sync=false async=false qos=false ",
    PARLOR_STUDIO_AUDIO_TARGET, PARLOR_STUDIO_AUDIO_LOSS);
}

static void
connect_sink (ParlorStudio *self,
              const char *name,
              GstFlowReturn (*new_sample) (GstAppSink *, gpointer))
{
  GstAppSinkCallbacks callbacks = { .new_sample = new_sample };
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (self->pipeline), name);

  if (sink)
    gst_app_sink_set_callbacks (GST_APP_SINK (sink), &callbacks, self, NULL);
}

/* A preview shows what comes when it comes: it must never make the camera wait. */
static void
unleash (GstElement *sink)
{
  GstIterator *children;
  GValue item = G_VALUE_INIT;

  if (!GST_IS_BIN (sink))
    {
      if (GST_IS_BASE_SINK (sink))
        g_object_set (sink, "sync", FALSE, "async", FALSE, "qos", FALSE, NULL);
      return;
    }

  children = gst_bin_iterate_sinks (GST_BIN (sink));
  while (gst_iterator_next (children, &item) == GST_ITERATOR_OK)
    {
      unleash (g_value_get_object (&item));
      g_value_reset (&item);
    }
  g_value_unset (&item);
  gst_iterator_free (children);
}

static gboolean
link_preview (ParlorStudio *self, GError **error)
{
  g_autoptr (GstElement) end = gst_bin_get_by_name (GST_BIN (self->pipeline), "preview-end");
  g_autoptr (GObject) view = NULL;
  GstElement *sink = parlor_sink_factory_create_sink (self->preview_sinks, &view, error);

  if (!sink)
    return FALSE;

  unleash (sink);
  gst_bin_add (GST_BIN (self->pipeline), sink);
  if (!gst_element_link (end, sink))
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_MEDIA,
                           "The preview does not take raw pictures");
      return FALSE;
    }
  g_set_object (&self->view, view);
  return TRUE;
}

static char *
describe (ParlorStudio *self, const char *echo_probe)
{
  GString *description = g_string_new (NULL);

  if ((self->media & PARLOR_MEDIA_VIDEO) && self->preview_sinks)
    describe_preview (description);
  if (self->media & PARLOR_MEDIA_VIDEO)
    describe_video (description);
  if (self->media & PARLOR_MEDIA_AUDIO)
    describe_audio (description);
  parlor_studio_describe_mixer (description, echo_probe);
  return g_string_free (description, FALSE);
}

/* The echo canceller belongs between a real microphone and a real speaker, and is not installed
   everywhere. */
static char *
choose_echo_probe (ParlorStudio *self)
{
  g_autoptr (GstElementFactory) probe = gst_element_factory_find ("webrtcechoprobe");
  g_autoptr (GstElementFactory) canceller = gst_element_factory_find ("webrtcdsp");

  if (!probe || !canceller || !parlor_device_slot_wants_devices (self->microphone)
      || !parlor_device_slot_wants_devices (self->speaker))
    return NULL;
  /* webrtcdsp looks for its probe in the whole process. */
  return g_strdup_printf ("parlor-echo-probe-%p", (void *) self);
}

gboolean
parlor_studio_build (ParlorStudio *self, GError **error)
{
  g_autofree char *echo_probe = choose_echo_probe (self);
  g_autofree char *description = describe (self, echo_probe);
  g_autoptr (GError) cause = NULL;

  self->pipeline = gst_parse_launch_full (description, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &cause);
  if (!self->pipeline)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_MEDIA, "GStreamer: %s", cause->message);
      return FALSE;
    }

  gst_object_ref_sink (self->pipeline);
  self->mixer = gst_bin_get_by_name (GST_BIN (self->pipeline), "mixer");
  self->encoder = gst_bin_get_by_name (GST_BIN (self->pipeline), "encoder");
  self->voice = gst_bin_get_by_name (GST_BIN (self->pipeline), "voice");
  self->volume = gst_bin_get_by_name (GST_BIN (self->pipeline), "volume");
  self->preview_src = gst_bin_get_by_name (GST_BIN (self->pipeline), "preview");
  self->picture_size = gst_bin_get_by_name (GST_BIN (self->pipeline), "picture-size");
  self->picture_src = gst_bin_get_by_name (GST_BIN (self->pipeline), "picture");
  self->sound_src = gst_bin_get_by_name (GST_BIN (self->pipeline), "sound");
  parlor_studio_control_encoders (self);
  connect_sink (self, "encoded-video", parlor_studio_on_encoded_video_in_stream);
  connect_sink (self, "encoded-audio", parlor_studio_on_encoded_audio_in_stream);
  connect_sink (self, "mixed", parlor_studio_on_mixed_in_stream);
  parlor_device_slot_set_echo_probe (self->microphone, echo_probe);
  return !self->preview_src || link_preview (self, error);
}

void
parlor_studio_unbuild (ParlorStudio *self)
{
  g_clear_object (&self->mixer);
  g_clear_object (&self->encoder);
  g_clear_object (&self->voice);
  g_clear_object (&self->volume);
  g_clear_object (&self->preview_src);
  g_clear_object (&self->picture_src);
  g_clear_object (&self->picture_size);
  g_clear_object (&self->sound_src);
  g_clear_object (&self->pipeline);
  g_clear_object (&self->view);
}
