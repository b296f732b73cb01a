/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-webrtc-peer-private.h"

#include "parlor-pacer.h"
#include "parlor-rate-budget.h"
#include "parlor-rate-control.h"

#include <gst/rtp/rtp.h>

/*
 * How much a peer may send: from transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01) through a ParlorRateControl to
 * the studio's encoders.
 *
 * webrtcbin's RTP session matches feedback to what it sent and sends it up towards the payloaders, on the thread that received it; a timer on
 * main notices that none comes. Whoever does not speak transport-cc is sent the studio's fixed rate.
 */

#define TICK_MS 200
#define REMOTE_WRAP ((gint64) (1 << 24) * 64000) /* µs after which the time of feedback begins anew: 24 bits of 64 ms */

static const ParlorRateRange range = { .min = 100000, .start = 500000, .max = 2500000 };

#define REMEMBERED 1000u /* ms for which a packet can be sent again */

#define QUEUE (1 << 20) /* bytes in front of the pacer */
#define MAX_GAP 500     /* packets; more is another sender's count */
#define CLEAR_MS 500    /* in which what waits in front of it is to be gone: so much less is encoded */
#define AGAIN_SHARE 1.3 /* times what is lost of the target may be packets that are sent again, */
#define AGAIN_LOSS 0.05 /* if no more is lost than usual, */
#define AGAIN_BURST 250 /* ms of that at once */
#define WAIT_SHARE 0.85 /* of a round trip */
#define FEEDBACK_WAIT (60 * G_TIME_SPAN_MILLISECOND)
#define CREDIT (10 * 1200) /* bytes of a path's first packets, which are not paced: TCP's initial window (RFC 6928) */

struct _ParlorPeerRate
{
  ParlorPacer *pacer;
  GMutex lock;                /* of all that follows; nobody takes another one under it */
  ParlorRateControl *control; /* (nullable): there will be feedback */
  gint64 sequence;            /* of the newest packet that feedback told of; -1 = none yet */
  gint64 remote;              /* µs, the newest time of the other side's clock; 0 = none yet */
  gint64 again[1024];         /* µs, when packets were sent again, by sequence number */
  gint64 again_then;          /* µs, */
  double again_tokens;        /* bytes that might be sent again then */
};

ParlorPeerRate *
parlor_peer_rate_new (void)
{
  ParlorPeerRate *self = g_new0 (ParlorPeerRate, 1);

  g_mutex_init (&self->lock);
  self->pacer = parlor_pacer_new (CREDIT);
  self->sequence = -1;
  return self;
}

