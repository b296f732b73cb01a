/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-webrtc-peer-private.h"

#include <gst/base/gstbasesink.h>

/*
 * When a picture of the other side's is shown: ParlorPlayout says how long after its time, and the sink waits until then.
 *
 * A picture is there when its last packet comes out of the jitter buffer, before the queue in front of the decoder: behind that the decoder's
 * thread waits with the sink, and it would be measured how long we made it wait. Everything here runs on streaming threads, but for
 * parlor_peer_stream_play_out(), which runs on the one that found the pad.
 */

#define VIDEO_CLOCK 90000 /* Hz (RFC 7741, 4.1) */
#define OTHER_COUNT (5 * (GstClockTimeDiff) GST_SECOND)
#define LEAST_CHANGE (2 * G_TIME_SPAN_MILLISECOND) /* of the delay that the sink is told of */

static GstClockTime
running_time_of (GstPad *pad, GstBuffer *buffer)
{
  g_autoptr (GstEvent) event = gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  const GstSegment *segment = NULL;

  if (!event || !GST_BUFFER_PTS_IS_VALID (buffer))
    return GST_CLOCK_TIME_NONE;
  gst_event_parse_segment (event, &segment);
  return gst_segment_to_running_time (segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
}

/*
 * A packet's time by the sender's clock, in ns of running time: that of the first packet is what the jitter buffer made of it. What that makes of
 * the later ones follows the path's delay, and for seconds after a queue is gone pictures would still be shown as late as it made them. Where the
 * two are far apart, the sender began another count. Under the stream's lock.
 */
static GstClockTime
time_of (ParlorPeerStream *stream, GstClockTime time, guint32 timestamp)
{
  gint64 passed = (gint32) (timestamp - stream->timestamp);
  gboolean known = GST_CLOCK_TIME_IS_VALID (stream->media_time);

  if (known)
    stream->media_time += (GstClockTimeDiff) (passed * (gint64) GST_SECOND / VIDEO_CLOCK);
  stream->timestamp = timestamp;
  if (!known || ABS (GST_CLOCK_DIFF (stream->media_time, time)) > OTHER_COUNT)
    {
      stream->media_time = time;
      stream->playout = (ParlorPlayout){ 0 };
    }
  return stream->media_time;
}

static void
tell_sink (ParlorPeerStream *stream, gint64 delay)
{
  g_autoptr (GstElement) sink = NULL;

  g_mutex_lock (&stream->lock);
  if (ABS (delay - stream->playout_told) >= LEAST_CHANGE && stream->video_sink_end)
    {
      stream->playout_told = delay;
      sink = gst_object_ref (stream->video_sink_end);
    }
  g_mutex_unlock (&stream->lock);
  if (sink)
    gst_base_sink_set_ts_offset (GST_BASE_SINK (sink), delay * 1000 - (gint64) stream->latency);
}

/* On the sink pad of the queue in front of the decoder. */
static GstPadProbeReturn
on_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  g_autoptr (GstElement) element = gst_pad_get_parent_element (pad);
  GstClockTime now = element ? gst_element_get_current_running_time (element) : GST_CLOCK_TIME_NONE;
  gint64 delay;
  guint8 header[8]; /* RFC 3550, 5.1: marker and timestamp */

  if (!GST_BUFFER_PTS_IS_VALID (buffer) || !GST_CLOCK_TIME_IS_VALID (now) || gst_buffer_extract (buffer, 0, header, sizeof header) != sizeof header)
    return GST_PAD_PROBE_OK;
  GST_PAD_PROBE_INFO_DATA (info) = buffer = gst_buffer_make_writable (buffer);
  g_mutex_lock (&stream->lock);
  GST_BUFFER_PTS (buffer) = time_of (stream, GST_BUFFER_PTS (buffer), GST_READ_UINT32_BE (header + 4));
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  g_mutex_unlock (&stream->lock);
  if (!(header[1] & 0x80)) /* not the last of its picture (RFC 7741, 4.1) */
    return GST_PAD_PROBE_OK;
  g_mutex_lock (&stream->lock);
  delay = parlor_playout_take_picture (&stream->playout, (gint64) GST_TIME_AS_USECONDS (now),
                                       GST_CLOCK_DIFF (running_time_of (pad, buffer), now) / 1000);
  g_mutex_unlock (&stream->lock);
  tell_sink (stream, delay);
  return GST_PAD_PROBE_OK;
}

/* On the sink pad of the decoder. */
static GstPadProbeReturn
on_encoded_picture (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;

  g_mutex_lock (&stream->lock);
  stream->decoding_began = g_get_monotonic_time ();
  g_mutex_unlock (&stream->lock);
  return GST_PAD_PROBE_OK;
}

/*
 * freezeCount and totalFreezesDuration of W3C webrtc-stats: a frame is a freeze's end when it is shown more than
 * max (3 d, d + 150 ms) after the one before, d the mean of the last 30 intervals. Under the stream's lock.
 */
