/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostile-lab.h"

#include <string.h>

#include "parlor-call-private.h"
#include "parlor-error.h"

/*
 * A call whose path breaks: who notices, what both say, which generation goes on, and what a relay can do to it. Relay and peer connections are
 * in memory. What is asserted is order and outcome: silence is never noticed while anything comes in, whatever the machine is busy with.
 */

#define LONG 60000
#define BOTH (PARLOR_MEDIA_AUDIO | PARLOR_MEDIA_VIDEO)

/* ring, offer, answer, connect, liveness, silence, reveal, alarm, early, attempt, vanished, reconnect, look */
static const ParlorDeadlines patient = { LONG, LONG, LONG, LONG, LONG, LONG, LONG, 60, 30, LONG, LONG, LONG, 5 };

static const Row app_link = { "renew", APP_LINK, APP_LINK, .deadlines = &patient };

static ParlorCall *
call_of (Side *side)
{
  return parlor_switchboard_get_call (side->switchboard);
}

static FakePeer *
peer_of (Side *side)
{
  return FAKE_PEER (parlor_call_get_peer (call_of (side)));
}

static FakePeer *
last_of (Side *side)
{
  return fake_peer_factory_get_last (side->factory);
}

static guint
n_made (Side *side)
{
  return fake_peer_factory_get_n_made (side->factory);
}

/* a calls b, and both hear each other. */
static void
begin (Lab *lab, const Row *row)
{
  lab_init (lab, row);
  fake_peer_factory_set_alive (lab->a.factory, TRUE);
  fake_peer_factory_set_alive (lab->b.factory, TRUE);
  lab_call (lab);
  wait_for (is_in (&lab->a, PARLOR_CALL_ACTIVE) && is_in (&lab->b, PARLOR_CALL_ACTIVE));
  wait_for (call_of (&lab->a)->heard && call_of (&lab->b)->heard);
}

/* What @from sends does not arrive any more; @to does not hear it. */
static void
set_way (Side *from, Side *to, gboolean open)
{
  fake_peer_set_cut (peer_of (from), !open);
  fake_peer_set_alive (peer_of (to), open);
}

static void
set_path (Lab *lab, gboolean open)
{
  set_way (&lab->a, &lab->b, open);
  set_way (&lab->b, &lab->a, open);
}

static void
wait_for_both (Lab *lab, ParlorCallState state)
{
  wait_for (is_in (&lab->a, state) && is_in (&lab->b, state));
}

/* The next generation is connected at both ends, and its channel was heard. */
static void
wait_for_next (Lab *lab, guint generation)
{
  wait_for (call_of (&lab->a)->renewal && call_of (&lab->a)->renewal->generation == generation && call_of (&lab->a)->renewal->heard
            && call_of (&lab->b)->renewal && call_of (&lab->b)->renewal->generation == generation && call_of (&lab->b)->renewal->heard);
}

/* A while, in which it is looked many times. */
static void
let_pass (Lab *lab, guint looks)
{
  gint64 end = g_get_monotonic_time () + looks * patient.look_ms * G_TIME_SPAN_MILLISECOND;

  wait_for (g_get_monotonic_time () >= end);
}

