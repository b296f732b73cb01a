/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "peer-lab.h"

#include "parlor-error.h"
#include "parlor-webrtc-peer-private.h"

/*
 * Two peers in one process: what is sent at one end is seen and heard at the other, and what the figures say of it.
 */

#define BOTH (PARLOR_MEDIA_AUDIO | PARLOR_MEDIA_VIDEO)
#define TONE_A 600
#define TONE_B 1100

typedef struct
{
  PeerEnd *a, *b;
  gint n_feedback[2]; /* atomic */
  gint n_lost[2];     /* atomic */
} Fixture;

static void
setup (Fixture *f, gconstpointer media)
{
  f->a = peer_end_new (media ? GPOINTER_TO_INT (media) : BOTH, TONE_A);
  f->b = peer_end_new (BOTH, TONE_B);
  peer_end_add_peer (f->a, PARLOR_DIALECT_PARLOR);
  peer_end_add_peer (f->b, PARLOR_DIALECT_PARLOR);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  peer_end_free (f->a);
  peer_end_free (f->b);
}

static void
wait_for_picture (PeerEnd *self)
{
  parlor_test_wait (self->first_picture, 20);
  parlor_test_meter_reset (self->pictures);
  parlor_test_wait (parlor_test_meter_get_frames (self->pictures) >= 20, 20);
  g_assert_true (parlor_test_meter_is_moving (self->pictures));
}

static void
wait_for_tone (PeerEnd *self, guint tone)
{
  parlor_test_wait (parlor_test_meter_get_tone (self->sound, tone) > 0.9, 20);
}

static guint
count (const char *text, const char *what)
{
  g_auto (GStrv) parts = g_strsplit (text, what, -1);

  return g_strv_length (parts) - 1;
}

static void
on_feedback (GObject *session, GParamSpec *pspec, gpointer user_data)
{
  g_atomic_int_inc ((gint *) user_data);
}

/* The RTP sessions of a peer notify "twcc-stats" when the other side's feedback came in. */
static void
watch_feedback (PeerEnd *self, gint *n)
{
  GstIterator *sessions = gst_bin_iterate_all_by_element_factory_name (GST_BIN (self->peer->webrtc), "rtpsession");
  GValue value = G_VALUE_INIT;

  while (gst_iterator_next (sessions, &value) == GST_ITERATOR_OK)
    {
      g_signal_connect (g_value_get_object (&value), "notify::twcc-stats", G_CALLBACK (on_feedback), n);
      g_value_reset (&value);
    }
  gst_iterator_free (sessions);
}

static void
check_stats (PeerEnd *self)
{
  g_autoptr (ParlorStats) stats = peer_end_get_stats (self);
  g_autoptr (ParlorStats) later = NULL;

  parlor_test_run_for (1);
  later = peer_end_get_stats (self);
  g_assert_cmpint (stats->out.video.packets, >, 0);
  g_assert_cmpint (later->out.video.packets, >, stats->out.video.packets);
  g_assert_cmpint (later->out.video.bytes, >, later->out.video.packets * 12);
  g_assert_cmpint (later->out.audio.packets, >=, stats->out.audio.packets + 30);
  g_assert_cmpint (later->out.video.width, ==, 320);
  g_assert_cmpint (later->out.video.height, ==, 180);
  g_assert_cmpfloat (later->out.video.fps, >, 5);
  g_assert_cmpfloat (later->out.video.fps, <, 60);
  g_assert_cmpstr (later->out.video.codec, ==, "VP8");
  g_assert_cmpint (later->out.video.target_bps, >, 0);
  g_assert_cmpint (later->in.video.frames, >, stats->in.video.frames);
  g_assert_cmpint (later->in.video.width, ==, 320);
  g_assert_cmpint (later->in.video.height, ==, 180);
  /* On a busy machine some come later than the jitter buffer waits. */
  g_assert_cmpint (later->in.video.lost, >=, 0);
  g_assert_cmpint (later->in.video.lost, <, later->in.video.packets / 4);
  g_assert_cmpfloat (later->in.video.jitter_buffer_ms, >, 0);
  g_assert_cmpfloat (later->in.video.jitter_buffer_ms, <, 1000);
  g_assert_cmpint (later->in.audio.samples, >=, stats->in.audio.samples + 48000 / 2);
  g_assert_cmpint (later->in.audio.samples, <=, stats->in.audio.samples + 48000 * 3);
  g_assert_cmpint (later->in.audio.lost, >=, 0);
  g_assert_cmpint (later->in.audio.lost, <, later->in.audio.packets / 4);
  g_assert_cmpint (later->in.video.freezes, >=, 0);
  g_assert_cmpint (later->estimate_bps, >=, 100000);
  g_assert_nonnull (later->pair);
  g_test_message ("pair %s, rtt %.1f ms, jitter buffer %.1f ms, %.1f fps, %" G_GINT64_FORMAT " bit/s asked for, freezes %d",
                  later->pair, later->rtt_ms, later->in.video.jitter_buffer_ms, later->in.video.fps,
                  later->out.video.target_bps, (int) later->in.video.freezes);
}

