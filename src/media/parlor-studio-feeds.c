/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-studio-parts.h"

#include <gst/video/video.h>

/*
 * Pictures and sound on their way through the studio: from the slots' takes to the preview and the
 * encoders, and from the encoders to the feeds.
 *
 * Most of this runs on streaming threads: of the camera's and microphone's takes (before the
 * encoders) and of the encoders' appsinks (behind them). Without a feed nothing is encoded: a
 * home page must not cost what a call does.
 */

/* One black picture: what the preview shows while the camera is muted. */
static GstSample *
new_dark_sample (GstClockTime pts)
{
  const int width = 64, height = 36;
  const gsize size = width * height * 3 / 2;
  g_autoptr (GstCaps) caps = gst_caps_new_simple (
    "video/x-raw", "format", G_TYPE_STRING, "I420", "width", G_TYPE_INT, width, "height",
    G_TYPE_INT, height, "framerate", GST_TYPE_FRACTION, PARLOR_STUDIO_FPS, 1, NULL);
  g_autoptr (GstBuffer) buffer = gst_buffer_new_allocate (NULL, size, NULL);

  /* Black is 16 in Y and 128 in U and V (BT.601, limited range). */
  gst_buffer_memset (buffer, 0, 16, width * height);
  gst_buffer_memset (buffer, width * height, 128, size - width * height);
  GST_BUFFER_PTS (buffer) = pts;
  return gst_sample_new (buffer, caps, NULL, NULL);
}

/* Asks the encoder if somebody wants a keyframe and the last was not just now. Camera's thread. */
static void
serve_keyframe_in_stream (ParlorStudio *self)
{
  const gint64 now = g_get_monotonic_time ();
  const gint64 interval = parlor_studio_get_keyframe_interval_in_stream (self);
  gint wish = g_atomic_int_get (&self->stream.keyframe);
  g_autoptr (GstPad) pad = NULL;

  if (wish == PARLOR_KEYFRAME_NONE
      || (wish == PARLOR_KEYFRAME_SOON && now - self->stream.last_keyframe < interval))
    return;

  g_atomic_int_compare_and_exchange (&self->stream.keyframe, wish, PARLOR_KEYFRAME_NONE);
  self->stream.last_keyframe = now;
  pad = gst_element_get_static_pad (self->encoder, "src");
  gst_pad_send_event (pad,
                      gst_video_event_new_upstream_force_key_unit (GST_CLOCK_TIME_NONE, TRUE, 0));
}

/* A camera may be faster than we send: whether this picture is one too many. */
static gboolean
is_surplus (ParlorStudio *self, GstClockTime pts)
{
  const GstClockTime interval = GST_SECOND / PARLOR_STUDIO_FPS;
  GstClockTime last = self->stream.last_picture;

  if (GST_CLOCK_TIME_IS_VALID (last) && pts < last + interval * 3 / 4)
    return TRUE;

  self->stream.last_picture = pts;
  return FALSE;
}

void
parlor_studio_on_picture_in_stream (GstSample *sample, gpointer user_data)
{
  ParlorStudio *self = user_data;
  const GstClockTime pts = GST_BUFFER_PTS (gst_sample_get_buffer (sample));

  if (is_surplus (self, pts))
    return;

  if (g_atomic_int_get (&self->stream.muted))
    {
      g_autoptr (GstSample) dark = NULL;

      if (self->preview_src && !self->stream.dark)
        {
          dark = new_dark_sample (pts);
          gst_app_src_push_sample (GST_APP_SRC (self->preview_src), dark);
        }
      self->stream.dark = TRUE;
      return;
    }
  self->stream.dark = FALSE;

  if (self->preview_src)
    gst_app_src_push_sample (GST_APP_SRC (self->preview_src), sample);
  if (g_atomic_int_get (&self->stream.n_feeds) > 0)
    {
      serve_keyframe_in_stream (self);
      gst_app_src_push_sample (GST_APP_SRC (self->picture_src), sample);
    }
}