static void
test_next_takes_over (void)
{
  Lab lab;

  begin (&lab, &app_link);
  for (guint generation = 2; generation <= 4; generation++)
    {
      g_autoptr (FakePeer) old_a = g_object_ref (peer_of (&lab.a)), old_b = g_object_ref (peer_of (&lab.b));

      set_path (&lab, FALSE);
      wait_for_both (&lab, PARLOR_CALL_RECONNECTING);
      wait_for_next (&lab, generation);
      g_assert_true (fake_peer_get_quiet (last_of (&lab.a)) && fake_peer_get_quiet (last_of (&lab.b)));

      /* Both are connected, but the picture is still the old one: so it stays, and neither is closed. */
      let_pass (&lab, 20);
      g_assert_true (peer_of (&lab.a) == old_a && peer_of (&lab.b) == old_b);
      g_assert_cmpint (parlor_peer_get_state (PARLOR_PEER (old_a)), ==, PARLOR_PEER_CONNECTED);

      /* The one who does not decide waits for the word, though it has a picture. */
      fake_peer_show (last_of (&lab.b), BOTH);
      let_pass (&lab, 20);
      g_assert_true (peer_of (&lab.b) == old_b);

      fake_peer_show (last_of (&lab.a), BOTH);
      wait_for_both (&lab, PARLOR_CALL_ACTIVE);
      g_assert_true (peer_of (&lab.a) == last_of (&lab.a) && peer_of (&lab.b) == last_of (&lab.b));
      g_assert_false (fake_peer_get_quiet (last_of (&lab.a)) || fake_peer_get_quiet (last_of (&lab.b)));
      g_assert_cmpint (parlor_peer_get_state (PARLOR_PEER (old_a)), ==, PARLOR_PEER_CLOSED);
      g_assert_cmpint (parlor_peer_get_state (PARLOR_PEER (old_b)), ==, PARLOR_PEER_CLOSED);
      g_assert_cmpuint (n_made (&lab.a), ==, generation);
      g_assert_cmpuint (n_made (&lab.b), ==, generation);
    }
  g_assert_cmpint (parlor_call_get_security (call_of (&lab.a)), ==, PARLOR_SECURITY_APP_LINK);
  g_assert_nonnull (parlor_call_get_emoji (call_of (&lab.a)));
  g_assert_cmpmem (parlor_call_get_emoji (call_of (&lab.a)), 5 * sizeof (guint), parlor_call_get_emoji (call_of (&lab.b)), 5 * sizeof (guint));

  /* What is said goes over the new path. */
  parlor_call_set_local_media (call_of (&lab.a), PARLOR_MEDIA_AUDIO);
  wait_for (!parlor_participant_get_video (parlor_call_get_participant (call_of (&lab.b))));
  parlor_call_hang_up (call_of (&lab.a));
  wait_for (lab.b.ended);
  g_assert_cmpint (parlor_call_get_end_reason (lab.b.ended), ==, PARLOR_END_REMOTE_HUNG_UP);
  lab_clear (&lab);
}

static void
test_old_returns_first (void)
{
  Lab lab;

  begin (&lab, &app_link);
  for (guint times = 0; times < 3; times++)
    {
      g_autoptr (FakePeer) next_b = NULL;

      set_path (&lab, FALSE);
      wait_for_both (&lab, PARLOR_CALL_RECONNECTING);
      wait_for_next (&lab, times + 2);
      next_b = g_object_ref (last_of (&lab.b));
      set_path (&lab, TRUE);
      wait_for_both (&lab, PARLOR_CALL_ACTIVE);
      g_assert_null (call_of (&lab.a)->renewal);
      g_assert_cmpuint (call_of (&lab.a)->generation, ==, 1);

      /* b hears of it by the end of the connection; its first picture comes too late. */
      fake_peer_show (next_b, BOTH);
      g_assert_cmpuint (call_of (&lab.b)->generation, ==, 1);
      fake_peer_fail (next_b, PARLOR_ERROR_CLOSED);
      g_assert_null (call_of (&lab.b)->renewal);
      g_assert_true (is_in (&lab.b, PARLOR_CALL_ACTIVE));
    }
  lab_clear (&lab);
}

/* Only one of the two is deaf: it tells the other, over the channel, and both say the same; until it hears again, or by another path. */
static void
test_one_way (void)
{
  for (guint offerer_deaf = 0; offerer_deaf < 2; offerer_deaf++)
    {
      Lab lab;
      Side *deaf = offerer_deaf ? &lab.a : &lab.b, *other = offerer_deaf ? &lab.b : &lab.a;

      begin (&lab, &app_link);
      set_way (other, deaf, FALSE);
      wait_for_both (&lab, PARLOR_CALL_RECONNECTING);
      g_assert_false (call_of (other)->deaf);
      wait_for_next (&lab, 2);
      set_way (other, deaf, TRUE);
      wait_for_both (&lab, PARLOR_CALL_ACTIVE);
      g_assert_cmpuint (call_of (&lab.a)->generation, ==, 1);

      set_way (other, deaf, FALSE);
      wait_for_both (&lab, PARLOR_CALL_RECONNECTING);
      wait_for_next (&lab, 3);
      fake_peer_show (last_of (&lab.a), BOTH);
      fake_peer_show (last_of (&lab.b), BOTH);
      wait_for_both (&lab, PARLOR_CALL_ACTIVE);
      g_assert_cmpuint (call_of (&lab.a)->generation, ==, 3);
      g_assert_cmpuint (call_of (&lab.b)->generation, ==, 3);
      lab_clear (&lab);
    }
}