static void
test_both_ways (Fixture *f, gconstpointer data)
{
  gint64 activity;

  peer_end_call (f->a, f->b, NULL);
  peer_end_wait_connected (f->a, f->b);
  watch_feedback (f->a, &f->n_feedback[0]);
  watch_feedback (f->b, &f->n_feedback[1]);
  wait_for_picture (f->a);
  wait_for_picture (f->b);
  wait_for_tone (f->a, TONE_B);
  wait_for_tone (f->b, TONE_A);
  g_test_message ("offer -> connected %.1f ms, -> first picture %.1f ms here, %.1f there", (f->a->connected - f->a->began) / 1e3,
                  (f->a->first_picture - f->a->began) / 1e3, (f->b->first_picture - f->a->began) / 1e3);

  g_assert_cmpuint (count (f->a->sdp, "\r\nm="), ==, 3);
  for (guint i = 0; i < 2; i++)
    {
      const char *sdp = i ? f->b->sdp : f->a->sdp;

      g_assert_cmpuint (count (sdp, PARLOR_PEER_TRANSPORT_CC), ==, 2);
      g_assert_cmpuint (count (sdp, " transport-cc\r\n"), ==, 2);
      g_assert_cmpuint (count (sdp, " nack\r\n"), ==, 1);
      g_assert_cmpuint (count (sdp, " nack pli\r\n"), ==, 1);
      g_assert_cmpuint (count (sdp, " ccm fir\r\n"), ==, 1);
      g_assert_cmpuint (count (sdp, "rtx/90000"), ==, 1);
      g_assert_cmpuint (count (sdp, "useinbandfec=1"), ==, 1);
      g_assert_cmpuint (count (sdp, " cname:"), ==, 3);
      g_assert_cmpuint (count (sdp, "a=sendrecv"), ==, 2);
    }
  parlor_test_wait (g_atomic_int_get (&f->n_feedback[0]) > 0 && g_atomic_int_get (&f->n_feedback[1]) > 0, 10);

  check_stats (f->a);
  check_stats (f->b);
  activity = parlor_peer_get_last_activity (PARLOR_PEER (f->a->peer));
  g_assert_cmpint (activity, >, f->a->began);
  parlor_test_wait (parlor_peer_get_last_activity (PARLOR_PEER (f->a->peer)) > activity, 5);
  g_assert_nonnull (parlor_peer_get_view (PARLOR_PEER (f->a->peer)));
}

/* Round trips: both ends must say one, within this. The first ping leaves when the channel opens. */
#define ROUND_TRIP_DEADLINE 20 /* s */
#define HELD 250               /* ms */

static double
get_round_trip (PeerEnd *end)
{
  g_autoptr (ParlorStats) stats = peer_end_get_stats (end);

  return stats->rtt_ms;
}

