/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-webrtc-peer-private.h"

#include "parlor-error.h"

#include <gst/base/gstbasesink.h>

/*
 * The statistics of ParlorWebrtcPeer.
 *
 * webrtcbin's own are wrong under BUNDLE (kinds, jitter buffers) or absent (frames, freezes), so they are counted where
 * things pass: packets at the gates by payload type, pictures before the sink, delays around the jitter buffers; the RTP session
 * knows the requests, and the round trip to those who have no `parlor-ping`. Only the pair of candidates in use comes from webrtcbin, and of it only the addresses: 1.22
 * swaps the types. Main thread.
 */

#define FPS_INTERVAL (200 * G_TIME_SPAN_MILLISECOND) /* shorter ones are not measured */
#define REPORT_LASTS (15 * G_TIME_SPAN_SECOND)       /* a round trip of RTCP, when no report renews it */

static void
fill_flow (const ParlorFlow *flow, gint64 *bytes, gint64 *packets)
{
  *bytes = flow->bytes;
  *packets = flow->packets;
}

static gint64
mean_held (const ParlorJitter *jitter)
{
  return jitter->n_held > 0 ? jitter->held / jitter->n_held : -1;
}

/* What the jitter buffer of a track gave up on; -1 = there is none. */
static gint64
get_lost (const ParlorJitter *jitter)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 lost = 0;

  g_object_get (jitter->element, "stats", &stats, NULL);
  return stats && gst_structure_get_uint64 (stats, "num-lost", &lost) ? (gint64) lost : -1;
}

static gint64
count_dropped (GstElement *element)
{
  g_autoptr (GstStructure) stats = NULL;
  GstIterator *sinks;
  GValue value = G_VALUE_INIT;
  guint64 dropped = 0;
  gint64 sum = 0;

  if (GST_IS_BASE_SINK (element))
    {
      stats = gst_base_sink_get_stats (GST_BASE_SINK (element));
      return gst_structure_get_uint64 (stats, "dropped", &dropped) ? (gint64) dropped : -1;
    }
  if (!GST_IS_BIN (element))
    return -1;
  sinks = gst_bin_iterate_sinks (GST_BIN (element));
  while (gst_iterator_next (sinks, &value) == GST_ITERATOR_OK)
    {
      sum += MAX (count_dropped (g_value_get_object (&value)), 0);
      g_value_reset (&value);
    }
  gst_iterator_free (sinks);
  return sum;
}

static void
fill_counters (ParlorPeerStream *stream, ParlorStats *stats)
{
  ParlorTrack *audio = &stream->tracks[PARLOR_TRACK_AUDIO], *video = &stream->tracks[PARLOR_TRACK_VIDEO];

  fill_flow (&audio->out, &stats->out.audio.bytes, &stats->out.audio.packets);
  fill_flow (&video->out, &stats->out.video.bytes, &stats->out.video.packets);
  fill_flow (&audio->in, &stats->in.audio.bytes, &stats->in.audio.packets);
  fill_flow (&video->in, &stats->in.video.bytes, &stats->in.video.packets);
  stats->out.video.frames = video->out.frames;
  stats->in.video.frames = video->in.frames;
  if (video->out.width > 0)
    {
      stats->out.video.width = video->out.width;
      stats->out.video.height = video->out.height;
    }
  if (video->in.width > 0)
    {
      stats->in.video.width = video->in.width;
      stats->in.video.height = video->in.height;
    }
  stats->out.video.pli = video->pli;
  stats->in.video.freezes = stream->freezes.freezes;
  stats->in.video.freeze_ms = stream->freezes.frozen / G_TIME_SPAN_MILLISECOND;
  stats->in.audio.samples = audio->samples;
  stats->in.audio.concealed_samples = audio->gaps.concealed;
  if (video->line >= 0)
    {
      stats->out.video.codec = g_strdup ("VP8");
      stats->in.video.codec = g_strdup ("VP8");
    }
}

static void
fill_fps (ParlorWebrtcPeer *self, ParlorStats *stats)
{
  const gint64 frames[2] = { stats->out.video.frames, stats->in.video.frames };
  gint64 now = g_get_monotonic_time (), passed = now - self->stats_time;

  if (self->stats_time == 0 || passed >= FPS_INTERVAL)
    {
      for (guint i = 0; i < 2; i++)
        {
          self->stats_fps[i] = self->stats_time == 0 ? -1
                                                     : (double) (frames[i] - self->stats_frames[i]) * G_TIME_SPAN_SECOND / (double) passed;
          self->stats_frames[i] = frames[i];
        }
      self->stats_time = now;
    }
  stats->out.video.fps = self->stats_fps[0];
  stats->in.video.fps = self->stats_fps[1];
}

/*
 * One source of the RTP session: theirs carry the round trip of our reports, ours what was asked of us.
 *
 * GStreamer 1.22 counts every early packet as a report (rtp_session_on_timeout() sets last_rtcp_check_time, from which is_rtcp_time() puts
 * the regular report off). With transport-cc the early ones never pause, so another webrtcbin reports once, at the very beginning:
 * of sender reports that did not come yet (LSR 0, no round trip) or had just come, and then never again. Hence @reports, by which a trip
 * that nobody renews is told from one that lasts. Browsers report every second or so.
 */