void
parlor_peer_rate_free (ParlorPeerRate *self)
{
  g_clear_pointer (&self->control, parlor_rate_control_free);
  parlor_pacer_free (self->pacer);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Under the lock: 0 to 1, the share of packets that is lost. */
static double
get_lost (ParlorPeerRate *self)
{
  return MAX (parlor_rate_control_get_random_loss (self->control), parlor_rate_control_get_loss (self->control));
}

/* Any thread: what the path carries, bit/s, and what share of it it loses, 0 to 1; -1 = nobody knows. */
gint64
parlor_peer_rate_get_estimate (ParlorPeerRate *self, double *loss)
{
  gint64 estimate;

  g_mutex_lock (&self->lock);
  estimate = self->control ? parlor_rate_control_get_target (self->control) : -1;
  *loss = self->control ? parlor_rate_control_get_loss (self->control) : -1;
  g_mutex_unlock (&self->lock);
  return estimate;
}

/* Any thread: tells the studio and the pacer what the path carries now. */
static void
tell_in_stream (ParlorPeerStream *stream)
{
  ParlorPeerRate *self = stream->rate;
  ParlorRateBudget budget = { 0 };
  gint64 pace = 0;
  double loss = 0;

  g_mutex_lock (&self->lock);
  if (self->control)
    {
      pace = parlor_rate_control_get_pace (self->control);
      loss = get_lost (self);
      budget = parlor_rate_budget_divide (parlor_rate_control_get_target (self->control), loss,
                                          stream->tracks[PARLOR_TRACK_VIDEO].source != NULL);
    }
  g_mutex_unlock (&self->lock);
  if (pace == 0)
    return;
  budget.video = MAX (budget.video - (gint64) parlor_pacer_get_backlog (self->pacer) * 8 * 1000 / CLEAR_MS, budget.video / 4);
  parlor_pacer_set_rate (self->pacer, pace);
  g_rw_lock_reader_lock (&stream->studio_lock);
  if (stream->studio && stream->feed)
    parlor_studio_set_feed_budget_in_stream (stream->studio, stream->feed, budget.audio, budget.video, loss);
  g_rw_lock_reader_unlock (&stream->studio_lock);
}

/* The other side's time without its wrapping around. */
static gint64
unwrap (ParlorPeerRate *self, gint64 remote)
{
  if (self->remote != 0)
    remote += (self->remote - remote + (self->remote > remote ? REMOTE_WRAP / 2 : -REMOTE_WRAP / 2)) / REMOTE_WRAP * REMOTE_WRAP;
  self->remote = remote;
  return remote;
}

/* FALSE: the session does not remember that packet. It stamps them by the system's monotonic clock. */
static gboolean
read_packet (ParlorPeerRate *self, const GstStructure *structure, ParlorRatePacket *packet)
{
  GstClockTime sent = GST_CLOCK_TIME_NONE, received = GST_CLOCK_TIME_NONE;
  guint size = 0;

  gst_structure_get_clock_time (structure, "local-ts", &sent);
  gst_structure_get_clock_time (structure, "remote-ts", &received);
  gst_structure_get_uint (structure, "size", &size);
  if (!GST_CLOCK_TIME_IS_VALID (sent))
    return FALSE;
  packet->sent = (gint64) GST_TIME_AS_USECONDS (sent);
  packet->received = GST_CLOCK_TIME_IS_VALID (received) ? unwrap (self, (gint64) GST_TIME_AS_USECONDS (received)) : PARLOR_RATE_LOST;
  packet->size = size + PARLOR_RATE_OVERHEAD;
  return TRUE;
}

/* Feedback that was lost leaves a gap in the numbers: packets between are told of as such, @next being the first behind. */
static void
fill_gap (ParlorPeerRate *self, const GstStructure *structure, const ParlorRatePacket *next, GArray *packets)
{
  ParlorRatePacket missing = { .sent = next->sent, .received = PARLOR_RATE_UNREPORTED, .size = next->size };
  guint number = 0;
  gint16 step;

  gst_structure_get_uint (structure, "seqnum", &number);
  step = self->sequence < 0 ? 1 : (gint16) (guint16) (number - (guint) self->sequence);
  if (step <= 0)
    return;
  self->sequence = number & 0xffff;
  for (int i = 1; i < step && step < MAX_GAP; i++)
    g_array_append_val (packets, missing);
}

/* Under the lock. */
static void
take_packets (ParlorPeerRate *self, const GValue *value)
{
  g_autoptr (GArray) packets = g_array_new (FALSE, FALSE, sizeof (ParlorRatePacket));
  ParlorRatePacket packet;

  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  const GValueArray *array = g_value_get_boxed (value);

  for (guint i = 0; i < array->n_values; i++)
    if (GST_VALUE_HOLDS_STRUCTURE (&array->values[i]) && read_packet (self, g_value_get_boxed (&array->values[i]), &packet))
      {
        fill_gap (self, g_value_get_boxed (&array->values[i]), &packet, packets);
        g_array_append_val (packets, packet);
      }
  G_GNUC_END_IGNORE_DEPRECATIONS
  if (packets->len > 0)
    parlor_rate_control_feedback (self->control, g_get_monotonic_time (), (const ParlorRatePacket *) packets->data, packets->len);
}

/* What an upstream event says of packets that we sent, if it is feedback. */
void
parlor_peer_stream_take_feedback_in_stream (ParlorPeerStream *stream, GstEvent *event)
{
  ParlorPeerRate *self = stream->rate;
  const GstStructure *structure = gst_event_get_structure (event);
  const GValue *packets;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CUSTOM_UPSTREAM || !gst_structure_has_name (structure, "RTPTWCCPackets"))
    return;
  packets = gst_structure_get_value (structure, "packets");
  if (!packets || !G_VALUE_HOLDS (packets, g_type_from_name ("GValueArray")))
    return;
  g_mutex_lock (&self->lock);
  if (self->control)
    take_packets (self, packets);
  g_mutex_unlock (&self->lock);
  tell_in_stream (stream);
}