/* Waits until @end says a round trip of @least ms or more, and returns it. */
static double
wait_for_round_trip (PeerEnd *end, double least)
{
  gint64 deadline = g_get_monotonic_time () + ROUND_TRIP_DEADLINE * G_USEC_PER_SEC;
  double trip = get_round_trip (end);

  while (trip < least && g_get_monotonic_time () < deadline)
    {
      parlor_test_run_for (0.1);
      trip = get_round_trip (end);
    }
  g_assert_cmpfloat (trip, >=, least);
  g_assert_cmpfloat (trip, <, ROUND_TRIP_DEADLINE * 1000);
  return trip;
}

static GstPadProbeReturn
on_report (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_atomic_int_inc ((gint *) user_data);
  return GST_PAD_PROBE_DROP;
}

static GstPadProbeReturn
on_data (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_usleep (HELD * 1000); /* the path, on a thread of its own: whatever follows is late as well */
  return GST_PAD_PROBE_OK;
}

/* On everything that comes in through such an element of webrtcbin; NULL = nothing of that sort is there. */
static void
probe_element (PeerEnd *self, const char *factory, const char *name, GstPadProbeCallback callback, gpointer user_data)
{
  GstIterator *elements = gst_bin_iterate_all_by_element_factory_name (GST_BIN (self->peer->webrtc), factory);
  GValue value = G_VALUE_INIT;
  guint n = 0;

  while (gst_iterator_next (elements, &value) == GST_ITERATOR_OK)
    {
      g_autoptr (GstPad) pad = gst_element_get_static_pad (g_value_get_object (&value), name);

      n += pad && gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, callback, user_data, NULL) > 0;
      g_value_reset (&value);
    }
  gst_iterator_free (elements);
  g_assert_cmpuint (n, >, 0);
}

static void
lose_reports (Fixture *f)
{
  for (guint i = 0; i < 2; i++)
    probe_element (i ? f->b : f->a, "rtpsession", "recv_rtcp_sink", on_report, &f->n_lost[i]);
}

static void
test_round_trip (Fixture *f, gconstpointer data)
{
  gint64 began;
  double here, there;

  peer_end_call (f->a, f->b, NULL);
  peer_end_wait_connected (f->a, f->b);
  began = g_get_monotonic_time ();
  here = wait_for_round_trip (f->a, 0);
  there = wait_for_round_trip (f->b, 0);
  g_test_message ("round trip %.2f ms here, %.2f ms there, known %.0f ms after the connection", here, there,
                  (double) (g_get_monotonic_time () - began) / G_TIME_SPAN_MILLISECOND);
}

/* What is said is what was measured, of RTCP or not: the pings alone are enough, and a longer path shows at both ends. */
static void
test_longer_round_trip (Fixture *f, gconstpointer data)
{
  peer_end_call (f->a, f->b, NULL);
  peer_end_wait_connected (f->a, f->b);
  lose_reports (f);
  wait_for_round_trip (f->a, 0);
  wait_for_round_trip (f->b, 0);
  probe_element (f->b, "sctpdec", "sink", on_data, NULL);
  g_test_message ("held for %d ms: %.1f ms here, %.1f ms there", HELD, wait_for_round_trip (f->a, HELD), wait_for_round_trip (f->b, HELD));
}

/* No pong and no report: an old peer, that hears nothing of our channel. */
static void
test_no_round_trip (Fixture *f, gconstpointer data)
{
  guint asked;

  f->b->peer->stream->has_ping = TRUE;
  peer_end_call (f->a, f->b, NULL);
  lose_reports (f);
  peer_end_wait_connected (f->a, f->b);
  do
    {
      parlor_test_run_for (0.1);
      g_mutex_lock (&f->a->peer->stream->lock);
      asked = f->a->peer->stream->round_trip.next;
      g_mutex_unlock (&f->a->peer->stream->lock);
    }
  while (asked < 4 && g_get_monotonic_time () < f->a->connected + ROUND_TRIP_DEADLINE * G_USEC_PER_SEC);
  g_assert_cmpuint (asked, >=, 4);
  parlor_test_wait (g_atomic_int_get (&f->n_lost[0]) > 4 && g_atomic_int_get (&f->n_lost[1]) > 4, ROUND_TRIP_DEADLINE);
  g_assert_cmpfloat (get_round_trip (f->a), ==, -1);
  g_assert_cmpfloat (get_round_trip (f->b), ==, -1);
}