static void
read_source (ParlorPeerStream *stream, const GstStructure *source, ParlorStats *stats, guint *reports)
{
  gboolean internal = FALSE, has_report = FALSE;
  guint ssrc = 0, round_trip = 0, nacks = 0, last = 0, since = 0;

  gst_structure_get (source, "internal", G_TYPE_BOOLEAN, &internal, "ssrc", G_TYPE_UINT, &ssrc, NULL);
  if (internal && ssrc == stream->tracks[PARLOR_TRACK_VIDEO].ssrc && gst_structure_get_uint (source, "recv-nack-count", &nacks))
    stats->out.video.nack = nacks;
  if (!internal && gst_structure_get (source, "have-rb", G_TYPE_BOOLEAN, &has_report, "rb-round-trip", G_TYPE_UINT, &round_trip, "rb-lsr", G_TYPE_UINT, &last, "rb-dlsr", G_TYPE_UINT, &since, NULL) && has_report && round_trip > 0)
    {
      stats->rtt_ms = round_trip * 1000.0 / 65536.0;
      *reports += last + since;
    }
}

static void
read_session (ParlorPeerStream *stream, GstElement *session, ParlorStats *stats, guint *reports)
{
  g_autoptr (GstStructure) structure = NULL;
  const GValue *sources;

  g_object_get (session, "stats", &structure, NULL);
  sources = structure ? gst_structure_get_value (structure, "source-stats") : NULL;
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  if (sources && G_VALUE_HOLDS (sources, g_type_from_name ("GValueArray")))
    {
      const GValueArray *array = g_value_get_boxed (sources);

      for (guint i = 0; i < array->n_values; i++)
        read_source (stream, g_value_get_boxed (&array->values[i]), stats, reports);
    }
  G_GNUC_END_IGNORE_DEPRECATIONS
}

static void
fill_sessions (ParlorWebrtcPeer *self, ParlorStats *stats)
{
  GstIterator *sessions = gst_bin_iterate_all_by_element_factory_name (GST_BIN (self->webrtc), "rtpsession");
  gint64 now = g_get_monotonic_time ();
  GValue value = G_VALUE_INIT;
  guint reports = 0;

  while (gst_iterator_next (sessions, &value) == GST_ITERATOR_OK)
    {
      read_session (self->stream, g_value_get_object (&value), stats, &reports);
      g_value_reset (&value);
    }
  gst_iterator_free (sessions);
  if (reports != self->stats_reports)
    self->stats_reported = now;
  self->stats_reports = reports;
  if (now - self->stats_reported > REPORT_LASTS)
    stats->rtt_ms = -1;
}

typedef struct
{
  const GstStructure *pair;
  const GstStructure *all;
} PairSearch;

static gboolean
find_pair (GQuark field, const GValue *value, gpointer user_data)
{
  PairSearch *search = user_data;
  GstWebRTCStatsType type;

  if (!GST_VALUE_HOLDS_STRUCTURE (value))
    return TRUE;
  if (gst_structure_get (gst_value_get_structure (value), "type", GST_TYPE_WEBRTC_STATS_TYPE, &type, NULL) && type == GST_WEBRTC_STATS_CANDIDATE_PAIR)
    search->pair = gst_value_get_structure (value);
  return TRUE;
}

static const char *
find_type (GPtrArray *candidates, const char *address, guint port)
{
  for (guint i = 0; i < candidates->len; i++)
    {
      const ParlorCandidate *candidate = g_ptr_array_index (candidates, i);

      if (g_str_equal (candidate->address, address) && candidate->port == port)
        return candidate->type;
    }
  return NULL;
}

static char *
describe_end (const PairSearch *search, const char *field, GPtrArray *candidates)
{
  const char *id = gst_structure_get_string (search->pair, field);
  const GValue *value = id ? gst_structure_get_value (search->all, id) : NULL;
  const GstStructure *end = value && GST_VALUE_HOLDS_STRUCTURE (value) ? gst_value_get_structure (value) : NULL;
  const char *address = end ? gst_structure_get_string (end, "address") : NULL;
  const char *protocol = end ? gst_structure_get_string (end, "protocol") : NULL;
  const char *type;
  guint port = 0;

  if (!address || !protocol || !gst_structure_get_uint (end, "port", &port))
    return NULL;
  type = find_type (candidates, address, port);
  /* Nobody named it: ICE met it on the way, as the mapping of a NAT (RFC 8445, section 7.3.1.3). */
  return g_strdup_printf (strchr (address, ':') ? "%s/%s [%s]:%u" : "%s/%s %s:%u", type ? type : "prflx", protocol,
                          address, port);
}