static GstPadProbeReturn
on_packets (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;
  g_autoptr (GstElement) queue = gst_pad_get_parent_element (pad);
  guint backlog = 0;
  GstBufferList *list;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    {
      if (queue)
        g_object_get (queue, "current-level-bytes", &backlog, NULL);
      parlor_pacer_wait (stream->rate->pacer, gst_buffer_get_size (GST_PAD_PROBE_INFO_BUFFER (info)) + PARLOR_RATE_OVERHEAD, backlog);
      return GST_PAD_PROBE_OK;
    }

  /* A picture as a whole: its packets come by here again, one by one. */
  list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);
  GST_PAD_PROBE_INFO_FLOW_RETURN (info) = GST_FLOW_OK;
  for (guint i = 0; i < gst_buffer_list_length (list) && GST_PAD_PROBE_INFO_FLOW_RETURN (info) == GST_FLOW_OK; i++)
    GST_PAD_PROBE_INFO_FLOW_RETURN (info) = gst_pad_push (pad, gst_buffer_ref (gst_buffer_list_get (list, i)));
  gst_buffer_list_unref (list);
  return GST_PAD_PROBE_HANDLED;
}

/*
 * us, a little less than a round trip: who asks for a packet again sooner asks for the one that is under way. Pings tell it well and seldom,
 * feedback at once, with the time that it waits itself: that counts where a queue has built up. Under the lock.
 */
static gint64
get_wait (ParlorPeerRate *self, gint64 ping)
{
  gint64 trip = parlor_rate_control_get_round_trip (self->control);

  return (gint64) (WAIT_SHARE * (double) (ping > 0 && trip < ping + FEEDBACK_WAIT ? ping : trip));
}

/*
 * Whether a lost packet may be sent again now. Receivers ask again before the answer can have come, and when much is lost because too
 * much is sent, sending all of it again is the way to lose more.
 */
static gboolean
may_send_again (ParlorPeerRate *self, guint sequence, gsize size, gint64 ping)
{
  gint64 now = g_get_monotonic_time (), *last = &self->again[sequence % G_N_ELEMENTS (self->again)];
  gboolean may = TRUE;
  double rate;

  g_mutex_lock (&self->lock);
  if (self->control)
    {
      rate = AGAIN_SHARE * (get_lost (self) + AGAIN_LOSS) * (double) parlor_rate_control_get_target (self->control) / 8;
      self->again_tokens = MIN (self->again_tokens + rate * (double) (now - self->again_then) / G_USEC_PER_SEC,
                                MAX (rate * AGAIN_BURST / 1000, 2.0 * (double) size));
      self->again_then = now;
      may = self->again_tokens >= (double) size && now - *last >= get_wait (self, ping);
    }
  if (may)
    {
      self->again_tokens -= (double) size;
      *last = now;
    }
  g_mutex_unlock (&self->lock);
  return may;
}

/* us; 0 = not known */
static gint64
get_ping (ParlorPeerStream *stream)
{
  double trip;

  g_mutex_lock (&stream->lock);
  trip = parlor_round_trip_get_ms (&stream->round_trip, g_get_monotonic_time ());
  g_mutex_unlock (&stream->lock);
  return trip > 0 ? (gint64) (trip * G_TIME_SPAN_MILLISECOND) : 0;
}

