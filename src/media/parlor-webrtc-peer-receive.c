/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-webrtc-peer-private.h"

#include "parlor-error.h"

#include <gst/app/gstappsink.h>
#include <gst/audio/audio.h>

/*
 * The receiving half of ParlorWebrtcPeer: from webrtcbin's src pads to the remote sink, and to the studio's mixer.
 *
 * Everything here runs on streaming threads, from pad-added on; the remote sink was made on main with the peer. Only the first m-line
 * of a kind is decoded: what comes on others is thrown away. Packets have passed the gates before they get here.
 */

#define MAX_STREAMS 16 /* SSRCs, each with a jitter buffer: they make up as many as they like */
#define MAX_JITTERS 64 /* SSRCs in a whole call: each leaves something behind, in GStreamer too */
#define MAX_PIXELS (4096 * 2304)
#define RETRY_SHARE 0.6 /* of the round trip, */
#define MIN_RETRY_MS 20 /* but not more often: until a lost packet is asked for again */
#define RAW_VOICE "audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved"

/*
 * On the pad before the decoder. A key frame of VP8 names its size after a tag of three bytes and a start code of three (RFC 6386, 9.1), up to
 * 16383 x 16383: more than a gigabyte once it is decoded and converted.
 */
static GstPadProbeReturn
on_encoded_picture (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  guint8 header[10];
  guint pixels;

  if (gst_buffer_extract (GST_PAD_PROBE_INFO_BUFFER (info), 0, header, sizeof header) != sizeof header || (header[0] & 1))
    return GST_PAD_PROBE_OK;
  pixels = (GST_READ_UINT16_LE (header + 6) & 0x3fffu) * (GST_READ_UINT16_LE (header + 8) & 0x3fffu);
  if (pixels <= MAX_PIXELS)
    return GST_PAD_PROBE_OK;
  parlor_peer_stream_post_error (user_data, PARLOR_ERROR_TOO_LARGE, "Their picture is larger than is taken");
  return GST_PAD_PROBE_DROP;
}

/* On the pad before the decoder. Lost packets come as GAP events: it makes sound up for them, or takes it from the in-band FEC of the next. */
static GstPadProbeReturn
on_encoded_voice (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;
  ParlorVoiceGaps *gaps = &stream->tracks[PARLOR_TRACK_AUDIO].gaps;
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  guint8 start[2];
  gsize size = 0;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    size = gst_buffer_extract (GST_PAD_PROBE_INFO_BUFFER (info), 0, start, sizeof start);
  else if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_GAP)
    gst_event_parse_gap (GST_PAD_PROBE_INFO_EVENT (info), NULL, &duration);
  g_mutex_lock (&stream->lock);
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    parlor_voice_gaps_take_packet (gaps, start, size);
  else if (GST_CLOCK_TIME_IS_VALID (duration))
    parlor_voice_gaps_take_gap (gaps, (gint64) gst_util_uint64_scale (duration, 48000, GST_SECOND));
  g_mutex_unlock (&stream->lock);
  return GST_PAD_PROBE_OK;
}

