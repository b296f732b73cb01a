/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-patience.h"
#include "parlor-studio-parts.h"

/*
 * The mixer of all voices: a permanent live silence and an appsrc a voice -> audiomixer -> echo
 * probe -> the speaker's slot.
 *
 * The silence keeps the mixer running when nobody speaks. Peers have jitter buffers of different
 * lengths, but the mixer's latency is fixed: a voice's appsrc says VOICE_LATENCY whatever its peer,
 * and a slower peer's buffers are moved into the future by what they exceed it, and by what a ParlorPatience
 * finds its path to need. So nobody's joining or leaving changes anything for the others.
 *
 * Voices are plugged in and out on main; parlor_voice_push_in_stream() comes from the peers'
 * streaming threads.
 */

/* What a voice may be late when it comes here: a jitter buffer of 40 ms, decoder and threads; and what the mixer needs of that for itself. */
#define VOICE_LATENCY (80 * GST_MSECOND)
#define MIXING (10 * GST_MSECOND)
#define VOICE_MARGIN (40 * GST_MSECOND)
#define ONE_SECOND_BYTES (48000 * 2)

struct _ParlorVoice
{
  gatomicrefcount refs;

  GstClockTime delay;
  GstPad *mixer_pad; /* main thread */

  GMutex lock;
  GstElement *src;         /* under lock: NULL once removed */
  ParlorPatience patience; /* likewise */
};

static void
unplug (ParlorStudio *self, ParlorVoice *voice)
{
  GstElement *src;
  g_autoptr (GstPad) pad = NULL;

  g_mutex_lock (&voice->lock);
  src = g_steal_pointer (&voice->src);
  g_mutex_unlock (&voice->lock);
  if (!src)
    return;

  /* Locked, or a state change of the studio could start it again. An inactive pad lets go of a
     buffer that waits. */
  pad = gst_element_get_static_pad (src, "src");
  gst_element_set_locked_state (src, TRUE);
  gst_pad_set_active (voice->mixer_pad, FALSE);
  gst_element_set_state (src, GST_STATE_NULL);
  gst_pad_unlink (pad, voice->mixer_pad);
  gst_element_release_request_pad (self->mixer, voice->mixer_pad);
  g_clear_object (&voice->mixer_pad);
  gst_bin_remove (GST_BIN (self->pipeline), src);
  gst_object_unref (src);
}

GstFlowReturn
parlor_studio_on_mixed_in_stream (GstAppSink *sink, gpointer user_data)
{
  ParlorStudio *self = user_data;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);

  if (sample)
    parlor_device_slot_push_in_stream (self->speaker, sample);
  return GST_FLOW_OK;
}

void
parlor_studio_describe_mixer (GString *description, const char *echo_probe)
{
  g_string_append_printf (
    description,
    "audiotestsrc is-live=true wave=silence samplesperbuffer=480 ! " PARLOR_RAW_AUDIO " ! "
    "audiomixer name=mixer output-buffer-duration=10000000 min-upstream-latency=%" G_GUINT64_FORMAT
    " ! " PARLOR_RAW_AUDIO " ! ",
    (guint64) VOICE_LATENCY);
  if (echo_probe)
    g_string_append_printf (description, "webrtcechoprobe name=%s ! ", echo_probe);
  g_string_append (description, "appsink name=mixed sync=false async=false qos=false ");
}

void
parlor_studio_unplug_voices (ParlorStudio *self)
{
  for (guint i = 0; i < self->voices->len; i++)
    unplug (self, g_ptr_array_index (self->voices, i));
  g_ptr_array_set_size (self->voices, 0);
}

/**
 * parlor_studio_add_voice:
 * @self: a studio
 * @peer_latency_ms: the length of the peer's jitter buffer
 *
 * Plugs a voice into the mixer. On a studio that is stopped, or stops later, the voice is there but
 * not heard.
 *
 * Returns: (transfer full): the voice; end it with parlor_studio_remove_voice() and
 * parlor_voice_unref()
 */