/* They send no picture, or nothing at all: then their voice, or their word, is enough. */
static void
test_without_picture (void)
{
  for (guint with_voice = 0; with_voice < 2; with_voice++)
    {
      Lab lab;

      begin (&lab, &app_link);
      parlor_call_set_local_media (call_of (&lab.b), with_voice ? PARLOR_MEDIA_AUDIO : PARLOR_MEDIA_NONE);
      wait_for (!parlor_participant_get_video (parlor_call_get_participant (call_of (&lab.a)))
                && parlor_participant_get_audio (parlor_call_get_participant (call_of (&lab.a))) == (gboolean) with_voice);
      set_path (&lab, FALSE);
      if (with_voice)
        {
          wait_for_next (&lab, 2);
          fake_peer_show (last_of (&lab.a), PARLOR_MEDIA_AUDIO);
        }
      wait_for (is_in (&lab.a, PARLOR_CALL_ACTIVE) && call_of (&lab.a)->generation == 2);
      lab_clear (&lab);
    }
}

/* While something comes in, nobody is alarmed. The control is everywhere else. */
static void
test_no_alarm (void)
{
  Lab lab;

  begin (&lab, &app_link);
  let_pass (&lab, 200);
  g_assert_true (is_in (&lab.a, PARLOR_CALL_ACTIVE) && is_in (&lab.b, PARLOR_CALL_ACTIVE));
  g_assert_cmpuint (n_made (&lab.a) + n_made (&lab.b), ==, 2);
  g_assert_cmpuint (fake_channel_count_sent (lab.b.channel, PARLOR_MESSAGE_RENEW), ==, 0);
  lab_clear (&lab);
}

static void
assert_ended (Side *side, ParlorEndReason reason)
{
  wait_for (side->ended);
  g_assert_cmpstr (parlor_end_reason_to_string (parlor_call_get_end_reason (side->ended)), ==, parlor_end_reason_to_string (reason));
}

static void
test_gives_up (void)
{
  ParlorDeadlines deadlines = patient;
  Row row = app_link;
  Lab lab;

  deadlines.reconnect_ms = 300;
  deadlines.attempt_ms = 40;
  row.deadlines = &deadlines;
  begin (&lab, &row);
  fake_peer_factory_set_dark (lab.a.factory, TRUE);
  set_path (&lab, FALSE);
  assert_ended (&lab.a, PARLOR_END_LOST);
  assert_ended (&lab.b, PARLOR_END_LOST);
  lab_clear (&lab);
}

/* An attempt has its time; the next one is another generation, and what belongs to the one before is not heard. */
static void
test_tries_again (void)
{
  ParlorDeadlines deadlines = patient;
  Row row = app_link;
  Lab lab;

  deadlines.attempt_ms = 50;
  row.deadlines = &deadlines;
  begin (&lab, &row);
  fake_peer_factory_set_dark (lab.a.factory, TRUE);
  set_path (&lab, FALSE);
  wait_for (n_made (&lab.a) == 3 && n_made (&lab.b) >= 2);
  fake_peer_factory_set_dark (lab.a.factory, FALSE);
  wait_for (call_of (&lab.a)->renewal && call_of (&lab.a)->renewal->heard);
  fake_peer_show (last_of (&lab.a), BOTH);
  wait_for (is_in (&lab.a, PARLOR_CALL_ACTIVE));
  g_assert_cmpuint (call_of (&lab.a)->generation, >=, 4);
  fake_peer_show (last_of (&lab.b), BOTH);
  wait_for_both (&lab, PARLOR_CALL_ACTIVE);
  g_assert_cmpuint (call_of (&lab.b)->generation, ==, call_of (&lab.a)->generation);
  lab_clear (&lab);
}

