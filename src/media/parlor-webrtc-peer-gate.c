/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-webrtc-peer-private.h"

#include "parlor-error.h"

#include <string.h>

/*
 * The gates of a peer: at both sides of every DTLS transport, closed until the certificate is the one the SDP promised.
 *
 * webrtcbin 1.22 does not compare them (CVE-2026-14935). It makes a dtlssrtpdec and a dtlssrtpenc with one connection-id for each transport;
 * both are found by deep-element-added. The certificate is compared in the thread of the handshake, at notify::peer-pem, which comes
 * before any key exists: nothing can slip through while main is busy. A client that shows no certificate never opens its gate. A peer that is
 * held lets neither RTP nor RTCP through, whatever was shown, until it is released.
 * Everything here runs on threads of webrtcbin.
 */

typedef struct
{
  gatomicrefcount refs;
  ParlorPeerStream *stream; /* not owned: the stream owns the list, each probe a reference to both */
  char *connection_id;
  gint verified; /* atomic */
} Transport;

typedef struct
{
  Transport *transport;
  ParlorPeerStream *stream;
  gboolean outgoing;
  gboolean media; /* RTP, as opposed to RTCP and data */
  gboolean data;  /* data, as opposed to RTP and RTCP */
} Gate;

static void
transport_unref (Transport *transport)
{
  if (!g_atomic_ref_count_dec (&transport->refs))
    return;
  g_free (transport->connection_id);
  g_free (transport);
}

static Gate *
gate_new (Transport *transport, gboolean outgoing, const char *pad)
{
  Gate *gate = g_new0 (Gate, 1);

  g_atomic_ref_count_inc (&transport->refs);
  gate->transport = transport;
  gate->stream = parlor_peer_stream_ref (transport->stream);
  gate->outgoing = outgoing;
  gate->media = pad && g_str_has_prefix (pad, "rtp_");
  gate->data = pad && g_str_has_prefix (pad, "data_");
  return gate;
}

static void
gate_free (gpointer data)
{
  Gate *gate = data;

  transport_unref (gate->transport);
  parlor_peer_stream_unref (gate->stream);
  g_free (gate);
}

static void
gate_free_closure (gpointer data, GClosure *closure)
{
  gate_free (data);
}

/* Both halves of a transport meet here by their connection-id. */
static Transport *
find_transport (ParlorPeerStream *stream, GstElement *element)
{
  Transport *found = NULL;
  g_autofree char *id = NULL;

  g_object_get (element, "connection-id", &id, NULL);
  g_mutex_lock (&stream->lock);
  for (guint i = 0; i < stream->transports->len && !found; i++)
    {
      Transport *transport = g_ptr_array_index (stream->transports, i);

      if (g_strcmp0 (transport->connection_id, id) == 0)
        found = transport;
    }
  if (!found)
    {
      found = g_new0 (Transport, 1);
      g_atomic_ref_count_init (&found->refs);
      found->stream = stream;
      found->connection_id = g_steal_pointer (&id);
      g_ptr_array_add (stream->transports, found);
    }
  g_mutex_unlock (&stream->lock);
  return found;
}

static void
count_packet (Gate *gate, GstBuffer *buffer)
{
  ParlorPeerStream *stream = gate->stream;
  guint8 header[2];

  if (gst_buffer_extract (buffer, 0, header, sizeof header) != sizeof header)
    return;
  g_mutex_lock (&stream->lock);
  for (guint i = 0; i < PARLOR_N_TRACKS; i++)
    {
      ParlorTrack *track = &stream->tracks[i];
      ParlorFlow *flow = gate->outgoing ? &track->out : &track->in;
      int payload = header[1] & 0x7f;

      if (payload == track->payload || payload == track->retransmission)
        {
          flow->packets++;
          flow->bytes += (gint64) gst_buffer_get_size (buffer);
        }
    }
  g_mutex_unlock (&stream->lock);
}

static GstPadProbeReturn
on_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Gate *gate = user_data;
  gboolean farewell = gate->outgoing && !gate->media; /* what was said before the end may still leave */

  /* What is held may shake hands for its data channel; what is said there is kept back by the peer. */
  if (g_atomic_int_get (&gate->stream->held) && !gate->data)
    return GST_PAD_PROBE_DROP;
  if (!g_atomic_int_get (&gate->transport->verified) || (g_atomic_int_get (&gate->stream->gone) && !farewell))
    return GST_PAD_PROBE_DROP;
  if (!gate->outgoing)
    __atomic_store_n (&gate->stream->last_activity, g_get_monotonic_time (), __ATOMIC_RELAXED);
  if (gate->media && (info->type & GST_PAD_PROBE_TYPE_BUFFER))
    count_packet (gate, GST_PAD_PROBE_INFO_BUFFER (info));
  else if (gate->media)
    for (guint i = 0; i < gst_buffer_list_length (GST_PAD_PROBE_INFO_BUFFER_LIST (info)); i++)
      count_packet (gate, gst_buffer_list_get (GST_PAD_PROBE_INFO_BUFFER_LIST (info), i));
  return GST_PAD_PROBE_OK;
}

static void
guard_pad (GstPad *pad, Transport *transport)
{
  g_autofree char *name = gst_pad_get_name (pad);
  gboolean outgoing = GST_PAD_IS_SINK (pad);

  if (g_str_equal (name, outgoing ? "src" : "sink"))
    return; /* the side of the network */
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_packet,
                     gate_new (transport, outgoing, name), gate_free);
}