static void
fill_pair (ParlorWebrtcPeer *self, const GstStructure *structure, ParlorStats *stats)
{
  PairSearch search = { .all = structure };
  g_autofree char *local = NULL, *remote = NULL;

  gst_structure_foreach (structure, find_pair, &search);
  if (!search.pair)
    return;
  local = describe_end (&search, "local-candidate-id", self->local_candidates);
  remote = describe_end (&search, "remote-candidate-id", self->remote_candidates);
  if (local && remote)
    stats->pair = g_strdup_printf ("%s - %s", local, remote);
}

static ParlorStats *
collect (ParlorWebrtcPeer *self, const GstStructure *structure)
{
  ParlorPeerStream *stream = self->stream;
  ParlorStats *stats = parlor_stats_new ();
  g_autoptr (GstElement) sink = NULL;
  ParlorJitter *jitters[PARLOR_N_TRACKS];
  gint64 held = -1, wait;
  double trip;

  g_mutex_lock (&stream->lock);
  wait = parlor_playout_get_wait (&stream->playout);
  trip = parlor_round_trip_get_ms (&stream->round_trip, g_get_monotonic_time ());
  fill_counters (stream, stats);
  for (guint i = 0; i < PARLOR_N_TRACKS; i++)
    jitters[i] = parlor_peer_stream_find_jitter (stream, i);
  if (jitters[PARLOR_TRACK_VIDEO])
    held = mean_held (jitters[PARLOR_TRACK_VIDEO]);
  if (stream->video_end)
    sink = gst_object_ref (stream->video_end);
  g_mutex_unlock (&stream->lock);

  /* Not under the lock: these take locks that streaming threads hold while they wait for it. */
  if (jitters[PARLOR_TRACK_VIDEO])
    stats->in.video.lost = get_lost (jitters[PARLOR_TRACK_VIDEO]);
  if (jitters[PARLOR_TRACK_AUDIO])
    stats->in.audio.lost = get_lost (jitters[PARLOR_TRACK_AUDIO]);
  if (held >= 0)
    stats->in.video.jitter_buffer_ms = (double) held / G_TIME_SPAN_MILLISECOND;
  if (sink)
    stats->in.video.dropped = count_dropped (sink);
  stats->out.video.target_bps = parlor_studio_get_video_target (self->studio);
  stats->out.video.quantizer = parlor_studio_get_quantizer (self->studio);
  stats->out.video.limitation = parlor_studio_get_limitation (self->studio);
  stats->estimate_bps = parlor_peer_rate_get_estimate (stream->rate, &stats->out.loss);
  fill_fps (self, stats);
  fill_sessions (self, stats);
  if (trip >= 0)
    stats->rtt_ms = trip;
  if (wait >= 0)
    stats->in.video.playout_ms = (double) wait / G_TIME_SPAN_MILLISECOND;
  if (wait >= 0 && stats->rtt_ms >= 0)
    stats->in.video.delay_ms = stats->rtt_ms / 2 + stats->in.video.playout_ms;
  if (structure)
    fill_pair (self, structure, stats);
  return stats;
}

/* webrtcbin's part came (or will not, because the peer is over): all who wait get theirs. */
void
parlor_webrtc_peer_finish_stats (ParlorWebrtcPeer *self, const GstStructure *structure)
{
  g_autoptr (GPtrArray) tasks = self->stats_tasks;

  self->stats_tasks = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < tasks->len; i++)
    if (self->webrtc)
      g_task_return_pointer (g_ptr_array_index (tasks, i), collect (self, structure), (GDestroyNotify) parlor_stats_free);
    else
      g_task_return_new_error (g_ptr_array_index (tasks, i), G_IO_ERROR, G_IO_ERROR_CANCELLED, "The peer is closed");
}

static void
on_stats (GstPromise *promise, gpointer user_data)
{
  ParlorLetter *letter = parlor_letter_new (PARLOR_LETTER_STATS, 0);

  if (gst_promise_wait (promise) == GST_PROMISE_RESULT_REPLIED && gst_promise_get_reply (promise))
    letter->structure = gst_structure_copy (gst_promise_get_reply (promise));
  parlor_peer_stream_post (user_data, letter);
  gst_promise_unref (promise);
}

void
parlor_webrtc_peer_collect_stats_async (ParlorPeer *peer, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ParlorWebrtcPeer *self = PARLOR_WEBRTC_PEER (peer);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, parlor_webrtc_peer_collect_stats_async);
  if (!self->webrtc)
    {
      g_task_return_new_error (task, PARLOR_ERROR, PARLOR_ERROR_STATE, "There is no connection");
      return;
    }
  g_ptr_array_add (self->stats_tasks, g_steal_pointer (&task));
  if (self->stats_tasks->len == 1)
    g_signal_emit_by_name (self->webrtc, "get-stats", NULL,
                           gst_promise_new_with_change_func (on_stats, parlor_peer_stream_ref (self->stream),
                                                             parlor_peer_stream_unref));
}

ParlorStats *
parlor_webrtc_peer_collect_stats_finish (ParlorPeer *peer, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