static void
say_away (Lab *lab, const char *type)
{
  g_autofree char *text = g_strdup_printf ("{\"type\":\"%s\",\"id\":\"b\"}", type);

  fake_channel_receive (lab->a.channel, text);
}

static void
test_vanished (void)
{
  ParlorDeadlines deadlines = patient;
  Row row = app_link;
  Lab lab;

  deadlines.vanished_ms = 150;
  row.deadlines = &deadlines;
  begin (&lab, &row);
  say_away (&lab, "away"); /* as in a call whose relay alone is gone */
  let_pass (&lab, 60);
  g_assert_true (is_in (&lab.a, PARLOR_CALL_ACTIVE));
  set_way (&lab.b, &lab.a, FALSE);
  assert_ended (&lab.a, PARLOR_END_VANISHED);
  lab_clear (&lab);

  /* The control: they are still there, for the relay. */
  begin (&lab, &row);
  say_away (&lab, "away");
  say_away (&lab, "back");
  set_way (&lab.b, &lab.a, FALSE);
  wait_for (is_in (&lab.a, PARLOR_CALL_RECONNECTING));
  let_pass (&lab, 60);
  g_assert_true (is_in (&lab.a, PARLOR_CALL_RECONNECTING));
  lab_clear (&lab);
}

/* Without a relay nothing is offered; as soon as it is back, it is. */
static void
test_relay_gone_as_well (void)
{
  Lab lab;

  begin (&lab, &app_link);
  fake_channel_lose (lab.a.channel);
  set_path (&lab, FALSE);
  wait_for_both (&lab, PARLOR_CALL_RECONNECTING);
  g_assert_cmpuint (fake_channel_get_n_probes (lab.a.channel), ==, 1); /* and the relay is doubted, here and there */
  g_assert_cmpuint (fake_channel_get_n_probes (lab.b.channel), ==, 1);
  let_pass (&lab, 40);
  g_assert_cmpuint (n_made (&lab.a), ==, 1);
  fake_channel_return (lab.a.channel, "a");
  wait_for_next (&lab, 2);
  lab_clear (&lab);
}

/* The relay was restarted, and everybody has another id: they tell each other over the channel, and another path is found all the same. */
static void
test_other_ids (void)
{
  Lab lab;

  begin (&lab, &app_link);
  fake_channel_lose (lab.a.channel);
  fake_channel_return (lab.a.channel, "a2");
  wait_for (g_strcmp0 (parlor_participant_get_id (parlor_call_get_participant (call_of (&lab.b))), "a2") == 0);
  fake_channel_lose (lab.b.channel);
  fake_channel_return (lab.b.channel, "b2");
  wait_for (g_strcmp0 (parlor_participant_get_id (parlor_call_get_participant (call_of (&lab.a))), "b2") == 0);
  g_assert_true (is_in (&lab.a, PARLOR_CALL_ACTIVE) && is_in (&lab.b, PARLOR_CALL_ACTIVE));
  set_path (&lab, FALSE);
  wait_for_next (&lab, 2);
  fake_peer_show (last_of (&lab.a), BOTH);
  fake_peer_show (last_of (&lab.b), BOTH);
  wait_for_both (&lab, PARLOR_CALL_ACTIVE);
  g_assert_cmpuint (call_of (&lab.b)->generation, ==, 2);
  lab_clear (&lab);
}