static void
note_shown (ParlorFreezes *freezes, gint64 shown)
{
  gint64 interval = shown - freezes->last, sum = 0;
  guint n = MIN (freezes->n_durations, G_N_ELEMENTS (freezes->durations));

  if (freezes->last >= 0 && interval >= 0)
    {
      for (guint i = 0; i < n; i++)
        sum += freezes->durations[i];
      if (n > 0 && interval > MAX (3 * sum / n, sum / n + 150 * G_TIME_SPAN_MILLISECOND))
        {
          freezes->freezes++;
          freezes->frozen += interval;
        }
      freezes->durations[freezes->n_durations++ % G_N_ELEMENTS (freezes->durations)] = interval;
    }
  freezes->last = shown;
}

/* On the pad behind the decoder. */
static GstPadProbeReturn
on_decoded_picture (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;
  ParlorTrack *track = &stream->tracks[PARLOR_TRACK_VIDEO];
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);

  g_mutex_lock (&stream->lock);
  track->in.frames++;
  if (caps)
    {
      gst_structure_get_int (gst_caps_get_structure (caps, 0), "width", &track->in.width);
      gst_structure_get_int (gst_caps_get_structure (caps, 0), "height", &track->in.height);
    }
  g_mutex_unlock (&stream->lock);
  return g_atomic_int_get (&stream->gone) ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

/* On the sink's pad: a picture is shown when it is due, or now if it is late. */
static GstPadProbeReturn
on_picture (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;
  g_autoptr (GstElement) element = gst_pad_get_parent_element (pad);
  GstClockTime due = running_time_of (pad, GST_PAD_PROBE_INFO_BUFFER (info));
  GstClockTime now = element ? gst_element_get_current_running_time (element) : GST_CLOCK_TIME_NONE;

  g_mutex_lock (&stream->lock);
  if (stream->decoding_began > 0)
    parlor_playout_take_decoding (&stream->playout, g_get_monotonic_time () - stream->decoding_began);
  stream->decoding_began = 0;
  if (GST_CLOCK_TIME_IS_VALID (now) && GST_CLOCK_TIME_IS_VALID (due))
    note_shown (&stream->freezes, MAX ((gint64) GST_TIME_AS_USECONDS (now), (gint64) GST_TIME_AS_USECONDS (due)
                                                                              + parlor_playout_get_delay (&stream->playout)));
  g_mutex_unlock (&stream->lock);
  parlor_peer_stream_say_first (stream, PARLOR_TRACK_VIDEO);
  return GST_PAD_PROBE_OK;
}

/*
 * What pictures end in, which may be inside of bins: with one that waits for its first frame the whole pipeline would go back to PAUSED, and what
 * comes late is shown late, not dropped.
 *
 * Returns: (transfer full) (nullable): the sink, of several one
 */
static GstElement *
make_live (GstElement *sink)
{
  GstElement *end = NULL;

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (sink), "async"))
    g_object_set (sink, "async", FALSE, NULL);
  if (GST_IS_BASE_SINK (sink))
    {
      g_object_set (sink, "sync", TRUE, "max-lateness", (gint64) -1, "qos", FALSE, NULL);
      end = gst_object_ref (sink);
    }
  else if (GST_IS_BIN (sink))
    {
      g_autoptr (GstIterator) sinks = gst_bin_iterate_sinks (GST_BIN (sink));
      GValue value = G_VALUE_INIT;

      while (gst_iterator_next (sinks, &value) == GST_ITERATOR_OK)
        {
          gst_clear_object (&end);
          end = make_live (g_value_get_object (&value));
          g_value_unset (&value);
        }
    }
  return end;
}

/**
 * parlor_peer_stream_play_out:
 * @queue: (transfer none): what packets wait in for the decoder
 * @decoder: (transfer none): for pictures
 * @sink: (transfer none): their end; of several in a bin, one
 */
void
parlor_peer_stream_play_out (ParlorPeerStream *stream, GstElement *queue, GstElement *decoder, GstElement *sink)
{
  GstElement *end = make_live (sink);

  parlor_peer_stream_probe (stream, queue, "sink", GST_PAD_PROBE_TYPE_BUFFER, on_packet);
  parlor_peer_stream_probe (stream, decoder, "sink", GST_PAD_PROBE_TYPE_BUFFER, on_encoded_picture);
  parlor_peer_stream_probe (stream, decoder, "src", GST_PAD_PROBE_TYPE_BUFFER, on_decoded_picture);
  parlor_peer_stream_probe (stream, end ? end : sink, "sink", GST_PAD_PROBE_TYPE_BUFFER, on_picture);
  g_mutex_lock (&stream->lock);
  stream->video_sink_end = end;
  g_mutex_unlock (&stream->lock);
}