static GstFlowReturn
on_voice (GstAppSink *sink, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  GstBuffer *buffer = sample ? gst_sample_get_buffer (sample) : NULL;
  GstClockTime running_time;
  gboolean in_time = TRUE;
  gint64 n;

  if (!buffer)
    return GST_FLOW_EOS;
  if (g_atomic_int_get (&stream->gone))
    return GST_FLOW_OK;
  running_time = gst_segment_to_running_time (gst_sample_get_segment (sample), GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  if (GST_CLOCK_TIME_IS_VALID (running_time) && !g_atomic_int_get (&stream->quiet))
    in_time = parlor_voice_push_in_stream (stream->voice, gst_buffer_ref (buffer), running_time);
  n = (gint64) (gst_buffer_get_size (buffer) / sizeof (gint16));
  g_mutex_lock (&stream->lock);
  stream->tracks[PARLOR_TRACK_AUDIO].samples += n;
  if (!in_time)
    stream->tracks[PARLOR_TRACK_AUDIO].gaps.concealed += n; /* silence takes its place */
  g_mutex_unlock (&stream->lock);
  parlor_peer_stream_say_first (stream, PARLOR_TRACK_AUDIO);
  return GST_FLOW_OK;
}

static GstElement *
make (const char *factory, const char *first_property, ...)
{
  GstElement *element = gst_element_factory_make (factory, NULL);
  va_list args;

  va_start (args, first_property);
  if (element && first_property)
    g_object_set_valist (G_OBJECT (element), first_property, args);
  va_end (args);
  return element;
}

/* Puts @elements (a %NULL end, each transfer floating) behind @pad, linked last so that nothing flows into a half-built branch. */
static gboolean
append (ParlorPeerStream *stream, GstBin *pipeline, GstPad *pad, GstElement **elements, guint n)
{
  g_autoptr (GstPad) sink = NULL;
  gboolean good = TRUE;

  for (guint i = 0; i < n; i++)
    if (!elements[i])
      {
        for (guint j = 0; j < n; j++)
          if (elements[j])
            gst_object_unref (gst_object_ref_sink (elements[j]));
        parlor_peer_stream_post_error (stream, PARLOR_ERROR_MEDIA, "GStreamer lacks a decoder or a converter");
        return FALSE;
      }
  for (guint i = 0; i < n; i++)
    gst_bin_add (pipeline, elements[i]);
  for (guint i = 0; i + 1 < n; i++)
    good = good && gst_element_link (elements[i], elements[i + 1]);
  for (guint i = n; i > 0; i--)
    good = good && gst_element_sync_state_with_parent (elements[i - 1]);
  sink = gst_element_get_static_pad (elements[0], "sink");
  good = good && gst_pad_link (pad, sink) == GST_PAD_LINK_OK;
  if (!good)
    parlor_peer_stream_post_error (stream, PARLOR_ERROR_MEDIA, "The branch of what comes in could not be built");
  return good;
}

static void
discard (ParlorPeerStream *stream, GstBin *pipeline, GstPad *pad)
{
  GstElement *sink = make ("fakesink", "sync", FALSE, "async", FALSE, NULL);

  append (stream, pipeline, pad, &sink, 1);
}

static void
receive_picture (ParlorPeerStream *stream, GstBin *pipeline, GstPad *pad)
{
  GstElement *sink, *elements[4];

  g_mutex_lock (&stream->lock);
  sink = g_steal_pointer (&stream->video_sink);
  if (sink)
    stream->video_end = gst_object_ref (sink);
  g_mutex_unlock (&stream->lock);
  if (!sink)
    {
      discard (stream, pipeline, pad);
      return;
    }
  elements[0] = make ("queue", "max-size-bytes", 0, "max-size-buffers", 2000, NULL);
  elements[1] = make ("rtpvp8depay", "request-keyframe", TRUE, "wait-for-keyframe", TRUE, NULL);
  elements[2] = make ("vp8dec", "threads", 1u, NULL);
  elements[3] = sink;
  if (elements[2])
    parlor_peer_stream_probe (stream, elements[2], "sink", GST_PAD_PROBE_TYPE_BUFFER, on_encoded_picture);
  if (elements[0] && elements[2])
    parlor_peer_stream_play_out (stream, elements[0], elements[2], sink);
  append (stream, pipeline, pad, elements, G_N_ELEMENTS (elements));
  gst_object_unref (sink);
}

static void
receive_voice (ParlorPeerStream *stream, GstBin *pipeline, GstPad *pad)
{
  GstAppSinkCallbacks callbacks = { .new_sample = on_voice };
  g_autoptr (GstCaps) caps = gst_caps_from_string (RAW_VOICE);
  GstElement *elements[6];

  elements[0] = make ("queue", NULL);
  elements[1] = make ("rtpopusdepay", NULL);
  elements[2] = make ("opusdec", "use-inband-fec", TRUE, "plc", TRUE, NULL);
  elements[3] = make ("audioconvert", NULL);
  elements[4] = make ("audioresample", NULL);
  elements[5] = make ("appsink", "caps", caps, "sync", FALSE, "async", FALSE, "max-buffers", 50u, "drop", TRUE, NULL);
  if (elements[2])
    parlor_peer_stream_probe (stream, elements[2], "sink", GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_encoded_voice);
  if (elements[5])
    gst_app_sink_set_callbacks (GST_APP_SINK (elements[5]), &callbacks, parlor_peer_stream_ref (stream),
                                parlor_peer_stream_unref);
  append (stream, pipeline, pad, elements, G_N_ELEMENTS (elements));
}

/* (transfer full) (nullable) */
static GstElement *
get_jitter_buffer (ParlorPeerStream *stream, ParlorTrackKind kind)
{
  ParlorJitter *jitter;
  GstElement *element;

  g_mutex_lock (&stream->lock);
  jitter = parlor_peer_stream_find_jitter (stream, kind);
  element = jitter ? gst_object_ref (jitter->element) : NULL;
  g_mutex_unlock (&stream->lock);
  return element;
}

/*
 * The jitter buffer of pictures waits longer for a packet than that of sound, which is not sent again: packets that it gave up cost a keyframe,
 * and the last ones of a large picture come late without being lost. In order they are not held, and when a picture is shown
 * depends on the pipeline's latency alone.
 */
static void
set_patience (ParlorPeerStream *stream, ParlorTrackKind kind)
{
  g_autoptr (GstElement) element = get_jitter_buffer (stream, kind);

  if (element && kind == PARLOR_TRACK_VIDEO)
    g_object_set (element, "latency", PARLOR_PEER_VIDEO_JITTER_LATENCY, NULL);
  else if (element)
    g_object_set (element, "do-retransmission", FALSE, NULL);
}

/**
 * parlor_peer_stream_hurry_retries:
 * @round_trip: us
 *
 * Any thread. A lost packet is asked for again before the answer can be there, for what is lost may have been the question; the sender tells
 * the two apart by time. By itself the jitter buffer waits for as long as answers took before, more and more where many are lost.
 */
void
parlor_peer_stream_hurry_retries (ParlorPeerStream *stream, gint64 round_trip)
{
  g_autoptr (GstElement) element = get_jitter_buffer (stream, PARLOR_TRACK_VIDEO);

  if (element)
    g_object_set (element, "rtx-retry-timeout", (int) MAX (RETRY_SHARE * (double) round_trip / 1000, MIN_RETRY_MS), NULL);
}

/* Which of our tracks a new src pad of webrtcbin belongs to; PARLOR_N_TRACKS = none of them. */
static ParlorTrackKind
find_track (ParlorPeerStream *stream, GstPad *pad)
{
  g_autoptr (GstWebRTCRTPTransceiver) transceiver = NULL;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  ParlorTrackKind kind;
  guint line = G_MAXUINT, ssrc = 0;

  g_object_get (pad, "transceiver", &transceiver, NULL);
  if (transceiver)
    g_object_get (transceiver, "mlineindex", &line, NULL);
  if (caps)
    gst_structure_get_uint (gst_caps_get_structure (caps, 0), "ssrc", &ssrc);
  g_mutex_lock (&stream->lock);
  for (kind = 0; kind < PARLOR_N_TRACKS; kind++)
    if (stream->tracks[kind].line >= 0 && (guint) stream->tracks[kind].line == line)
      {
        stream->tracks[kind].remote_ssrc = ssrc;
        break;
      }
  g_mutex_unlock (&stream->lock);
  if (kind < PARLOR_N_TRACKS)
    set_patience (stream, kind);
  return kind;
}

static void
on_pad_added (GstElement *webrtc, GstPad *pad, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;
  g_autoptr (GstObject) pipeline = gst_object_get_parent (GST_OBJECT (webrtc));
  ParlorTrackKind kind;

  if (!GST_PAD_IS_SRC (pad) || g_atomic_int_get (&stream->gone) || !pipeline)
    return;
  kind = find_track (stream, pad);
  if (kind == PARLOR_TRACK_VIDEO)
    receive_picture (stream, GST_BIN (pipeline), pad);
  else if (kind == PARLOR_TRACK_AUDIO)
    receive_voice (stream, GST_BIN (pipeline), pad);
  else
    discard (stream, GST_BIN (pipeline), pad);
}

typedef struct
{
  ParlorPeerStream *stream;
  ParlorJitter *jitter; /* lives as long as the stream */
} JitterProbe;

static void
jitter_probe_free (gpointer data)
{
  JitterProbe *probe = data;

  parlor_peer_stream_unref (probe->stream);
  g_free (probe);
}

static GstPadProbeReturn
on_jitter_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  JitterProbe *probe = user_data;
  ParlorJitter *jitter = probe->jitter;
  guint8 header[4];
  gint64 *arrival, now = g_get_monotonic_time ();

  if (gst_buffer_extract (GST_PAD_PROBE_INFO_BUFFER (info), 0, header, sizeof header) != sizeof header)
    return GST_PAD_PROBE_OK;
  g_mutex_lock (&probe->stream->lock);
  arrival = &jitter->arrivals[((guint) header[2] << 8 | header[3]) % G_N_ELEMENTS (jitter->arrivals)];
  if (GST_PAD_IS_SINK (pad))
    *arrival = now;
  else if (*arrival > 0)
    {
      jitter->held += now - *arrival;
      jitter->n_held++;
      *arrival = 0;
    }
  g_mutex_unlock (&probe->stream->lock);
  return GST_PAD_PROBE_OK;
}