/* Two channels, and one that is reliable: the first that came counts, and the call does not mind. */
static void
test_second_ping (Fixture *f, gconstpointer data)
{
  g_autoptr (GObject) second = NULL;
  const char *noise[] = { "{", "[]", "{\"type\":\"ping\"}", "{\"type\":\"pong\",\"seq\":2147483647}", "{\"type\":\"bye\"}" };

  peer_end_call (f->a, f->b, NULL);
  peer_end_wait_connected (f->a, f->b);
  wait_for_round_trip (f->a, 0);
  wait_for_round_trip (f->b, 0);
  g_signal_emit_by_name (f->b->peer->webrtc, "create-data-channel", "parlor-ping", NULL, &second);
  g_assert_nonnull (second);
  for (guint i = 0; i < G_N_ELEMENTS (noise); i++)
    gst_webrtc_data_channel_send_string_full (f->b->peer->ping_channel, noise[i], NULL);
  parlor_test_run_for (1.5);
  wait_for_round_trip (f->a, 0);
  wait_for_round_trip (f->b, 0);
  g_assert_cmpint (parlor_peer_get_state (PARLOR_PEER (f->a->peer)), ==, PARLOR_PEER_CONNECTED);
  g_assert_cmpuint (f->a->texts->len, ==, 0);
}

/* Answers are counted where they come back. */
static void
on_answer (GObject *channel, const char *text, gpointer user_data)
{
  if (strstr (text, "pong"))
    g_atomic_int_inc ((gint *) user_data);
}

static void
test_ping_flood (Fixture *f, gconstpointer data)
{
  gint n_answers = 0;
  gint64 began;
  guint seconds;

  peer_end_call (f->a, f->b, NULL);
  peer_end_wait_connected (f->a, f->b);
  wait_for_round_trip (f->b, 0);
  g_signal_connect (f->b->peer->ping_channel, "on-message-string", G_CALLBACK (on_answer), &n_answers);
  began = g_get_monotonic_time ();
  for (guint i = 0; i < 500; i++)
    {
      gst_webrtc_data_channel_send_string_full (f->b->peer->ping_channel, "{\"type\":\"ping\",\"seq\":7}", NULL);
      parlor_test_run_for (0.002);
    }
  parlor_test_wait (g_atomic_int_get (&n_answers) > 0, 10);
  parlor_test_run_for (0.5);
  seconds = (guint) ((g_get_monotonic_time () - began) / G_USEC_PER_SEC) + 2;
  g_test_message ("%d answers in %u s to 500 pings", g_atomic_int_get (&n_answers), seconds);
  g_assert_cmpint (g_atomic_int_get (&n_answers), <=, seconds * PARLOR_ROUND_TRIP_MAX_READ);
  wait_for_round_trip (f->b, 0);
}

static void
test_one_way (Fixture *f, gconstpointer data)
{
  g_autoptr (ParlorStats) stats = NULL;
  gboolean sound = GPOINTER_TO_INT (data) & PARLOR_MEDIA_AUDIO;

  peer_end_call (f->a, f->b, NULL);
  peer_end_wait_connected (f->a, f->b);
  wait_for_picture (f->a);
  wait_for_tone (f->a, TONE_B);
  if (sound)
    wait_for_tone (f->b, TONE_A);
  parlor_test_run_for (1);
  stats = peer_end_get_stats (f->b);
  g_assert_cmpint (f->b->first_picture, ==, 0);
  g_assert_cmpint (stats->in.video.packets, ==, 0);
  g_assert_cmpuint (parlor_test_meter_get_frames (f->b->pictures), ==, 0);
  if (!sound)
    g_assert_cmpfloat (parlor_test_meter_get_tone (f->b->sound, TONE_A), <, 0.1);
}