/* The connection itself says that it is over. */
static void
test_failed_path (void)
{
  Lab lab;

  begin (&lab, &app_link);
  fake_peer_fail (peer_of (&lab.a), PARLOR_ERROR_UNREACHABLE);
  g_assert_true (is_in (&lab.a, PARLOR_CALL_RECONNECTING));
  set_path (&lab, FALSE);
  wait_for_next (&lab, 2);
  fake_peer_show (last_of (&lab.a), BOTH);
  wait_for (is_in (&lab.a, PARLOR_CALL_ACTIVE));

  /* The ringer has let go of the old one; the word itself may be slower than that. */
  call_of (&lab.b)->renewal->chosen = FALSE;
  fake_peer_fail (peer_of (&lab.b), PARLOR_ERROR_CLOSED);
  g_assert_true (is_in (&lab.b, PARLOR_CALL_RECONNECTING));
  fake_peer_show (last_of (&lab.b), BOTH);
  g_assert_true (is_in (&lab.b, PARLOR_CALL_ACTIVE));
  g_assert_cmpuint (call_of (&lab.b)->generation, ==, 2);

  /* With no next one it is their goodbye. */
  fake_peer_fail (peer_of (&lab.b), PARLOR_ERROR_CLOSED);
  assert_ended (&lab.b, PARLOR_END_REMOTE_HUNG_UP);
  lab_clear (&lab);
}

/* Of the next generation only itself ends, whatever is wrong with it. */
static void
test_failed_next (void)
{
  ParlorDeadlines deadlines = patient;
  Row row = app_link;
  Lab lab;

  deadlines.attempt_ms = 50;
  row.deadlines = &deadlines;
  begin (&lab, &row);
  set_path (&lab, FALSE);
  wait_for_next (&lab, 2);
  fake_peer_fail (last_of (&lab.a), PARLOR_ERROR_FINGERPRINT);
  g_assert_true (is_in (&lab.a, PARLOR_CALL_RECONNECTING));
  fake_peer_factory_set_broken (lab.a.factory, TRUE);
  let_pass (&lab, 60);
  fake_peer_factory_set_broken (lab.a.factory, FALSE);
  wait_for (n_made (&lab.a) >= 3);
  g_assert_true (is_in (&lab.a, PARLOR_CALL_RECONNECTING) && is_in (&lab.b, PARLOR_CALL_RECONNECTING));
  lab_clear (&lab);
}

/* Who hangs up while nothing arrives is heard through the relay: silence confirms it. */
static void
test_hang_up_in_silence (void)
{
  ParlorDeadlines deadlines = patient;
  Row row = app_link;
  Lab lab;

  deadlines.silence_ms = 10;
  row.deadlines = &deadlines;
  begin (&lab, &row);
  set_path (&lab, FALSE);
  wait_for_both (&lab, PARLOR_CALL_RECONNECTING);
  parlor_call_hang_up (call_of (&lab.b));
  assert_ended (&lab.b, PARLOR_END_HUNG_UP);
  assert_ended (&lab.a, PARLOR_END_REMOTE_HUNG_UP);
  lab_clear (&lab);
}

static void
hang_up_when_reconnecting (ParlorCall *call, GParamSpec *pspec, gpointer user_data)
{
  if (parlor_call_get_state (call) == PARLOR_CALL_RECONNECTING)
    parlor_call_hang_up (call);
}

static void
hang_up_now (ParlorCall *call, GParamSpec *pspec, gpointer user_data)
{
  parlor_call_hang_up (call);
}

/* From within: when it says that it reconnects, and when the new peer is shown. */
static void
test_hang_up_within (void)
{
  Lab lab;

  begin (&lab, &app_link);
  g_signal_connect (call_of (&lab.a), "notify::state", G_CALLBACK (hang_up_when_reconnecting), NULL);
  set_path (&lab, FALSE);
  assert_ended (&lab.a, PARLOR_END_HUNG_UP);
  lab_clear (&lab);

  begin (&lab, &app_link);
  set_path (&lab, FALSE);
  wait_for_next (&lab, 2);
  g_signal_connect (call_of (&lab.a), "notify::peer", G_CALLBACK (hang_up_now), NULL);
  fake_peer_show (last_of (&lab.a), BOTH);
  assert_ended (&lab.a, PARLOR_END_HUNG_UP);
  assert_ended (&lab.b, PARLOR_END_REMOTE_HUNG_UP); /* over the next one's channel */
  lab_clear (&lab);
}