void
parlor_studio_on_sound_in_stream (GstSample *sample, gpointer user_data)
{
  ParlorStudio *self = user_data;

  if (g_atomic_int_get (&self->stream.n_feeds) > 0)
    gst_app_src_push_sample (GST_APP_SRC (self->sound_src), sample);
}

static GstFlowReturn
hand_out (ParlorStudio *self, ParlorMediaFlags kind, GstAppSink *sink)
{
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  GstBuffer *buffer = sample ? gst_sample_get_buffer (sample) : NULL;

  if (!sample)
    return GST_FLOW_OK;
  if (kind == PARLOR_MEDIA_VIDEO)
    parlor_studio_judge_picture_in_stream (self, buffer);
  if (kind == PARLOR_MEDIA_VIDEO && !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT))
    g_atomic_int_set (&self->stream.keyframe_bytes, (gint) gst_buffer_get_size (buffer));
  /* What was in the encoder when the camera was muted is not sent either. */
  if (kind == PARLOR_MEDIA_VIDEO && g_atomic_int_get (&self->stream.muted))
    return GST_FLOW_OK;

  g_mutex_lock (&self->feed_lock);
  for (GList *l = self->feeds; l; l = l->next)
    {
      ParlorFeed *feed = l->data;

      feed->func (kind, sample, feed->user_data);
    }
  g_mutex_unlock (&self->feed_lock);
  return GST_FLOW_OK;
}

GstFlowReturn
parlor_studio_on_encoded_video_in_stream (GstAppSink *sink, gpointer user_data)
{
  return hand_out (user_data, PARLOR_MEDIA_VIDEO, sink);
}

GstFlowReturn
parlor_studio_on_encoded_audio_in_stream (GstAppSink *sink, gpointer user_data)
{
  return hand_out (user_data, PARLOR_MEDIA_AUDIO, sink);
}

/**
 * parlor_studio_add_feed:
 * @self: a studio
 * @func: gets each encoded sample, on a streaming thread; it must not block and not remove a feed
 *
 * The next picture is a keyframe.
 *
 * Returns: (transfer full): the feed; end it with parlor_studio_remove_feed()
 */
ParlorFeed *
parlor_studio_add_feed (ParlorStudio *self, ParlorFeedFunc func, gpointer user_data)
{
  ParlorFeed *feed = g_new0 (ParlorFeed, 1);

  g_return_val_if_fail (PARLOR_IS_STUDIO (self), NULL);

  feed->func = func;
  feed->user_data = user_data;
  feed->video = PARLOR_STUDIO_VIDEO_TARGET;
  feed->audio = PARLOR_STUDIO_AUDIO_TARGET;
  feed->loss = PARLOR_STUDIO_AUDIO_LOSS / 100.0;
  g_mutex_lock (&self->feed_lock);
  self->feeds = g_list_prepend (self->feeds, feed);
  parlor_studio_settle_rates (self);
  g_mutex_unlock (&self->feed_lock);

  parlor_studio_force_keyframe (self);
  g_atomic_int_inc (&self->stream.n_feeds);
  return feed;
}

void
parlor_studio_remove_feed (ParlorStudio *self, ParlorFeed *feed)
{
  g_return_if_fail (PARLOR_IS_STUDIO (self));

  g_atomic_int_add (&self->stream.n_feeds, -1);
  g_mutex_lock (&self->feed_lock);
  self->feeds = g_list_remove (self->feeds, feed);
  parlor_studio_settle_rates (self);
  g_mutex_unlock (&self->feed_lock);
  g_free (feed);
}

void
parlor_studio_force_keyframe (ParlorStudio *self)
{
  g_atomic_int_set (&self->stream.keyframe, PARLOR_KEYFRAME_NEXT);
}

void
parlor_studio_request_keyframe_in_stream (ParlorStudio *self)
{
  g_atomic_int_compare_and_exchange (&self->stream.keyframe, PARLOR_KEYFRAME_NONE,
                                     PARLOR_KEYFRAME_SOON);
}