static void
probe_jitter (ParlorPeerStream *stream, ParlorJitter *jitter, const char *name)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (jitter->element, name);
  JitterProbe *probe = g_new (JitterProbe, 1);

  probe->stream = parlor_peer_stream_ref (stream);
  probe->jitter = jitter;
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_jitter_packet, probe, jitter_probe_free);
}

static void
on_new_jitterbuffer (GstElement *rtpbin, GstElement *element, guint session, guint ssrc, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;
  ParlorJitter *jitter;
  gboolean full;

  g_mutex_lock (&stream->lock);
  full = stream->jitters->len >= MAX_JITTERS;
  g_mutex_unlock (&stream->lock);
  if (full)
    {
      parlor_peer_stream_post_error (stream, PARLOR_ERROR_TOO_LARGE, "Their streams change without end");
      return;
    }

  jitter = g_new0 (ParlorJitter, 1);
  /* One packet is enough to begin with: the first picture need not wait for the latency to pass. */
  g_object_set (element, "faststart-min-packets", 1, NULL);
  jitter->element = gst_object_ref (element);
  jitter->ssrc = ssrc;
  g_mutex_lock (&stream->lock);
  g_ptr_array_add (stream->jitters, jitter);
  g_mutex_unlock (&stream->lock);
  probe_jitter (stream, jitter, "sink");
  probe_jitter (stream, jitter, "src");
}

/* Main: before anything can come in. */
void
parlor_peer_stream_receive (ParlorPeerStream *stream, GstElement *webrtc)
{
  g_autoptr (GstElement) rtpbin = gst_bin_get_by_name (GST_BIN (webrtc), "rtpbin");

  g_object_set (rtpbin, "max-streams", MAX_STREAMS, NULL);
  parlor_peer_stream_connect (stream, webrtc, "pad-added", G_CALLBACK (on_pad_added));
  parlor_peer_stream_connect (stream, rtpbin, "new-jitterbuffer", G_CALLBACK (on_new_jitterbuffer));
}