/* On the src pad of rtprtxsend, which pushes what is sent again from a thread of its own. It has the number of the lost packet in front (RFC 4588). */
static GstPadProbeReturn
on_sent_again (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  gsize size = gst_buffer_get_size (GST_PAD_PROBE_INFO_BUFFER (info)) + PARLOR_RATE_OVERHEAD;
  gboolean again, may = TRUE;

  if (!gst_rtp_buffer_map (GST_PAD_PROBE_INFO_BUFFER (info), GST_MAP_READ, &rtp))
    return GST_PAD_PROBE_OK;
  again = gst_rtp_buffer_get_payload_type (&rtp) == stream->tracks[PARLOR_TRACK_VIDEO].retransmission
          && gst_rtp_buffer_get_payload_len (&rtp) >= 2;
  if (again)
    may = may_send_again (stream->rate, GST_READ_UINT16_BE (gst_rtp_buffer_get_payload (&rtp)), size, get_ping (stream));
  gst_rtp_buffer_unmap (&rtp);
  if (again && may)
    parlor_pacer_wait (stream->rate->pacer, size, 0);
  return may ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

static void
on_deep_element_added (GstBin *bin, GstBin *sub_bin, GstElement *element, gpointer user_data)
{
  GstElementFactory *factory = gst_element_get_factory (element);

  if (!factory || !g_str_equal (GST_OBJECT_NAME (factory), "rtprtxsend"))
    return;
  g_object_set (element, "max-size-packets", 0, "max-size-time", REMEMBERED, NULL);
  parlor_peer_stream_probe (user_data, element, "src", GST_PAD_PROBE_TYPE_BUFFER, on_sent_again);
}

/* Main: before webrtcbin makes its sessions. */
void
parlor_peer_stream_control_rate (ParlorPeerStream *stream, GstElement *webrtc)
{
  parlor_peer_stream_connect (stream, webrtc, "deep-element-added", G_CALLBACK (on_deep_element_added));
}

/**
 * parlor_peer_stream_make_pacer:
 *
 * Main.
 *
 * Returns: (transfer floating) (nullable): what packets of pictures go through behind the payloader. Unlike those of sound they wait for each
 * other, on a thread of its own.
 */
GstElement *
parlor_peer_stream_make_pacer (ParlorPeerStream *stream)
{
  GstElement *queue = gst_element_factory_make ("queue", NULL);

  if (!queue)
    return NULL;
  g_object_set (queue, "max-size-buffers", 0, "max-size-bytes", QUEUE, "max-size-time", (guint64) 0, NULL);
  parlor_peer_stream_probe (stream, queue, "src", GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_packets);
  return queue;
}

static gboolean
on_tick (gpointer user_data)
{
  ParlorWebrtcPeer *self = user_data;
  ParlorPeerRate *rate = self->stream->rate;

  g_mutex_lock (&rate->lock);
  parlor_rate_control_tick (rate->control, g_get_monotonic_time ());
  g_mutex_unlock (&rate->lock);
  tell_in_stream (self->stream);
  return G_SOURCE_CONTINUE;
}

/* Main, once both descriptions are known: whether there will be feedback, and where to begin. */
void
parlor_webrtc_peer_start_rate (ParlorWebrtcPeer *self)
{
  const ParlorSdpLine *audio = parlor_sdp_get_line (self->remote, self->remote->audio);
  const ParlorSdpLine *video = parlor_sdp_get_line (self->remote, self->remote->video);
  const ParlorSdpLine *line = video ? video : audio;
  ParlorPeerRate *rate = self->stream->rate;

  if (!line || line->transport_cc <= 0 || !line->transport_feedback)
    return;
  g_mutex_lock (&rate->lock);
  rate->control = parlor_rate_control_new (&range);
  g_mutex_unlock (&rate->lock);
  tell_in_stream (self->stream);
  self->rate_timeout = g_timeout_add (TICK_MS, on_tick, self);
}

void
parlor_webrtc_peer_stop_rate (ParlorWebrtcPeer *self)
{
  g_clear_handle_id (&self->rate_timeout, g_source_remove);
  parlor_pacer_stop (self->stream->rate->pacer);
}