static void
test_mute (Fixture *f, gconstpointer data)
{
  peer_end_call (f->a, f->b, NULL);
  peer_end_wait_connected (f->a, f->b);
  wait_for_picture (f->b);
  wait_for_tone (f->b, TONE_A);

  parlor_studio_set_audio_muted (f->a->studio, TRUE);
  parlor_studio_set_video_muted (f->a->studio, TRUE);
  parlor_test_wait (parlor_test_meter_get_rms (f->b->sound) < 0.01, 10);
  parlor_test_run_for (0.5); /* what was on its way */
  parlor_test_meter_reset (f->b->pictures);
  parlor_test_run_for (1);
  g_assert_cmpuint (parlor_test_meter_get_frames (f->b->pictures), ==, 0);
  g_assert_cmpint (parlor_peer_get_state (PARLOR_PEER (f->b->peer)), ==, PARLOR_PEER_CONNECTED);

  parlor_studio_set_audio_muted (f->a->studio, FALSE);
  parlor_studio_set_video_muted (f->a->studio, FALSE);
  wait_for_picture (f->b);
  wait_for_tone (f->b, TONE_A);
}

static void
test_keyframe_request (Fixture *f, gconstpointer data)
{
  g_autoptr (ParlorStats) before = NULL, after = NULL;
  g_autoptr (GstPad) pad = NULL;
  gint64 deadline = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  peer_end_call (f->a, f->b, NULL);
  peer_end_wait_connected (f->a, f->b);
  wait_for_picture (f->a);
  before = peer_end_get_stats (f->b);
  pad = gst_element_get_static_pad (f->a->peer->stream->video_end, "sink");
  gst_pad_push_event (pad, gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM,
                                                 gst_structure_new ("GstForceKeyUnit", "all-headers", G_TYPE_BOOLEAN, TRUE, NULL)));
  do
    {
      parlor_test_run_for (0.05);
      g_clear_pointer (&after, parlor_stats_free);
      after = peer_end_get_stats (f->b);
    }
  while (after->out.video.pli == before->out.video.pli && g_get_monotonic_time () < deadline);
  g_assert_cmpint (after->out.video.pli, >, before->out.video.pli);
}

