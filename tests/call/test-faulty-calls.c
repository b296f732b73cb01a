/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "call-lab.h"

#include <gst/gst.h>
#include <malloc.h>

#include "line.h"
#include "parlor-relay.h"
#include "parlor-webrtc-peer-private.h"

/*
 * Calls that end in all the ways in which calls end, again and again, in one process: what each leaves behind is the same as what a good
 * one does. Both sides come to the relay over a line of their own, which may break off or lie, in a room without a key: so a wrong
 * fingerprint is found where the certificate is shown.
 */

#define N_ROUNDS 9       /* of eight calls each, */
#define N_ROUNDS_SLOW 25 /* and with `-m slow` */
#define N_ROUNDS_WARM 3
#define AWAY_MS 5000
#define MOMENTS 8 /* at which a call is broken off before it is up */
#define MOMENT_S 0.025

/* Who vanishes is missed sooner than elsewhere: nothing here is lost on the way. */
static const ParlorDeadlines deadlines = {
  .ring_ms = 45000,
  .offer_ms = 15000,
  .answer_ms = 15000,
  .connect_ms = 20000,
  .liveness_ms = 10000,
  .silence_ms = 1000,
  .reveal_ms = 5000,
  .alarm_ms = 1000,
  .early_ms = 1000,
  .attempt_ms = 8000,
  .vanished_ms = 1200,
  .reconnect_ms = 60000,
  .look_ms = 100,
};

/* A side and its line. */
typedef struct
{
  Side side;
  const char *name;
  Line *line;
} Home;

static guint n_cut_short, n_round;

static guint
count_present (Home *home)
{
  GListModel *people = parlor_core_get_participants (home->side.core);
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (people); i++)
    {
      g_autoptr (ParlorParticipant) one = g_list_model_get_item (people, i);

      n += !parlor_participant_get_away (one);
    }
  return n;
}

static void
join (Home *home)
{
  g_autofree char *link = g_strdup_printf ("http://127.0.0.1:%u/faults", line_get_port (home->line));
  g_autoptr (GError) error = NULL;

  parlor_core_join (home->side.core, link, PARLOR_WISH_NOTHING, &error);
  g_assert_no_error (error);
}

static void
wait_met (Home *one, Home *other)
{
  parlor_test_wait (parlor_core_get_session (one->side.core) == PARLOR_SESSION_IN_ROOM && count_present (one) == 1, WAIT_S);
  parlor_test_wait (parlor_core_get_session (other->side.core) == PARLOR_SESSION_IN_ROOM && count_present (other) == 1, WAIT_S);
}

/* --- the ways to end --- */

static void
caller_hangs_up (Home *caller, Home *callee)
{
  sides_connect (&caller->side, &callee->side);
  parlor_core_hang_up (caller->side.core);
  sides_wait_ended (&caller->side, PARLOR_END_HUNG_UP, &callee->side, PARLOR_END_REMOTE_HUNG_UP);
}

static void
callee_hangs_up (Home *caller, Home *callee)
{
  sides_connect (&caller->side, &callee->side);
  parlor_core_hang_up (callee->side.core);
  sides_wait_ended (&callee->side, PARLOR_END_HUNG_UP, &caller->side, PARLOR_END_REMOTE_HUNG_UP);
}

static GstPadProbeReturn
drop_in_stream (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return GST_PAD_PROBE_DROP;
}

static void
silence_sink (const GValue *sink, gpointer user_data)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (g_value_get_object (sink), "sink");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, drop_in_stream, NULL, NULL);
}

/* As if it were gone: nothing of it leaves any more, not even a goodbye. */
static void
silence (Home *home)
{
  ParlorPeer *peer = parlor_call_get_peer (parlor_core_get_call (home->side.core));
  GstIterator *sinks = gst_bin_iterate_all_by_element_factory_name (GST_BIN (PARLOR_WEBRTC_PEER (peer)->webrtc), "nicesink");

  while (gst_iterator_foreach (sinks, silence_sink, NULL) == GST_ITERATOR_RESYNC)
    gst_iterator_resync (sinks);
  gst_iterator_free (sinks);
  line_cut (home->line);
}

static void
vanish (Home *gone, Home *other)
{
  silence (gone);
  side_clear_core (&gone->side);
  parlor_test_wait (!parlor_core_get_call (other->side.core), WAIT_S);
  g_assert_cmpint (other->side.reason, ==, PARLOR_END_VANISHED);

  line_mend (gone->line);
  side_init_core (&gone->side, gone->name, &deadlines);
  join (gone);
  wait_met (gone, other);
}

static void
callee_vanishes (Home *caller, Home *callee)
{
  sides_connect (&caller->side, &callee->side);
  vanish (callee, caller);
}

static void
caller_vanishes (Home *caller, Home *callee)
{
  sides_connect (&caller->side, &callee->side);
  vanish (caller, callee);
}

/* At another moment each time: the first is before there is an offer, at the last it may be up. */
static void
cut_short (Home *caller, Home *callee, Home *who)
{
  Home *other = who == caller ? callee : caller;

  sides_ring (&caller->side, &callee->side);
  parlor_test_wait (side_is_in (&who->side, PARLOR_CALL_CONNECTING), WAIT_S);
  if (n_round % MOMENTS > 0)
    parlor_test_run_for (n_round % MOMENTS * MOMENT_S);
  n_cut_short += side_is_in (&who->side, PARLOR_CALL_CONNECTING);
  parlor_core_hang_up (who->side.core);
  sides_wait_ended (&who->side, PARLOR_END_HUNG_UP, &other->side, PARLOR_END_REMOTE_HUNG_UP);
}

