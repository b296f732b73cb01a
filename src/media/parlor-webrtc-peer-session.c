/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-webrtc-peer-private.h"

#include <gst/rtp/rtp.h>

/*
 * What the RTP session inside webrtcbin has to be told: how much RTCP may cost, and who sends what. Everything here runs on threads of webrtcbin.
 */

/*
 * What RTCP is paid from, bit/s: 5 % of it. A report of loss waits until what the ones before it cost is paid (RFC 4585, 3.5.2: T_rr), and
 * GStreamer 1.22 reckons the price once, at the beginning, where nothing is sent yet: 0.1 to 0.5 s, in which the packet that was asked for has
 * become useless. How much RTCP there is depends on what there is to say, not on this.
 */
#define BANDWIDTH 50e6
#define REGULAR_INTERVAL ((guint64) GST_SECOND) /* between two reports that nothing brings about */

/* Whether it is one of those that the session was told of; if not, it is from now on. We have no more than three: sound, pictures, and these again. */
static gboolean
is_known (ParlorPeerStream *stream, guint32 ssrc)
{
  guint i = 0;
  gboolean known;

  g_mutex_lock (&stream->lock);
  while (i < G_N_ELEMENTS (stream->introduced) && stream->introduced[i] != ssrc && stream->introduced[i] != 0)
    i++;
  known = i == G_N_ELEMENTS (stream->introduced) || stream->introduced[i] == ssrc;
  if (!known)
    stream->introduced[i] = ssrc;
  g_mutex_unlock (&stream->lock);
  return known;
}

/*
 * The session would look for a source's clock rate when it writes its first report, and lets go of its lock for that while it walks through its
 * sources (until GStreamer 1.24): who comes in then breaks off the walk, with a critical warning. So it is told before.
 */
static void
introduce (ParlorPeerStream *stream, GstPad *pad, GstBuffer *buffer)
{
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  guint32 ssrc;
  guint8 payload;

  if (!caps || !gst_rtp_buffer_map (buffer, GST_MAP_READ, &rtp))
    return;
  ssrc = gst_rtp_buffer_get_ssrc (&rtp);
  payload = gst_rtp_buffer_get_payload_type (&rtp);
  gst_rtp_buffer_unmap (&rtp);
  if (is_known (stream, ssrc))
    return;
  caps = gst_caps_make_writable (g_steal_pointer (&caps));
  gst_caps_set_simple (caps, "ssrc", G_TYPE_UINT, ssrc, "payload", G_TYPE_INT, (int) payload, "clock-rate", G_TYPE_INT,
                       payload == stream->tracks[PARLOR_TRACK_AUDIO].payload ? 48000 : 90000, NULL);
  gst_pad_send_event (pad, gst_event_new_caps (caps));
}

static GstPadProbeReturn
on_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    introduce (user_data, pad, GST_PAD_PROBE_INFO_BUFFER (info));
  else if (gst_buffer_list_length (GST_PAD_PROBE_INFO_BUFFER_LIST (info)) > 0)
    introduce (user_data, pad, gst_buffer_list_get (GST_PAD_PROBE_INFO_BUFFER_LIST (info), 0));
  return GST_PAD_PROBE_OK;
}

static void
on_pad_added (GstElement *session, GstPad *pad, gpointer user_data)
{
  if (g_str_equal (GST_PAD_NAME (pad), "send_rtp_sink"))
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_packet, parlor_peer_stream_ref (user_data),
                       parlor_peer_stream_unref);
}

static void
on_deep_element_added (GstBin *bin, GstBin *sub_bin, GstElement *element, gpointer user_data)
{
  GstElementFactory *factory = gst_element_get_factory (element);

  if (!factory || !g_str_equal (GST_OBJECT_NAME (factory), "rtpsession"))
    return;
  g_object_set (element, "bandwidth", BANDWIDTH, "rtcp-min-interval", REGULAR_INTERVAL, NULL);
  parlor_peer_stream_connect (user_data, element, "pad-added", G_CALLBACK (on_pad_added));
}

/* Main: before webrtcbin makes its sessions. */
void
parlor_peer_stream_brief_session (ParlorPeerStream *stream, GstElement *webrtc)
{
  parlor_peer_stream_connect (stream, webrtc, "deep-element-added", G_CALLBACK (on_deep_element_added));
}