/* The network changed: an attempt that was made for the old one is not waited for. */
static void
test_hurry (void)
{
  Lab lab;

  begin (&lab, &app_link);
  parlor_call_hurry (call_of (&lab.a));
  parlor_call_hurry (call_of (&lab.b));
  let_pass (&lab, 60);
  g_assert_true (is_in (&lab.a, PARLOR_CALL_ACTIVE) && is_in (&lab.b, PARLOR_CALL_ACTIVE));

  fake_peer_factory_set_dark (lab.a.factory, TRUE);
  set_path (&lab, FALSE);
  wait_for (call_of (&lab.a)->renewal && call_of (&lab.b)->renewal);
  fake_peer_factory_set_dark (lab.a.factory, FALSE);
  parlor_call_hurry (call_of (&lab.a));
  wait_for_next (&lab, 3);
  lab_clear (&lab);
}

typedef gboolean (*Bend) (Lab *lab, ParlorMessage *message);
static Bend bend_later;
static guint n_bent;

/* The relay is honest in the first generation, and in the second it is not. */
static gboolean
bend_second (Lab *lab, ParlorMessage *message)
{
  if (message->generation != 2)
    return TRUE;
  n_bent += message->type == PARLOR_MESSAGE_OFFER;
  return bend_later (lab, message);
}

static gboolean
swallow_all (Lab *lab, ParlorMessage *message)
{
  return FALSE;
}

static gboolean
swallow_offer (Lab *lab, ParlorMessage *message)
{
  return message->type != PARLOR_MESSAGE_OFFER;
}

/* The offer never reached them: they say so by asking for its generation, and after a while they are believed. */
static void
test_lost_offer (void)
{
  ParlorDeadlines deadlines = patient;
  Row row = app_link;
  Lab lab;

  deadlines.attempt_ms = 2 * WAIT_MS; /* which is not waited for */
  row.deadlines = &deadlines;
  row.bend = bend_second;
  bend_later = swallow_offer;
  n_bent = 0;
  begin (&lab, &row);
  set_path (&lab, FALSE);
  wait_for_next (&lab, 3);
  g_assert_cmpuint (n_bent, ==, 1);
  lab_clear (&lab);
}

/* --- a relay that lies --- */

static void
deliver_renew (Lab *lab, const char *from, const char *to, guint generation)
{
  g_autoptr (ParlorMessage) renew = parlor_message_new_addressed (PARLOR_MESSAGE_RENEW, to, parlor_call_get_id (call_of (&lab->a)));

  renew->from = g_strdup (from);
  renew->generation = generation;
  fake_relay_deliver (lab->relay, renew);
}

/* Nobody misses anything: a renew of the relay's own is nothing. */
static void
test_forged_renew (void)
{
  Lab lab;

  begin (&lab, &app_link);
  for (guint generation = 0; generation < 20; generation++)
    {
      deliver_renew (&lab, "a", "b", generation);
      deliver_renew (&lab, "b", "a", generation);
    }
  let_pass (&lab, 60);
  g_assert_true (is_in (&lab.a, PARLOR_CALL_ACTIVE) && is_in (&lab.b, PARLOR_CALL_ACTIVE));
  g_assert_cmpuint (n_made (&lab.a) + n_made (&lab.b), ==, 2);
  lab_clear (&lab);
}

static gboolean
keep_offer (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_OFFER && !lab->kept)
    lab->kept = parlor_message_copy (message);
  return TRUE;
}

/* The first offer again, under the number of a later one; and that of somebody who has no key, or another one. */
static void
test_forged_offers (void)
{
  static const Row row = { "forged-offers", APP_LINK, APP_LINK, keep_offer, .deadlines = &patient };
  static const Holding holdings[] = { NOTHING, WEB_LINK, OTHER_LINK };
  Lab lab;

  begin (&lab, &row);
  for (guint generation = 1; generation < 4; generation++)
    {
      lab.kept->generation = generation;
      fake_relay_deliver (lab.relay, lab.kept);
    }
  for (guint i = 0; i < G_N_ELEMENTS (holdings); i++)
    {
      g_autoptr (ParlorCallKeys) keys = new_keys (holdings[i], "room");
      g_autoptr (ParlorHandshake) handshake = parlor_handshake_new (keys, "a", "b", lab.kept->call, 2, TRUE);
      g_autoptr (ParlorMessage) offer = parlor_message_new_addressed (PARLOR_MESSAGE_OFFER, "b", lab.kept->call);

      offer->from = g_strdup ("a");
      offer->generation = 2;
      offer->description.sdp = g_strdup (lab.kept->description.sdp);
      parlor_handshake_seal_offer (handshake, offer);
      fake_relay_deliver (lab.relay, offer);
      if (holdings[i] == WEB_LINK)
        {
          offer->description.proof_by = PARLOR_PROOF_APP; /* ... which it is not */
          fake_relay_deliver (lab.relay, offer);
        }
    }
  let_pass (&lab, 40);
  g_assert_true (is_in (&lab.a, PARLOR_CALL_ACTIVE) && is_in (&lab.b, PARLOR_CALL_ACTIVE));
  g_assert_cmpuint (n_made (&lab.b), ==, 1);
  lab_clear (&lab);
}