static void
test_texts (Fixture *f, gconstpointer data)
{
  g_autofree char *long_text = g_strnfill (60 * 1024, 'x'), *too_long = g_strnfill (65 * 1024, 'x');
  g_autoptr (GError) error = NULL;

  g_assert_false (parlor_peer_send_text (PARLOR_PEER (f->a->peer), "early", &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_STATE);
  g_clear_error (&error);

  peer_end_call (f->a, f->b, NULL);
  parlor_test_wait (parlor_peer_get_data_open (PARLOR_PEER (f->a->peer)) && parlor_peer_get_data_open (PARLOR_PEER (f->b->peer)), 20);
  g_assert_cmpint (parlor_peer_get_state (PARLOR_PEER (f->a->peer)), ==, PARLOR_PEER_CONNECTED);
  g_assert_cmpint (parlor_peer_get_state (PARLOR_PEER (f->b->peer)), ==, PARLOR_PEER_CONNECTED);
  g_assert_true (parlor_peer_send_text (PARLOR_PEER (f->a->peer), "there \xc3\xa9", &error));
  g_assert_true (parlor_peer_send_text (PARLOR_PEER (f->b->peer), "back", &error));
  g_assert_true (parlor_peer_send_text (PARLOR_PEER (f->b->peer), long_text, &error));
  g_assert_no_error (error);
  parlor_test_wait (f->b->texts->len == 1 && f->a->texts->len == 2, 10);
  g_assert_cmpstr (g_ptr_array_index (f->b->texts, 0), ==, "there \xc3\xa9");
  g_assert_cmpstr (g_ptr_array_index (f->a->texts, 0), ==, "back");
  g_assert_cmpstr (g_ptr_array_index (f->a->texts, 1), ==, long_text);

  g_assert_false (parlor_peer_send_text (PARLOR_PEER (f->a->peer), too_long, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_TOO_LARGE);
}

static void
test_seed (void)
{
  PeerEnd *a = peer_end_new (BOTH, TONE_A), *b = peer_end_new (BOTH, TONE_B);

  peer_end_add_peer (a, PARLOR_DIALECT_SEED);
  peer_end_add_peer (b, PARLOR_DIALECT_SEED);
  /* The seed's calling page throws away what candidates it is sent: the answer must do without. */
  b->mute_candidates = TRUE;
  peer_end_call (a, b, NULL);
  g_assert_cmpuint (count (a->sdp, "\r\nm="), ==, 2);
  g_assert_cmpuint (count (a->sdp, "\r\nm=audio 9 "), ==, 1);
  g_assert_cmpuint (count (a->sdp, "\r\nm=video "), ==, 1);
  g_assert_cmpuint (count (a->sdp, "webrtc-datachannel"), ==, 0);
  g_assert_cmpuint (count (b->sdp, "\r\na=candidate:"), >, 0);
  peer_end_wait_connected (a, b);
  wait_for_picture (a);
  wait_for_picture (b);
  wait_for_tone (a, TONE_B);
  wait_for_tone (b, TONE_A);
  g_assert_false (parlor_peer_get_data_open (PARLOR_PEER (a->peer)));
  peer_end_free (a);
  peer_end_free (b);
}

/* A later generation: the same certificate, which is taken, and no sound before it takes over. Then somebody else's. */
static void
test_later_generation (Fixture *f, gconstpointer data)
{
  peer_end_call (f->a, f->b, NULL);
  peer_end_wait_connected (f->a, f->b);
  f->a->fingerprint = parlor_peer_dup_fingerprint (PARLOR_PEER (f->a->peer));
  g_assert_nonnull (f->a->fingerprint);
  for (guint i = 0; i < 2; i++)
    {
      peer_end_drop_peer (f->a);
      peer_end_drop_peer (f->b);
      f->a->quiet = TRUE;
      peer_end_add_peer (f->a, PARLOR_DIALECT_PARLOR);
      peer_end_add_peer (f->b, PARLOR_DIALECT_PARLOR);
      if (i == 1)
        break;
      peer_end_call (f->a, f->b, NULL);
      peer_end_wait_connected (f->a, f->b);
      parlor_test_wait (f->a->first_picture && f->a->first_sound, 20); /* both come, and are told */
      parlor_test_meter_reset (f->a->sound);
      parlor_test_run_for (1);
      g_assert_cmpfloat (parlor_test_meter_get_tone (f->a->sound, TONE_B), <, 0.5);
      parlor_peer_set_quiet (PARLOR_PEER (f->a->peer), FALSE);
      wait_for_tone (f->a, TONE_B);
      g_free (f->a->fingerprint);
      f->a->fingerprint = g_strdup ("another");
    }

  peer_end_offer (f->a);
  peer_end_wait_done (f->a);
  peer_end_answer (f->b, f->a->sdp);
  peer_end_wait_done (f->b);
  peer_end_take_answer (f->a, f->b->sdp);
  parlor_test_wait (f->a->n_operations == 1, 20);
  g_assert_error (f->a->error, PARLOR_ERROR, PARLOR_ERROR_FINGERPRINT);
  g_assert_cmpint (parlor_peer_get_state (PARLOR_PEER (f->a->peer)), ==, PARLOR_PEER_FAILED);
}

int
main (int argc, char *argv[])
{
#define ADD(name, data, func) g_test_add (name, Fixture, data, setup, func, teardown)
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  ADD ("/peer/both-ways", NULL, test_both_ways);
  ADD ("/peer/round-trip", NULL, test_round_trip);
  ADD ("/peer/round-trip/longer", NULL, test_longer_round_trip);
  ADD ("/peer/round-trip/none", NULL, test_no_round_trip);
  ADD ("/peer/round-trip/second-channel", NULL, test_second_ping);
  ADD ("/peer/round-trip/flood", NULL, test_ping_flood);
  ADD ("/peer/sound-only", GINT_TO_POINTER (PARLOR_MEDIA_AUDIO), test_one_way);
  ADD ("/peer/mute", NULL, test_mute);
  ADD ("/peer/keyframe-request", NULL, test_keyframe_request);
  ADD ("/peer/texts", NULL, test_texts);
  g_test_add_func ("/peer/seed", test_seed);
  ADD ("/peer/later-generation", NULL, test_later_generation);
  return g_test_run ();
}
