/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-webrtc-peer-private.h"

#include "parlor-error.h"

#include <gst/video/video.h>

/*
 * The sending half of ParlorWebrtcPeer: from the studio's feed through an appsrc, a payloader and, for pictures, a pacer into webrtcbin.
 *
 * Built on main; the feed function runs on the studio's streaming threads with the feed lock held, so it only looks at flags and
 * hands the sample on. Nothing passes before the peer is open, and pictures only from a keyframe on.
 */

#define VIDEO_BACKLOG 30 /* pictures: a second that nobody took */
#define AUDIO_BACKLOG 20 /* packets of 20 ms */

static void
count_picture (ParlorFlow *flow, GstSample *sample)
{
  GstCaps *caps = gst_sample_get_caps (sample);

  flow->frames++;
  if (caps)
    {
      gst_structure_get_int (gst_caps_get_structure (caps, 0), "width", &flow->width);
      gst_structure_get_int (gst_caps_get_structure (caps, 0), "height", &flow->height);
    }
}

/* FALSE: this picture must not go, because the one before it did not. */
static gboolean
follows_on (ParlorPeerStream *stream, ParlorTrack *track, GstSample *sample)
{
  gboolean delta = GST_BUFFER_FLAG_IS_SET (gst_sample_get_buffer (sample), GST_BUFFER_FLAG_DELTA_UNIT);
  gboolean stuck = gst_app_src_get_current_level_buffers (GST_APP_SRC (track->source)) >= VIDEO_BACKLOG;
  gboolean go;

  g_mutex_lock (&stream->lock);
  if (stuck)
    track->wants_keyframe = TRUE;
  go = !stuck && (!delta || !track->wants_keyframe);
  if (go)
    {
      track->wants_keyframe = FALSE;
      count_picture (&track->out, sample);
    }
  g_mutex_unlock (&stream->lock);
  if (!go)
    parlor_peer_stream_request_keyframe_in_stream (stream); /* many of them make one */
  return go;
}

/* ParlorFeedFunc */
void
parlor_webrtc_peer_feed_in_stream (ParlorMediaFlags kind, GstSample *sample, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;
  ParlorTrack *track = &stream->tracks[kind == PARLOR_MEDIA_VIDEO ? PARLOR_TRACK_VIDEO : PARLOR_TRACK_AUDIO];

  if (!g_atomic_int_get (&stream->open) || !g_atomic_int_get (&track->sends) || !track->source)
    return;
  if (kind == PARLOR_MEDIA_VIDEO && !follows_on (stream, track, sample))
    return;
  gst_app_src_push_sample (GST_APP_SRC (track->source), sample);
}

/*
 * PLI and FIR of the other side come up as an event: there is nothing above the appsrc that could answer, the encoder is the studio's.
 * So does feedback, for all that was sent.
 */
static GstPadProbeReturn
on_upstream_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;

  parlor_peer_stream_take_feedback_in_stream (stream, GST_PAD_PROBE_INFO_EVENT (info));
  if (!gst_video_event_is_force_key_unit (GST_PAD_PROBE_INFO_EVENT (info)))
    return GST_PAD_PROBE_OK;
  g_mutex_lock (&stream->lock);
  stream->tracks[PARLOR_TRACK_VIDEO].pli++;
  g_mutex_unlock (&stream->lock);
  parlor_peer_stream_request_keyframe_in_stream (stream);
  return GST_PAD_PROBE_DROP;
}

/* Feedback comes up all ways; this one is for calls without pictures. */
static GstPadProbeReturn
on_voice_upstream_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;

  if (!stream->tracks[PARLOR_TRACK_VIDEO].source)
    parlor_peer_stream_take_feedback_in_stream (stream, GST_PAD_PROBE_INFO_EVENT (info));
  return GST_PAD_PROBE_OK;
}

static GstElement *
make_source (ParlorTrackKind kind)
{
  GstElement *source = gst_element_factory_make ("appsrc", NULL);

  if (source)
    g_object_set (source, "format", GST_FORMAT_TIME, "is-live", TRUE, "leaky-type", GST_APP_LEAKY_TYPE_DOWNSTREAM, "max-buffers",
                  (guint64) (kind == PARLOR_TRACK_VIDEO ? 2 * VIDEO_BACKLOG : AUDIO_BACKLOG), "max-bytes", (guint64) 0,
                  NULL);
  return source;
}

static GstElement *
make_payloader (ParlorTrackKind kind, const ParlorTrack *track)
{
  GstElement *payloader = gst_element_factory_make (kind == PARLOR_TRACK_VIDEO ? "rtpvp8pay" : "rtpopuspay", NULL);

  if (payloader)
    g_object_set (payloader, "pt", track->payload, "ssrc", track->ssrc, "mtu", 1200, NULL);
  if (payloader && kind == PARLOR_TRACK_VIDEO)
    gst_util_set_object_arg (G_OBJECT (payloader), "picture-id-mode", "15-bit");
  return payloader;
}

/**
 * parlor_webrtc_peer_add_sender:
 * @kind: its track has line, payload and ssrc
 * @preferences: (transfer none): what the m-line is to say, with the SSRC: without one in the offer some receivers drop everything
 *
 * The m-line is asked for by its number (`sink_N`): webrtcbin 1.22 matches anonymous pads the wrong way round.
 */
gboolean
parlor_webrtc_peer_add_sender (ParlorWebrtcPeer *self, ParlorTrackKind kind, GstCaps *preferences, GError **error)
{
  ParlorTrack *track = &self->stream->tracks[kind];
  g_autofree char *name = g_strdup_printf ("sink_%d", track->line);
  g_autoptr (GstWebRTCRTPTransceiver) transceiver = NULL;
  g_autoptr (GstPad) sink = NULL, src = NULL;
  GstElement *source = make_source (kind);
  GstElement *payloader = make_payloader (kind, track);
  GstElement *end = kind == PARLOR_TRACK_VIDEO ? parlor_peer_stream_make_pacer (self->stream) : gst_element_factory_make ("identity", NULL);

  if (!source || !payloader || !end)
    {
      g_clear_object (&source);
      g_clear_object (&payloader);
      g_clear_object (&end);
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_MEDIA, "GStreamer lacks appsrc, queue, rtpvp8pay or rtpopuspay");
      return FALSE;
    }
  track->source = gst_object_ref (source);
  track->wants_keyframe = TRUE;
  gst_bin_add_many (GST_BIN (self->pipeline), source, payloader, end, NULL);
  sink = gst_element_request_pad_simple (self->webrtc, name);
  src = gst_element_get_static_pad (end, "src");
  if (sink)
    {
      g_object_get (sink, "transceiver", &transceiver, NULL);
      g_object_set (transceiver, "codec-preferences", preferences, NULL);
      if (kind == PARLOR_TRACK_VIDEO)
        g_object_set (transceiver, "do-nack", TRUE, NULL);
    }
  if (!sink || !gst_element_link_many (source, payloader, end, NULL) || gst_pad_link (src, sink) != GST_PAD_LINK_OK)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_MEDIA, "webrtcbin did not take our %s",
                   kind == PARLOR_TRACK_VIDEO ? "picture" : "sound");
      return FALSE;
    }
  parlor_peer_stream_probe (self->stream, source, "src", GST_PAD_PROBE_TYPE_EVENT_UPSTREAM,
                            kind == PARLOR_TRACK_VIDEO ? on_upstream_event : on_voice_upstream_event);
  return TRUE;
}