/* Without a key nothing is proved: what is left is the certificate, which must be the one that the call began with. */
static void
test_other_certificate (void)
{
  for (guint keyed = 0; keyed < 2; keyed++)
    {
      const Row row = { "other-certificate", keyed ? APP_LINK : NOTHING, keyed ? APP_LINK : NOTHING, keep_offer, .deadlines = &patient };
      g_autoptr (ParlorCallKeys) keys = new_keys (row.a, "room");
      g_autoptr (ParlorHandshake) handshake = NULL;
      g_autoptr (ParlorMessage) offer = NULL;
      g_autoptr (FakePeer) made = NULL;
      Lab lab;

      begin (&lab, &row);
      handshake = parlor_handshake_new (keys, "a", "b", lab.kept->call, 2, TRUE);
      offer = parlor_message_new_addressed (PARLOR_MESSAGE_OFFER, "b", lab.kept->call);
      offer->from = g_strdup ("a");
      offer->generation = 2;
      offer->description.sdp = g_strdup (lab.kept->description.sdp);
      memcpy (strstr (offer->description.sdp, "sha-256 AA"), "sha-256 EE", strlen ("sha-256 EE"));
      parlor_handshake_seal_offer (handshake, offer);
      fake_relay_deliver (lab.relay, offer);
      wait_for (n_made (&lab.b) == 2); /* it went as far as the peer, which looks at the certificate */
      wait_for (!call_of (&lab.b)->renewal);
      g_assert_true (is_in (&lab.b, PARLOR_CALL_ACTIVE));
      g_assert_cmpuint (fake_channel_count_sent (lab.b.channel, PARLOR_MESSAGE_ANSWER), ==, 1);
      g_assert_cmpuint (fake_peer_factory_get_n_connected (lab.b.factory), ==, 1);

      /* Where anybody can make one, another one right behind it is not even looked at: nobody misses anything. */
      offer->generation = 3;
      fake_relay_deliver (lab.relay, offer);
      let_pass (&lab, 20);
      g_assert_cmpuint (n_made (&lab.b), ==, 2);
      lab_clear (&lab);
    }
}

static gboolean
offer_by_web_link (Lab *lab, ParlorMessage *message)
{
  return offer_by_guest (lab, message);
}

static gboolean
renumber (Lab *lab, ParlorMessage *message)
{
  message->generation = 7;
  return TRUE;
}