static void
on_pad_added (GstElement *element, GstPad *pad, gpointer user_data)
{
  Gate *gate = user_data;
  gboolean inner = gate->outgoing ? GST_PAD_IS_SINK (pad) : GST_PAD_IS_SRC (pad);

  if (inner)
    guard_pad (pad, gate->transport);
}

static gboolean
guard_existing (GstElement *element, GstPad *pad, gpointer transport)
{
  guard_pad (pad, transport);
  return TRUE;
}

static void
on_peer_pem_notify (GstElement *element, GParamSpec *pspec, gpointer user_data)
{
  Gate *gate = user_data;
  ParlorPeerStream *stream = gate->stream;
  guint8 shown[PARLOR_SDP_FINGERPRINT_BYTES];
  g_autofree char *pem = NULL;
  gboolean good;

  g_object_get (element, "peer-pem", &pem, NULL);
  good = parlor_sdp_fingerprint_of_pem (pem, shown);
  g_mutex_lock (&stream->lock);
  good = good && stream->expects && memcmp (shown, stream->fingerprint, sizeof shown) == 0;
  g_mutex_unlock (&stream->lock);

  /* A renegotiation may show another one: it closes the gate again. */
  g_atomic_int_set (&gate->transport->verified, good);
  if (!good)
    parlor_peer_stream_post_error (stream, PARLOR_ERROR_FINGERPRINT,
                                   "mismatch: the certificate is not the one the description promised");
}

static void
on_connection_state_notify (GstElement *element, GParamSpec *pspec, gpointer user_data)
{
  Gate *gate = user_data;
  g_auto (GValue) value = G_VALUE_INIT;
  const char *nick;

  g_value_init (&value, pspec->value_type);
  g_object_get_property (G_OBJECT (element), "connection-state", &value);
  nick = g_enum_get_value (g_type_class_peek (pspec->value_type), g_value_get_enum (&value))->value_nick;
  if (g_str_equal (nick, "closed"))
    parlor_peer_stream_post (gate->stream, parlor_letter_new (PARLOR_LETTER_HUNG_UP, 0));
  else if (g_str_equal (nick, "failed"))
    parlor_peer_stream_post_error (gate->stream, PARLOR_ERROR_UNREACHABLE, "The DTLS handshake failed");
  else if (g_str_equal (nick, "connected") && !g_atomic_int_get (&gate->transport->verified))
    parlor_peer_stream_post_error (gate->stream, PARLOR_ERROR_FINGERPRINT, "mismatch: no certificate that was promised");
}

static void
connect_gate (GstElement *element, const char *signal, GCallback callback, Gate *gate)
{
  g_signal_connect_data (element, signal, callback, gate, gate_free_closure, 0);
}

static void
on_deep_element_added (GstBin *bin, GstBin *sub_bin, GstElement *element, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;
  GstElementFactory *factory = gst_element_get_factory (element);
  const char *name = factory ? GST_OBJECT_NAME (factory) : "";
  gboolean decoder = g_str_equal (name, "dtlssrtpdec");
  Transport *transport;

  if (!decoder && !g_str_equal (name, "dtlssrtpenc"))
    return;
  transport = find_transport (stream, element);
  connect_gate (element, "pad-added", G_CALLBACK (on_pad_added), gate_new (transport, !decoder, NULL));
  if (!decoder)
    {
      gst_element_foreach_sink_pad (element, guard_existing, transport);
      return;
    }
  g_object_set (element, "pem", stream->pem, NULL);
  gst_element_foreach_src_pad (element, guard_existing, transport);
  connect_gate (element, "notify::peer-pem", G_CALLBACK (on_peer_pem_notify), gate_new (transport, FALSE, NULL));
  connect_gate (element, "notify::connection-state", G_CALLBACK (on_connection_state_notify),
                gate_new (transport, FALSE, NULL));
}

/* Main: before webrtcbin makes its first transport. */
void
parlor_peer_stream_guard (ParlorPeerStream *stream, GstElement *webrtc)
{
  g_ptr_array_set_free_func (stream->transports, (GDestroyNotify) transport_unref);
  parlor_peer_stream_connect (stream, webrtc, "deep-element-added", G_CALLBACK (on_deep_element_added));
}

/* Main: what the remote description promised, before webrtcbin is given it. */
void
parlor_peer_stream_expect (ParlorPeerStream *stream, const guint8 *fingerprint)
{
  g_mutex_lock (&stream->lock);
  memcpy (stream->fingerprint, fingerprint, sizeof stream->fingerprint);
  stream->expects = TRUE;
  g_mutex_unlock (&stream->lock);
}

/* Any thread: every transport there is has shown the certificate that was promised. */
gboolean
parlor_peer_stream_is_verified (ParlorPeerStream *stream)
{
  gboolean verified;

  g_mutex_lock (&stream->lock);
  verified = stream->transports->len > 0;
  for (guint i = 0; i < stream->transports->len; i++)
    verified = verified && g_atomic_int_get (&((Transport *) g_ptr_array_index (stream->transports, i))->verified);
  g_mutex_unlock (&stream->lock);
  return verified;
}