static void
caller_cuts_it_short (Home *caller, Home *callee)
{
  cut_short (caller, callee, caller);
}

static void
callee_cuts_it_short (Home *caller, Home *callee)
{
  cut_short (caller, callee, callee);
}

static gboolean
hears_since (Home *home, gint64 since)
{
  return parlor_peer_get_last_activity (parlor_call_get_peer (parlor_core_get_call (home->side.core))) > since;
}

/* The call goes on without the relay, and after it is back. */
static void
loses_the_relay (Home *caller, Home *callee)
{
  Home *who = n_round / 2 % 2 ? callee : caller;
  gint64 back;

  sides_connect (&caller->side, &callee->side);
  line_cut (who->line);
  parlor_test_wait (parlor_core_get_session (who->side.core) == PARLOR_SESSION_RECONNECTING, WAIT_S);
  line_mend (who->line);
  wait_met (caller, callee);
  back = g_get_monotonic_time ();
  parlor_test_wait (hears_since (caller, back) && hears_since (callee, back), WAIT_S);
  parlor_test_wait (side_is_in (&caller->side, PARLOR_CALL_ACTIVE) && side_is_in (&callee->side, PARLOR_CALL_ACTIVE), WAIT_S);
  parlor_core_hang_up (caller->side.core);
  sides_wait_ended (&caller->side, PARLOR_END_HUNG_UP, &callee->side, PARLOR_END_REMOTE_HUNG_UP);
}

static void
is_lied_to (Home *caller, Home *callee)
{
  Home *who = n_round / 2 % 2 ? callee : caller, *other = who == caller ? callee : caller;
  guint n_bent = line_get_n_bent (who->line);

  line_bend_fingerprints (who->line, TRUE);
  sides_ring (&caller->side, &callee->side);
  parlor_test_wait (parlor_core_get_call (callee->side.core), WAIT_S);
  sides_wait_ended (&who->side, PARLOR_END_FINGERPRINT_MISMATCH, &other->side, PARLOR_END_REMOTE_HUNG_UP);
  line_bend_fingerprints (who->line, FALSE);
  g_assert_cmpuint (line_get_n_bent (who->line), >, n_bent);
  g_assert_cmpuint (caller->side.frames + callee->side.frames, ==, 0);
}

static const struct
{
  const char *name;
  void (*call) (Home *caller, Home *callee);
} ways[] = {
  { "the caller hangs up", caller_hangs_up },
  { "the callee vanishes", callee_vanishes },
  { "the caller cuts it short", caller_cuts_it_short },
  { "the callee hangs up", callee_hangs_up },
  { "the relay is lost", loses_the_relay },
  { "a wrong fingerprint", is_lied_to },
  { "the caller vanishes", caller_vanishes },
  { "the callee cuts it short", callee_cuts_it_short },
};

/* Each round, each way once; who rings whom changes from round to round. */
static void
make_round (Home *homes)
{
  Home *caller = &homes[n_round % 2], *callee = &homes[(n_round + 1) % 2];

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      gint64 began = g_get_monotonic_time ();

      ways[i].call (caller, callee);
      g_test_message ("round %u: %s, %.1f s", n_round, ways[i].name, (g_get_monotonic_time () - began) / 1e6);
    }
  n_round++;
}

static void
test_faulty_calls (void)
{
  ParlorRelayLimits limits;
  g_autoptr (ParlorRelay) relay = NULL;
  g_autoptr (GError) error = NULL;
  Home homes[] = { { .name = "Ann" }, { .name = "Bo" } };
  const guint n_rounds = g_test_slow () ? N_ROUNDS_SLOW : N_ROUNDS;
  Holdings warm;

  parlor_relay_limits_init (&limits);
  limits.away_ms = AWAY_MS;
  limits.max_rings = limits.max_per_address = limits.messages_per_second = limits.bytes_per_second = 0;
  relay = parlor_relay_new (&limits);
  parlor_relay_listen (relay, "127.0.0.1", 0, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (homes); i++)
    {
      homes[i].line = line_new (parlor_relay_get_port (relay));
      side_init (&homes[i].side, homes[i].name, &deadlines);
      join (&homes[i]);
    }
  wait_met (&homes[0], &homes[1]);

  while (n_round < N_ROUNDS_WARM)
    make_round (homes);
  parlor_test_wait (parlor_relay_get_n_guests (relay) == 2, WAIT_S);
  holdings_read (&warm);
  while (n_round < n_rounds)
    make_round (homes);
  /* The seats of those who vanished are given up. */
  parlor_test_wait (parlor_relay_get_n_guests (relay) == 2, WAIT_S);
  holdings_assert_kept (&warm, (n_rounds - N_ROUNDS_WARM) * G_N_ELEMENTS (ways));
  g_test_message ("%u calls, %u of them cut short", n_round * (guint) G_N_ELEMENTS (ways), n_cut_short);
  g_assert_cmpuint (n_cut_short, >=, n_rounds / MOMENTS);

  for (guint i = 0; i < G_N_ELEMENTS (homes); i++)
    {
      side_clear (&homes[i].side);
      line_free (homes[i].line);
    }
}

int
main (int argc, char *argv[])
{
  /* GNOME's looks for GSettings in the folders that the test is kept from, and aborts where there are none. */
  g_setenv ("GIO_USE_PROXY_RESOLVER", "dummy", TRUE);
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  mallopt (M_ARENA_MAX, PARLOR_MALLOC_ARENAS);
  gst_init (NULL, NULL);
  g_test_add_func ("/call/faulty", test_faulty_calls);
  return g_test_run ();
}