ParlorVoice *
parlor_studio_add_voice (ParlorStudio *self, guint peer_latency_ms)
{
  ParlorVoice *voice = g_new0 (ParlorVoice, 1);
  const GstClockTime needed = peer_latency_ms * GST_MSECOND + VOICE_MARGIN;
  g_autoptr (GstCaps) caps = gst_caps_from_string (PARLOR_RAW_AUDIO);
  g_autoptr (GstPad) pad = NULL;

  g_return_val_if_fail (PARLOR_IS_STUDIO (self), NULL);

  g_atomic_ref_count_init (&voice->refs);
  g_mutex_init (&voice->lock);
  voice->delay = needed > VOICE_LATENCY ? needed - VOICE_LATENCY : 0;
  if (!self->pipeline)
    return voice;

  voice->src = gst_object_ref_sink (gst_element_factory_make ("appsrc", NULL));
  g_object_set (voice->src, "caps", caps, "format", GST_FORMAT_TIME, "is-live", TRUE, "min-latency",
                (gint64) VOICE_LATENCY, "max-bytes", (guint64) ONE_SECOND_BYTES, "leaky-type",
                GST_APP_LEAKY_TYPE_DOWNSTREAM, NULL);
  gst_bin_add (GST_BIN (self->pipeline), voice->src);
  voice->mixer_pad = gst_element_request_pad_simple (self->mixer, "sink_%u");
  pad = gst_element_get_static_pad (voice->src, "src");
  gst_pad_link (pad, voice->mixer_pad);
  gst_element_sync_state_with_parent (voice->src);

  g_ptr_array_add (self->voices, parlor_voice_ref (voice));
  return voice;
}

ParlorVoice *
parlor_voice_ref (ParlorVoice *voice)
{
  g_atomic_ref_count_inc (&voice->refs);
  return voice;
}

void
parlor_voice_unref (ParlorVoice *voice)
{
  if (!g_atomic_ref_count_dec (&voice->refs))
    return;

  /* The mixer holds a reference as long as the voice is plugged in. */
  g_assert (voice->src == NULL);
  g_mutex_clear (&voice->lock);
  g_free (voice);
}

/**
 * parlor_voice_push_in_stream:
 * @buffer: (transfer full): of PARLOR_RAW_AUDIO
 * @running_time: its time
 *
 * Returns: %FALSE if it came too late to be heard
 */
gboolean
parlor_voice_push_in_stream (ParlorVoice *voice, GstBuffer *buffer, GstClockTime running_time)
{
  const gint64 allowed = (gint64) GST_TIME_AS_USECONDS (voice->delay + VOICE_LATENCY - MIXING);
  gboolean in_time = TRUE;
  GstClockTime now;

  g_mutex_lock (&voice->lock);
  if (voice->src && GST_CLOCK_TIME_IS_VALID (running_time))
    {
      now = gst_element_get_current_running_time (voice->src);
      if (GST_CLOCK_TIME_IS_VALID (now))
        in_time = parlor_patience_take (&voice->patience, (gint64) GST_TIME_AS_USECONDS (now), GST_CLOCK_DIFF (running_time, now) / 1000, allowed);
      buffer = gst_buffer_make_writable (buffer);
      GST_BUFFER_PTS (buffer) = running_time + voice->delay + (GstClockTime) voice->patience.delay * GST_USECOND;
      GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
      gst_app_src_push_buffer (GST_APP_SRC (voice->src), buffer);
    }
  else
    gst_buffer_unref (buffer);
  g_mutex_unlock (&voice->lock);
  return in_time;
}

/* Takes @voice out of the mixer; what is pushed from now on is dropped. Idempotent. */
void
parlor_studio_remove_voice (ParlorStudio *self, ParlorVoice *voice)
{
  g_return_if_fail (PARLOR_IS_STUDIO (self));

  unplug (self, voice);
  g_ptr_array_remove (self->voices, voice);
}