/* Whatever it does to the second generation harms only that one: the third takes over, and both are who they were. */
static void
test_bent_renewals (void)
{
  static const Bend bends[] = {
    offer_with_other_fingerprint,
    answer_with_other_fingerprint,
    longer_offer,
    answer_in_capitals,
    offer_without_proof,
    answer_without_proof,
    offer_by_web_link,
    renumber,
    swallow_all,
  };
  ParlorDeadlines deadlines = patient;
  Row row = app_link;

  deadlines.attempt_ms = 60;
  row.deadlines = &deadlines;
  row.bend = bend_second;
  for (guint i = 0; i < G_N_ELEMENTS (bends); i++)
    {
      Lab lab;

      bend_later = bends[i];
      n_bent = 0;
      begin (&lab, &row);
      set_path (&lab, FALSE);
      wait_for (call_of (&lab.a)->last_generation >= 3);
      g_assert_cmpuint (n_bent, ==, 1);
      wait_for (call_of (&lab.a)->renewal && call_of (&lab.a)->renewal->heard && call_of (&lab.b)->renewal);
      g_assert_cmpuint (call_of (&lab.a)->renewal->generation, >=, 3);
      fake_peer_show (PARLOR_IS_PEER (call_of (&lab.a)->renewal->peer) ? FAKE_PEER (call_of (&lab.a)->renewal->peer) : NULL, BOTH);
      wait_for (is_in (&lab.a, PARLOR_CALL_ACTIVE));
      wait_for (call_of (&lab.b)->renewal->chosen);
      fake_peer_show (FAKE_PEER (call_of (&lab.b)->renewal->peer), BOTH);
      wait_for_both (&lab, PARLOR_CALL_ACTIVE);
      g_assert_cmpint (parlor_call_get_security (call_of (&lab.a)), ==, PARLOR_SECURITY_APP_LINK);
      g_assert_cmpint (parlor_call_get_security (call_of (&lab.b)), ==, PARLOR_SECURITY_APP_LINK);
      lab_clear (&lab);
    }
}

/* A call in which there is no other path to look for ends as ever. */
static void
test_seed (void)
{
  ParlorDeadlines deadlines = patient;
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_SEED);
  g_autoptr (FakeChannel) here = fake_relay_join (relay, NULL), there = fake_relay_join (relay, NULL);
  g_autoptr (FakePeerFactory) a = fake_peer_factory_new ("AA"), b = fake_peer_factory_new ("BB");
  g_autoptr (ParlorSwitchboard) one = NULL, other = NULL;
  g_autoptr (ParlorCall) call = NULL;

  deadlines.liveness_ms = 100;
  one = parlor_switchboard_new (PARLOR_CHANNEL (here), PARLOR_PEER_FACTORY (a), &deadlines);
  other = parlor_switchboard_new (PARLOR_CHANNEL (there), PARLOR_PEER_FACTORY (b), &deadlines);
  call = g_object_ref (parlor_switchboard_call (one, NULL, PARLOR_MEDIA_AUDIO, NULL));
  wait_for (parlor_switchboard_get_call (other));
  parlor_call_accept (parlor_switchboard_get_call (other), NULL);
  wait_for (parlor_call_get_state (call) >= PARLOR_CALL_ACTIVE);
  wait_for (parlor_call_get_state (call) != PARLOR_CALL_ACTIVE);
  g_assert_cmpint (parlor_call_get_end_reason (call), ==, PARLOR_END_LOST);
  parlor_switchboard_close (one);
  parlor_switchboard_close (other);
  drain ();
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/renew/next-takes-over", test_next_takes_over);
  g_test_add_func ("/renew/old-returns-first", test_old_returns_first);
  g_test_add_func ("/renew/one-way", test_one_way);
  g_test_add_func ("/renew/without-picture", test_without_picture);
  g_test_add_func ("/renew/no-alarm", test_no_alarm);
  g_test_add_func ("/renew/gives-up", test_gives_up);
  g_test_add_func ("/renew/tries-again", test_tries_again);
  g_test_add_func ("/renew/vanished", test_vanished);
  g_test_add_func ("/renew/relay-gone-as-well", test_relay_gone_as_well);
  g_test_add_func ("/renew/other-ids", test_other_ids);
  g_test_add_func ("/renew/failed-path", test_failed_path);
  g_test_add_func ("/renew/failed-next", test_failed_next);
  g_test_add_func ("/renew/hang-up-in-silence", test_hang_up_in_silence);
  g_test_add_func ("/renew/hang-up-within", test_hang_up_within);
  g_test_add_func ("/renew/hurry", test_hurry);
  g_test_add_func ("/renew/lost-offer", test_lost_offer);
  g_test_add_func ("/renew/forged-renew", test_forged_renew);
  g_test_add_func ("/renew/forged-offers", test_forged_offers);
  g_test_add_func ("/renew/other-certificate", test_other_certificate);
  g_test_add_func ("/renew/bent-renewals", test_bent_renewals);
  g_test_add_func ("/renew/seed", test_seed);
  return g_test_run ();
}
