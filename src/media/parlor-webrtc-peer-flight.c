/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-webrtc-peer-private.h"

/*
 * The handshake of a peer on a path that loses packets.
 *
 * OpenSSL waits 1 s, then 2, before it sends a flight of DTLS again (RFC 6347, section 4.2.4.1, for who knows nothing of the network), and
 * GStreamer gives no way to tell it otherwise; at 10 % loss a call began after 3 s. So the last flight is kept here and sent again, record by
 * record, until something of the other side's came through the gate. Records that come twice are dropped there as replayed (section 4.1.2.6).
 */

#define LOOK_MS 20
#define AGAIN (100 * G_TIME_SPAN_MILLISECOND) /* after which a flight is sent again, and again, as often as */
#define MAX_AGAIN 20
#define FLIGHT_GAP (10 * G_TIME_SPAN_MILLISECOND) /* between two records of one flight at most */
#define MAX_RECORDS 16

/* The content types of RFC 5246, 6.2.1: what belongs to a handshake. */
#define CHANGE_CIPHER_SPEC 20
#define HANDSHAKE 22

static gboolean
is_ours (ParlorPeerStream *stream, GstBuffer *buffer)
{
  return g_ptr_array_find (stream->flight.records, buffer, NULL);
}

/* On the src pad of dtlsenc: what leaves. What is sent again passes here, too. */
static GstPadProbeReturn
on_record (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  gint64 now = g_get_monotonic_time ();
  guint8 type;

  if (gst_buffer_extract (buffer, 0, &type, 1) != 1 || (type != HANDSHAKE && type != CHANGE_CIPHER_SPEC))
    return GST_PAD_PROBE_OK;
  g_mutex_lock (&stream->lock);
  if (!is_ours (stream, buffer))
    {
      if (now - stream->flight.sent > FLIGHT_GAP)
        g_ptr_array_set_size (stream->flight.records, 0);
      if (stream->flight.records->len < MAX_RECORDS)
        g_ptr_array_add (stream->flight.records, gst_buffer_ref (buffer));
      stream->flight.sent = now;
      stream->flight.n_again = 0;
    }
  g_mutex_unlock (&stream->lock);
  return GST_PAD_PROBE_OK;
}

/* On a thread of GStreamer's pool, for a push may wait. */
static void
send_again (GstElement *encoder, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;
  g_autoptr (GstPad) pad = gst_element_get_static_pad (encoder, "src");
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);

  g_mutex_lock (&stream->lock);
  for (guint i = 0; i < stream->flight.records->len; i++)
    g_ptr_array_add (records, gst_buffer_ref (g_ptr_array_index (stream->flight.records, i)));
  g_mutex_unlock (&stream->lock);
  for (guint i = 0; i < records->len && !g_atomic_int_get (&stream->gone); i++)
    gst_pad_push (pad, gst_buffer_ref (g_ptr_array_index (records, i)));
}

static gboolean
on_look (gpointer user_data)
{
  ParlorWebrtcPeer *self = user_data;
  ParlorPeerStream *stream = self->stream;
  g_autoptr (GstElement) encoder = NULL;
  gboolean heard = parlor_peer_get_last_activity (PARLOR_PEER (self)) > 0;

  g_mutex_lock (&stream->lock);
  if (!heard && stream->flight.records->len > 0 && stream->flight.n_again < MAX_AGAIN
      && g_get_monotonic_time () - stream->flight.sent >= AGAIN * (stream->flight.n_again + 1))
    {
      stream->flight.n_again++;
      encoder = gst_object_ref (stream->flight.encoder);
    }
  g_mutex_unlock (&stream->lock);
  if (encoder)
    gst_element_call_async (encoder, send_again, parlor_peer_stream_ref (stream), parlor_peer_stream_unref);
  if (!heard)
    return G_SOURCE_CONTINUE;
  self->flight_timeout = 0;
  parlor_peer_stream_forget_flight (stream);
  return G_SOURCE_REMOVE;
}

static void
on_deep_element_added (GstBin *bin, GstBin *sub_bin, GstElement *element, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;
  GstElementFactory *factory = gst_element_get_factory (element);
  gboolean first;

  if (!factory || !g_str_equal (GST_OBJECT_NAME (factory), "dtlsenc"))
    return;
  g_mutex_lock (&stream->lock);
  first = !stream->flight.encoder;
  if (first)
    stream->flight.encoder = gst_object_ref (element);
  g_mutex_unlock (&stream->lock);
  if (first) /* all is bundled in one transport */
    parlor_peer_stream_probe (stream, element, "src", GST_PAD_PROBE_TYPE_BUFFER, on_record);
}

/* Any thread: nothing is sent again any more. */
void
parlor_peer_stream_forget_flight (ParlorPeerStream *stream)
{
  g_mutex_lock (&stream->lock);
  g_ptr_array_set_size (stream->flight.records, 0);
  gst_clear_object (&stream->flight.encoder);
  g_mutex_unlock (&stream->lock);
}

/* Main: before webrtcbin makes its first transport. */
void
parlor_peer_stream_keep_flights (ParlorPeerStream *stream, GstElement *webrtc)
{
  parlor_peer_stream_connect (stream, webrtc, "deep-element-added", G_CALLBACK (on_deep_element_added));
}

/* Main, once both descriptions are there. */
void
parlor_webrtc_peer_watch_flights (ParlorWebrtcPeer *self)
{
  if (!self->flight_timeout)
    self->flight_timeout = g_timeout_add (LOOK_MS, on_look, self);
}
