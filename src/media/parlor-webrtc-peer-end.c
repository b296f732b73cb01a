/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-webrtc-peer-private.h"

/*
 * The end of a ParlorWebrtcPeer: its pipeline is taken down in a thread of its own, which owns what is left of it.
 *
 * The state change to NULL takes up to 55 ms, and before it the last words on the data channel and the goodbye of DTLS are given time to
 * leave. The gates let no media through any more; the GObject may be gone long before.
 */

/* How long the last words may take to be on the wire: until SCTP has taken them, and a moment for its own thread to send them. */
#define FAREWELL_US (200 * G_TIME_SPAN_MILLISECOND)
#define FAREWELL_STEP_US (5 * G_TIME_SPAN_MILLISECOND)
#define FAREWELL_SEND_US (30 * G_TIME_SPAN_MILLISECOND)
#define GOODBYE_US (20 * G_TIME_SPAN_MILLISECOND)
#define FINISH_US (2 * G_TIME_SPAN_SECOND)
#define LAST_STEPS_US (250 * G_TIME_SPAN_MILLISECOND) /* webrtcbin's own thread may be on its way out when NULL is reached */

typedef struct
{
  GstElement *pipeline;
  GstElement *webrtc;
  GstWebRTCDataChannel *channel; /* nullable */
  ParlorPeerStream *stream;
} Remains;

static void
let_last_words_out (GstWebRTCDataChannel *channel)
{
  guint64 buffered = 0;

  for (guint waited = 0; waited < FAREWELL_US; waited += FAREWELL_STEP_US)
    {
      g_object_get (channel, "buffered-amount", &buffered, NULL);
      if (!buffered)
        break;
      g_usleep (FAREWELL_STEP_US);
    }
  g_usleep (FAREWELL_SEND_US);
}

static void
for_each_made_by (GstElement *webrtc, const char *factory, GstIteratorForeachFunction func)
{
  GstIterator *elements = gst_bin_iterate_all_by_element_factory_name (GST_BIN (webrtc), factory);

  while (gst_iterator_foreach (elements, func, NULL) == GST_ITERATOR_RESYNC)
    gst_iterator_resync (elements);
  gst_iterator_free (elements);
}

static void
end_stream (const GValue *encoder, gpointer data G_GNUC_UNUSED)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (g_value_get_object (encoder), "sink");

  if (pad)
    gst_pad_send_event (pad, gst_event_new_eos ());
}

/* webrtcbin has no close(): the close_notify of DTLS, by which the other side knows at once, goes out when the encoder sees EOS. */
static void
say_goodbye (GstElement *webrtc)
{
  for_each_made_by (webrtc, "dtlsenc", end_stream);
  g_usleep (GOODBYE_US); /* it is sent by a thread of the encoder */
}

/* What webrtcbin was asked for before the end runs in a thread of its own, and may add elements while others are taken down. */
static void
let_webrtcbin_finish (GstElement *webrtc)
{
  g_autoptr (GstPromise) done = gst_promise_new ();

  g_signal_emit_by_name (webrtc, "get-stats", NULL, done);
  gst_promise_wait (done);
}

static GstPadProbeReturn
drop (GstPad *pad G_GNUC_UNUSED, GstPadProbeInfo *info G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
  return GST_PAD_PROBE_DROP;
}

static void
stop_listening (const GValue *decoder, gpointer data G_GNUC_UNUSED)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (g_value_get_object (decoder), "sink");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, drop, NULL, NULL);
}

static void
release_channels (const GValue *value, gpointer data G_GNUC_UNUSED)
{
  GstElement *encoder = g_value_get_object (value);

  for (;;)
    {
      g_autoptr (GstPad) pad = NULL;

      GST_OBJECT_LOCK (encoder);
      if (encoder->sinkpads)
        pad = gst_object_ref (encoder->sinkpads->data);
      GST_OBJECT_UNLOCK (encoder);
      if (!pad)
        return;
      gst_element_release_request_pad (encoder, pad);
    }
}

/*
 * Ends the data channels while their SCTP association is there: on the way to NULL webrtcbin would do it in its own thread, while another
 * frees the association (GStreamer 1.22 and later: gst_sctp_association_reset_stream() takes no lock, and crashed 1 end in 1,300). What a
 * peer sends from here on opens no further channel.
 */
static void
end_data_channels (GstElement *webrtc)
{
  for_each_made_by (webrtc, "sctpdec", stop_listening);
  let_webrtcbin_finish (webrtc);
  for_each_made_by (webrtc, "sctpenc", release_channels);
}

/* Peers that were closed and have not let go yet. */
static GMutex ends_lock;
static GCond ends_cond;
static guint n_ends;

static void
count_end (int change)
{
  g_mutex_lock (&ends_lock);
  n_ends += change;
  g_cond_broadcast (&ends_cond);
  g_mutex_unlock (&ends_lock);
}

static gpointer
bury (gpointer data)
{
  Remains *remains = data;

  if (remains->channel)
    let_last_words_out (remains->channel);
  g_clear_object (&remains->channel);
  if (parlor_peer_stream_is_verified (remains->stream))
    say_goodbye (remains->webrtc);
  end_data_channels (remains->webrtc);
  gst_element_set_state (remains->pipeline, GST_STATE_NULL);
  parlor_peer_stream_forget_elements (remains->stream);
  parlor_peer_stream_unref (remains->stream);
  gst_object_unref (remains->pipeline);
  g_usleep (LAST_STEPS_US);
  gst_object_unref (remains->webrtc);
  g_free (remains);
  count_end (-1);
  return NULL;
}

/**
 * parlor_webrtc_peer_bury:
 * @pipeline: (transfer full)
 * @webrtc: (transfer full)
 * @channel: (transfer full) (nullable): may have something left to say
 *
 * Main; returns at once.
 */
void
parlor_webrtc_peer_bury (GstElement *pipeline, GstElement *webrtc, GstWebRTCDataChannel *channel, ParlorPeerStream *stream)
{
  Remains *remains = g_new (Remains, 1);

  remains->channel = channel;
  remains->pipeline = pipeline;
  remains->webrtc = webrtc;
  remains->stream = parlor_peer_stream_ref (stream);
  count_end (1);
  g_thread_unref (g_thread_new ("parlor-peer-end", bury, remains));
}

/**
 * parlor_media_finish_peers:
 *
 * Waits until all peers that were closed have said goodbye and let go, two seconds at most: before main() returns, for a program that
 * ends takes their threads with it.
 */
void
parlor_media_finish_peers (void)
{
  gint64 deadline = g_get_monotonic_time () + FINISH_US;

  g_mutex_lock (&ends_lock);
  while (n_ends > 0 && g_cond_wait_until (&ends_cond, &ends_lock, deadline))
    ;
  g_mutex_unlock (&ends_lock);
}
