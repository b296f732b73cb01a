/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-peer.h"
#include "fake-relay.h"
#include "parlor-error.h"
#include "parlor-negotiator.h"
#include "parlor-switchboard.h"

/* The state machine, with a relay and peer connections in memory: what is asserted is order and outcome, never time. */

#define WAIT_MS 5000

static const ParlorDeadlines patient = { 60000, 60000, 60000, 60000, 60000, 60000 };

typedef struct
{
  FakeChannel *channel;
  FakePeerFactory *factory;
  ParlorSwitchboard *switchboard;
  ParlorCall *incoming; /* the last one that rang */
  ParlorCall *ended;    /* the last one that ended */
  GString *states;      /* of every call, in order */
} Side;

static void
on_state (ParlorCall *call, GParamSpec *pspec, gpointer user_data)
{
  static const char letters[] = "DRCALE";
  Side *side = user_data;

  g_string_append_c (side->states, letters[parlor_call_get_state (call)]);
}

static void
on_call (ParlorSwitchboard *switchboard, GParamSpec *pspec, gpointer user_data)
{
  ParlorCall *call = parlor_switchboard_get_call (switchboard);

  if (call)
    {
      on_state (call, NULL, user_data);
      g_signal_connect (call, "notify::state", G_CALLBACK (on_state), user_data);
    }
}

static void
on_incoming (ParlorSwitchboard *switchboard, ParlorCall *call, gpointer user_data)
{
  g_set_object (&((Side *) user_data)->incoming, call);
}

static void
on_ended (ParlorSwitchboard *switchboard, ParlorCall *call, gpointer user_data)
{
  g_set_object (&((Side *) user_data)->ended, call);
}

static Side *
side_new (FakeRelay *relay, const char *id, const char *fingerprint, const ParlorDeadlines *deadlines)
{
  Side *side = g_new0 (Side, 1);

  side->states = g_string_new (NULL);
  side->channel = fake_relay_join (relay, id);
  side->factory = fake_peer_factory_new (fingerprint);
  side->switchboard = parlor_switchboard_new (PARLOR_CHANNEL (side->channel), PARLOR_PEER_FACTORY (side->factory), deadlines);
  g_signal_connect (side->switchboard, "notify::call", G_CALLBACK (on_call), side);
  g_signal_connect (side->switchboard, "incoming", G_CALLBACK (on_incoming), side);
  g_signal_connect (side->switchboard, "ended", G_CALLBACK (on_ended), side);
  return side;
}

static void
drain (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* Frees a side and asserts that nothing of it lives on. */
static void
side_free (Side *side)
{
  gpointer weak[] = { side->switchboard, side->channel, side->factory, side->ended };

  for (guint i = 0; i < G_N_ELEMENTS (weak); i++)
    if (weak[i])
      g_object_add_weak_pointer (weak[i], &weak[i]);

  parlor_switchboard_close (side->switchboard);
  g_clear_object (&side->switchboard);
  if (side->ended)
    g_signal_handlers_disconnect_by_data (side->ended, side);
  if (side->incoming)
    g_signal_handlers_disconnect_by_data (side->incoming, side);
  g_clear_object (&side->incoming);
  g_clear_object (&side->ended);
  g_clear_object (&side->channel);
  g_clear_object (&side->factory);
  drain ();
  for (guint i = 0; i < G_N_ELEMENTS (weak); i++)
    g_assert_null (weak[i]);
  g_string_free (side->states, TRUE);
  g_free (side);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Side, side_free)

#define wait_for(condition)                                     \
  G_STMT_START                                                  \
  {                                                             \
    gint64 wait_end = g_get_monotonic_time () + WAIT_MS * 1000; \
    guint wait_source = g_timeout_add (WAIT_MS, wake, NULL);    \
    while (!(condition) && g_get_monotonic_time () < wait_end)  \
      g_main_context_iteration (NULL, TRUE);                    \
    g_source_remove (wait_source);                              \
    g_assert_true (condition);                                  \
  }                                                             \
  G_STMT_END

static gboolean
wake (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static gboolean
is_in (Side *side, ParlorCallState state)
{
  ParlorCall *call = parlor_switchboard_get_call (side->switchboard);

  return call && parlor_call_get_state (call) == state;
}

static ParlorParticipant *
first_participant (Side *side)
{
  GListModel *model = parlor_switchboard_get_participants (side->switchboard);
  g_autoptr (ParlorParticipant) participant = g_list_model_get_item (model, 0);

  return participant;
}

static ParlorCall *
dial (Side *side)
{
  g_autoptr (GError) error = NULL;
  ParlorCall *call;

  wait_for (parlor_channel_get_dialect (PARLOR_CHANNEL (side->channel)) == PARLOR_DIALECT_SEED || first_participant (side));
  call = parlor_switchboard_call (side->switchboard, first_participant (side), PARLOR_MEDIA_AUDIO | PARLOR_MEDIA_VIDEO, &error);
  g_assert_no_error (error);
  return call;
}

static void
accept_ring (Side *side)
{
  g_autoptr (GError) error = NULL;

  wait_for (is_in (side, PARLOR_CALL_RINGING));
  parlor_call_accept (parlor_switchboard_get_call (side->switchboard), &error);
  g_assert_no_error (error);
}

static void
talk (Side *caller, Side *callee)
{
  dial (caller);
  accept_ring (callee);
  wait_for (is_in (caller, PARLOR_CALL_ACTIVE) && is_in (callee, PARLOR_CALL_ACTIVE));
  drain ();
}

static void
assert_ended (Side *side, ParlorEndReason reason)
{
  wait_for (side->ended && !parlor_switchboard_get_call (side->switchboard));
  g_assert_cmpstr (parlor_end_reason_to_string (parlor_call_get_end_reason (side->ended)), ==,
                   parlor_end_reason_to_string (reason));
}

static void
test_call (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
  g_autoptr (Side) b = side_new (relay, "b", "BB", &patient);

  dial (a);
  wait_for (is_in (b, PARLOR_CALL_RINGING));
  drain ();
  /* Nothing is made, and nothing leaves, before accept. */
  g_assert_cmpuint (fake_peer_factory_get_n_made (a->factory), ==, 0);
  g_assert_cmpuint (fake_peer_factory_get_n_made (b->factory), ==, 0);
  g_assert_cmpuint (fake_channel_get_sent (b->channel)->len, ==, 0);
  g_assert_cmpuint (fake_channel_get_sent (a->channel)->len, ==, 1);

  accept_ring (b);
  wait_for (is_in (a, PARLOR_CALL_ACTIVE) && is_in (b, PARLOR_CALL_ACTIVE));
  g_assert_cmpuint (fake_channel_count_sent (a->channel, PARLOR_MESSAGE_OFFER), ==, 1);
  g_assert_cmpuint (fake_channel_count_sent (b->channel, PARLOR_MESSAGE_ANSWER), ==, 1);
  g_assert_cmpint (parlor_call_get_active_since (parlor_switchboard_get_call (a->switchboard)), >, 0);
  wait_for (parlor_participant_get_in_call (first_participant (a)) == FALSE); /* the fake relay does not tell in-call */

  parlor_call_hang_up (parlor_switchboard_get_call (a->switchboard));
  assert_ended (a, PARLOR_END_HUNG_UP);
  assert_ended (b, PARLOR_END_REMOTE_HUNG_UP);
  g_assert_cmpstr (a->states->str, ==, "DCAE");
  g_assert_cmpstr (b->states->str, ==, "RCAE");
  g_assert_false (parlor_end_reason_is_failure (parlor_call_get_end_reason (a->ended)));
  g_assert_false (parlor_end_reason_is_failure (parlor_call_get_end_reason (b->ended)));
}

static void
test_again (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
  g_autoptr (Side) b = side_new (relay, "b", "BB", &patient);

  for (guint i = 0; i < 10; i++)
    {
      Side *caller = i % 2 ? a : b, *callee = i % 2 ? b : a;

      talk (caller, callee);
      parlor_call_hang_up (parlor_switchboard_get_call (i % 3 ? a->switchboard : b->switchboard));
      wait_for (!parlor_switchboard_get_call (a->switchboard) && !parlor_switchboard_get_call (b->switchboard));
    }
}

static void
test_decline (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
  g_autoptr (Side) b = side_new (relay, "b", "BB", &patient);
  g_autoptr (GError) error = NULL;

  dial (a);
  wait_for (is_in (b, PARLOR_CALL_RINGING));
  g_assert_true (parlor_call_decline (b->incoming, PARLOR_DECLINE_DECLINED, NULL));
  assert_ended (a, PARLOR_END_DECLINED);
  assert_ended (b, PARLOR_END_DECLINED);
  g_assert_cmpuint (fake_peer_factory_get_n_made (a->factory) + fake_peer_factory_get_n_made (b->factory), ==, 0);

  g_assert_false (parlor_call_accept (b->incoming, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_STATE);
}

static void
test_busy (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
  g_autoptr (Side) b = side_new (relay, "b", "BB", &patient);
  g_autoptr (Side) c = side_new (relay, "c", "CC", &patient);

  talk (a, b);
  dial (c); /* rings a: the first in the room */
  assert_ended (c, PARLOR_END_BUSY);
  g_assert_true (is_in (a, PARLOR_CALL_ACTIVE));
  g_assert_true (is_in (b, PARLOR_CALL_ACTIVE));
}

static void
test_cancel (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
  g_autoptr (Side) b = side_new (relay, "b", "BB", &patient);

  parlor_call_hang_up (dial (a));
  assert_ended (a, PARLOR_END_CANCELLED);
  assert_ended (b, PARLOR_END_CANCELLED);

  /* Accept and cancel cross on the way. */
  g_clear_object (&a->ended);
  g_clear_object (&b->ended);
  dial (a);
  wait_for (is_in (b, PARLOR_CALL_RINGING));
  parlor_call_accept (parlor_switchboard_get_call (b->switchboard), NULL);
  parlor_call_hang_up (parlor_switchboard_get_call (a->switchboard));
  assert_ended (a, PARLOR_END_CANCELLED);
  assert_ended (b, PARLOR_END_CANCELLED);
}

static void
test_no_answer (void)
{
  const ParlorDeadlines hasty = { 20, 60000, 60000, 60000, 60000, 60000 };
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &hasty);
  g_autoptr (Side) b = side_new (relay, "b", "BB", &patient);
  g_autoptr (Side) c = NULL;

  dial (a);
  assert_ended (a, PARLOR_END_NO_ANSWER);
  assert_ended (b, PARLOR_END_CANCELLED);

  /* The one who is rung has a deadline of its own. */
  c = side_new (relay, "c", "CC", &hasty);
  wait_for (g_list_model_get_n_items (parlor_switchboard_get_participants (b->switchboard)) == 2);
  {
    g_autoptr (ParlorParticipant) last = g_list_model_get_item (parlor_switchboard_get_participants (b->switchboard), 1);

    parlor_switchboard_call (b->switchboard, last, PARLOR_MEDIA_AUDIO, NULL);
  }
  assert_ended (c, PARLOR_END_NO_ANSWER);
  assert_ended (b, PARLOR_END_NO_ANSWER);
}

static void
test_phase_deadlines (void)
{
  const ParlorDeadlines hasty = { 60000, 20, 20, 60000, 60000, 60000 };
  const ParlorDeadlines no_path = { 60000, 60000, 60000, 20, 60000, 60000 };
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &hasty);
  g_autoptr (FakeChannel) silent = fake_relay_join (relay, "s");
  g_autofree char *accept = NULL;
  ParlorCall *call = dial (a);

  accept = g_strdup_printf ("{\"type\":\"accept\",\"from\":\"s\",\"to\":\"a\",\"call\":\"%s\"}", parlor_call_get_id (call));
  fake_channel_receive (a->channel, accept);
  assert_ended (a, PARLOR_END_ANSWER_TIMEOUT);
  g_assert_cmpuint (fake_channel_count_sent (a->channel, PARLOR_MESSAGE_OFFER), ==, 1);
  g_assert_cmpuint (fake_channel_count_sent (a->channel, PARLOR_MESSAGE_BYE), ==, 1);

  g_clear_object (&a->ended);
  fake_channel_receive (a->channel, "{\"type\":\"ring\",\"from\":\"s\",\"to\":\"a\",\"call\":\"ABEiM0RVZneImaq7zN3u_w\","
                                    "\"media\":{\"audio\":true,\"video\":true}}");
  accept_ring (a);
  assert_ended (a, PARLOR_END_OFFER_TIMEOUT);
  fake_relay_leave (relay, silent);

  {
    g_autoptr (FakeRelay) other_relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
    g_autoptr (Side) c = side_new (other_relay, "c", "CC", &no_path);
    g_autoptr (Side) d = side_new (other_relay, "d", "DD", &patient);

    fake_peer_factory_set_dark (c->factory, TRUE);
    dial (c);
    accept_ring (d);
    assert_ended (c, PARLOR_END_CONNECT_TIMEOUT);
    assert_ended (d, PARLOR_END_CONNECT_FAILED); /* it heard why */
  }
}

static void
test_vanishing (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
  g_autoptr (Side) b = side_new (relay, "b", "BB", &patient);

  /* A peer that rings and vanishes. */
  dial (a);
  wait_for (is_in (b, PARLOR_CALL_RINGING));
  fake_relay_leave (relay, a->channel);
  assert_ended (b, PARLOR_END_PEER_LEFT);
  g_assert_cmpuint (g_list_model_get_n_items (parlor_switchboard_get_participants (b->switchboard)), ==, 0);

  /* The relay goes while it rings, and does not come back. */
  parlor_switchboard_set_patience (a->switchboard, 1);
  fake_channel_lose (a->channel);
  assert_ended (a, PARLOR_END_RELAY_LOST);
}

static void
test_relay_dies_in_call (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
  g_autoptr (Side) b = side_new (relay, "b", "BB", &patient);
  ParlorCall *call;

  talk (a, b);
  fake_channel_lose (a->channel);
  fake_channel_lose (b->channel);
  drain ();
  g_assert_true (is_in (a, PARLOR_CALL_ACTIVE));
  g_assert_true (is_in (b, PARLOR_CALL_ACTIVE));

  /* Words still go over the data channel. */
  call = parlor_switchboard_get_call (b->switchboard);
  parlor_call_set_local_media (parlor_switchboard_get_call (a->switchboard), PARLOR_MEDIA_AUDIO);
  wait_for (!parlor_participant_get_video (parlor_call_get_participant (call)));
  g_assert_true (parlor_participant_get_audio (parlor_call_get_participant (call)));
  parlor_call_hang_up (parlor_switchboard_get_call (a->switchboard));
  assert_ended (b, PARLOR_END_REMOTE_HUNG_UP);
}

static void
test_forged_ends (void)
{
  static const char *const types[] = { "bye", "cancel" };
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
  g_autoptr (Side) b = side_new (relay, "b", "BB", &patient);
  const char *call_id;

  talk (a, b);
  fake_peer_set_last_activity (fake_peer_factory_get_last (a->factory), G_MAXINT64); /* they are heard all the time */
  call_id = parlor_call_get_id (parlor_switchboard_get_call (a->switchboard));
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autofree char *text = g_strdup_printf ("{\"type\":\"%s\",\"from\":\"b\",\"to\":\"a\",\"call\":\"%s\"}", types[i], call_id);

      fake_channel_receive (a->channel, text);
    }
  fake_channel_receive (a->channel, "{\"type\":\"left\",\"id\":\"b\"}");
  fake_channel_receive (a->channel, "{\"type\":\"error\",\"code\":\"no-such-peer\",\"about\":\"ring\"}");
  drain ();
  /* The only sources left are the checks of liveness. */
  for (guint i = 0; i < 4; i++)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (is_in (a, PARLOR_CALL_ACTIVE));
}

/* The relay says bye, and then nothing comes any more: so it was true. */
static void
test_rumour_and_silence (void)
{
  const ParlorDeadlines deadlines = { 60000, 60000, 60000, 60000, 60000, 1 };
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &deadlines);
  g_autoptr (Side) b = side_new (relay, "b", "BB", &patient);

  talk (a, b);
  fake_relay_leave (relay, b->channel);
  assert_ended (a, PARLOR_END_REMOTE_HUNG_UP);
}

static void
test_bye_through_relay (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
  g_autoptr (Side) b = side_new (relay, "b", "BB", &patient);

  fake_peer_factory_set_mute_data (a->factory, TRUE);
  fake_peer_factory_set_mute_data (b->factory, TRUE);
  talk (a, b);
  parlor_call_hang_up (parlor_switchboard_get_call (b->switchboard));
  assert_ended (a, PARLOR_END_REMOTE_HUNG_UP);
}

static void
test_glare (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
  g_autoptr (Side) b = side_new (relay, "b", "BB", &patient);

  wait_for (first_participant (a) && first_participant (b));
  dial (b);
  parlor_switchboard_call (a->switchboard, first_participant (a), PARLOR_MEDIA_AUDIO, NULL);
  wait_for (is_in (a, PARLOR_CALL_ACTIVE) && is_in (b, PARLOR_CALL_ACTIVE));
  g_assert_cmpstr (parlor_call_get_id (parlor_switchboard_get_call (a->switchboard)), ==,
                   parlor_call_get_id (parlor_switchboard_get_call (b->switchboard)));
  /* The ring of the bytewise smaller id stands. */
  g_assert_cmpuint (fake_channel_count_sent (a->channel, PARLOR_MESSAGE_OFFER), ==, 1);
  g_assert_cmpuint (fake_channel_count_sent (b->channel, PARLOR_MESSAGE_OFFER), ==, 0);
  g_assert_null (a->incoming);
  g_assert_null (b->incoming);
  g_assert_cmpstr (b->states->str, ==, "DCA"); /* it rang, but nobody was asked */
  g_assert_false (parlor_call_get_incoming (parlor_switchboard_get_call (a->switchboard)));
  g_assert_true (parlor_call_get_incoming (parlor_switchboard_get_call (b->switchboard)));
  g_assert_cmpint (parlor_call_get_offered_media (parlor_switchboard_get_call (b->switchboard)), ==, PARLOR_MEDIA_AUDIO);
}

static void
test_seed_glare (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_SEED);
  g_autoptr (Side) a = side_new (relay, NULL, "AA", &patient);
  g_autoptr (Side) b = side_new (relay, NULL, "BB", &patient);

  dial (b);
  dial (a);
  wait_for (is_in (a, PARLOR_CALL_ACTIVE) && is_in (b, PARLOR_CALL_ACTIVE));
  g_assert_cmpuint (fake_channel_count_sent (a->channel, PARLOR_MESSAGE_ANSWER), ==, 0);
  g_assert_cmpuint (fake_channel_count_sent (b->channel, PARLOR_MESSAGE_ANSWER), ==, 1);
}

static void
test_seed (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_SEED);
  g_autoptr (Side) a = side_new (relay, NULL, "AA", &patient);
  g_autoptr (Side) b = side_new (relay, NULL, "BB", &patient);
  g_autoptr (Side) strict = side_new (relay, NULL, "CC", &patient);

  parlor_switchboard_set_allow_seed (strict->switchboard, FALSE);
  dial (a);
  wait_for (is_in (b, PARLOR_CALL_RINGING));
  drain ();
  g_assert_cmpuint (fake_peer_factory_get_n_made (b->factory), ==, 0);
  g_assert_cmpuint (fake_channel_get_sent (b->channel)->len, ==, 0);
  g_assert_null (strict->incoming);

  accept_ring (b);
  wait_for (is_in (a, PARLOR_CALL_ACTIVE) && is_in (b, PARLOR_CALL_ACTIVE));
  g_assert_cmpstr (a->states->str, ==, "DCA");
  /* The answer carries the candidates: the seed's sender page reads no others. */
  {
    gboolean found = FALSE;
    GPtrArray *sent = fake_channel_get_sent (b->channel);

    for (guint i = 0; i < sent->len; i++)
      {
        const char *text = g_ptr_array_index (sent, i);

        found = found || (g_strstr_len (text, -1, "\"answer\"") && g_strstr_len (text, -1, "a=candidate:1 "));
      }
    g_assert_true (found);
  }

  g_assert_null (parlor_switchboard_call (strict->switchboard, NULL, PARLOR_MEDIA_AUDIO, NULL));
  fake_peer_fail (fake_peer_factory_get_last (a->factory), PARLOR_ERROR_CLOSED);
  assert_ended (a, PARLOR_END_REMOTE_HUNG_UP);
}

static void
test_end_reasons (void)
{
  static const struct
  {
    int code;
    ParlorEndReason reason;
  } cases[] = {
    { PARLOR_ERROR_BAD_SDP, PARLOR_END_BAD_SDP },
    { PARLOR_ERROR_NO_FINGERPRINT, PARLOR_END_FINGERPRINT_MISSING },
    { PARLOR_ERROR_FINGERPRINT, PARLOR_END_FINGERPRINT_MISMATCH },
    { PARLOR_ERROR_MEDIA, PARLOR_END_MEDIA_FAILED },
    { PARLOR_ERROR_UNREACHABLE, PARLOR_END_CONNECT_FAILED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint offerer_fails = 0; offerer_fails < 2; offerer_fails++)
      {
        g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
        g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
        g_autoptr (Side) b = side_new (relay, "b", "BB", &patient);

        fake_peer_factory_fail_with (offerer_fails ? a->factory : b->factory, cases[i].code);
        dial (a);
        accept_ring (b);
        assert_ended (offerer_fails ? a : b, cases[i].reason);
        /* The other side is told, and does not wait for a deadline. */
        assert_ended (offerer_fails ? b : a,
                      cases[i].reason == PARLOR_END_CONNECT_FAILED ? PARLOR_END_CONNECT_FAILED : PARLOR_END_REMOTE_HUNG_UP);
        g_assert_true (parlor_end_reason_is_failure (cases[i].reason));
      }
}

static void
test_lost (void)
{
  const ParlorDeadlines deadlines = { 60000, 60000, 60000, 60000, 5, 60000 };
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &deadlines);
  g_autoptr (Side) b = side_new (relay, "b", "BB", &patient);

  talk (a, b);
  fake_peer_set_last_activity (fake_peer_factory_get_last (a->factory), G_MAXINT64);
  /* The only sources left are the two checks of liveness: each blocking turn is one of them. */
  for (guint i = 0; i < 4; i++)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (is_in (a, PARLOR_CALL_ACTIVE));

  /* The negative control: now it is heard of no more. */
  fake_peer_set_last_activity (fake_peer_factory_get_last (a->factory), 0);
  assert_ended (a, PARLOR_END_LOST);
}

static void
test_many_candidates (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
  g_autoptr (Side) b = side_new (relay, "b", "BB", &patient);
  const char *call_id;

  dial (a);
  call_id = parlor_call_get_id (parlor_switchboard_get_call (a->switchboard));
  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *text = g_strdup_printf (
        "{\"type\":\"ice\",\"from\":\"b\",\"to\":\"a\",\"call\":\"%s\",\"generation\":1,\"candidate\":{\"candidate\":"
        "\"candidate:%u 1 UDP 1 192.0.2.1 9 typ host\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}}",
        call_id, i);

      fake_channel_receive (a->channel, text);
    }
  drain ();
  accept_ring (b);
  wait_for (is_in (a, PARLOR_CALL_ACTIVE) && is_in (b, PARLOR_CALL_ACTIVE));
  /* 64 that waited, and the one that b sent itself. */
  g_assert_cmpuint (fake_peer_get_n_candidates (fake_peer_factory_get_last (a->factory)), <=, PARLOR_NEGOTIATOR_MAX_WAITING + 1);

  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *text = g_strdup_printf (
        "{\"type\":\"ice\",\"from\":\"b\",\"to\":\"a\",\"call\":\"%s\",\"generation\":1,\"candidate\":{\"candidate\":"
        "\"candidate:%u 1 UDP 1 192.0.2.1 9 typ host\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}}",
        call_id, i);

      fake_channel_receive (a->channel, text);
    }
  drain ();
  g_assert_cmpuint (fake_peer_get_n_candidates (fake_peer_factory_get_last (a->factory)), <=, PARLOR_NEGOTIATOR_MAX_CANDIDATES);
  g_assert_true (is_in (a, PARLOR_CALL_ACTIVE));
}

/* Whatever comes, out of order and from anybody: no peer connection, no crash, no call that nobody accepted. */
static void
test_strays (void)
{
  static const char *const strays[] = {
    "{\"type\":\"accept\",\"from\":\"s\",\"to\":\"a\",\"call\":\"ABEiM0RVZneImaq7zN3u_w\"}",
    "{\"type\":\"decline\",\"from\":\"s\",\"to\":\"a\",\"call\":\"ABEiM0RVZneImaq7zN3u_w\",\"reason\":\"busy\"}",
    "{\"type\":\"cancel\",\"from\":\"s\",\"to\":\"a\",\"call\":\"ABEiM0RVZneImaq7zN3u_w\"}",
    "{\"type\":\"answer\",\"from\":\"s\",\"to\":\"a\",\"call\":\"ABEiM0RVZneImaq7zN3u_w\",\"generation\":1,\"sdp\":\"v=0\"}",
    "{\"type\":\"bye\",\"from\":\"s\",\"to\":\"a\",\"call\":\"ABEiM0RVZneImaq7zN3u_w\"}",
    "{\"type\":\"ice\",\"from\":\"s\",\"to\":\"a\",\"call\":\"ABEiM0RVZneImaq7zN3u_w\",\"generation\":1,\"candidate\":null}",
    "{\"type\":\"ring\",\"from\":\"nobody\",\"to\":\"a\",\"call\":\"ABEiM0RVZneImaq7zN3u_w\",\"media\":{\"audio\":true,\"video\":true}}",
    "{\"type\":\"left\",\"id\":\"nobody\"}",
    "{\"type\":\"in-call\",\"id\":\"nobody\",\"in_call\":true}",
    "{\"type\":\"state\",\"audio\":true,\"video\":true}",
    "{\"type\":\"error\",\"code\":\"unexpected\",\"about\":\"offer\"}",
    "{\"type\":\"not-yet-invented\",\"from\":\"s\",\"to\":\"a\"}",
  };
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
  g_autoptr (FakeChannel) stranger = fake_relay_join (relay, "s");

  wait_for (first_participant (a));
  for (guint i = 0; i < G_N_ELEMENTS (strays); i++)
    fake_channel_receive (a->channel, strays[i]);
  drain ();
  g_assert_null (parlor_switchboard_get_call (a->switchboard));
  g_assert_null (a->incoming);
  g_assert_cmpuint (fake_peer_factory_get_n_made (a->factory), ==, 0);
  g_assert_cmpuint (fake_channel_get_sent (a->channel)->len, ==, 0);

  /* An offer that nobody asked for is told so. */
  fake_channel_receive (a->channel, "{\"type\":\"offer\",\"from\":\"s\",\"to\":\"a\",\"call\":\"ABEiM0RVZneImaq7zN3u_w\","
                                    "\"generation\":1,\"sdp\":\"v=0\"}");
  drain ();
  g_assert_cmpuint (fake_channel_count_sent (a->channel, PARLOR_MESSAGE_ERROR), ==, 1);
  g_assert_cmpuint (fake_peer_factory_get_n_made (a->factory), ==, 0);

  /* The same while a ring of ours is out: none of it is the accept of the one we rang. */
  dial (a);
  for (guint i = 0; i < G_N_ELEMENTS (strays); i++)
    if (!g_strstr_len (strays[i], -1, "\"error\""))
      fake_channel_receive (a->channel, strays[i]);
  drain ();
  g_assert_true (is_in (a, PARLOR_CALL_DIALING));
  g_assert_cmpuint (fake_peer_factory_get_n_made (a->factory), ==, 0);
  fake_relay_leave (relay, stranger);
  assert_ended (a, PARLOR_END_PEER_LEFT);
}

static void
test_call_the_ringer (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
  g_autoptr (Side) b = side_new (relay, "b", "BB", &patient);

  dial (a);
  wait_for (is_in (b, PARLOR_CALL_RINGING));
  dial (b);
  wait_for (is_in (a, PARLOR_CALL_ACTIVE) && is_in (b, PARLOR_CALL_ACTIVE));
  g_assert_cmpuint (fake_channel_count_sent (b->channel, PARLOR_MESSAGE_RING), ==, 0);
}

static void
test_nobody (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
  g_autoptr (Side) b = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (parlor_switchboard_call (a->switchboard, NULL, PARLOR_MEDIA_AUDIO, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_STATE);
  g_clear_error (&error);

  b = side_new (relay, "b", "BB", &patient);
  dial (a);
  g_assert_null (parlor_switchboard_call (a->switchboard, first_participant (a), PARLOR_MEDIA_AUDIO, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_STATE);
}

/* In the seed's dialect the peer is made at once: who dials learns of its failure from the return as well. */
static void
test_fails_at_once (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_SEED);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
  g_autoptr (GError) error = NULL;

  wait_for (parlor_channel_get_state (PARLOR_CHANNEL (a->channel)) == PARLOR_CHANNEL_OPEN);
  fake_peer_factory_set_broken (a->factory, TRUE);
  g_assert_null (parlor_switchboard_call (a->switchboard, NULL, PARLOR_MEDIA_AUDIO, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_FAILED);
  assert_ended (a, PARLOR_END_MEDIA_FAILED);
}

static void
hang_up_when_connecting (ParlorCall *call, GParamSpec *pspec, gpointer user_data)
{
  if (parlor_call_get_state (call) == PARLOR_CALL_CONNECTING)
    parlor_call_hang_up (call);
}

/* Nobody but the switchboard holds the call, which ends while it says that it connects: on both sides, by accepting and by being accepted. */
static void
test_hang_up_within (void)
{
  for (guint ringer_ends = 0; ringer_ends < 2; ringer_ends++)
    {
      g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
      g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
      g_autoptr (Side) b = side_new (relay, "b", "BB", &patient);
      Side *side = ringer_ends ? a : b;

      g_signal_handlers_disconnect_by_data (side->switchboard, side);
      dial (a);
      wait_for (is_in (b, PARLOR_CALL_RINGING));
      g_signal_connect (parlor_switchboard_get_call (side->switchboard), "notify::state",
                        G_CALLBACK (hang_up_when_connecting), NULL);
      accept_ring (b);
      wait_for (!parlor_switchboard_get_call (a->switchboard) && !parlor_switchboard_get_call (b->switchboard));
      g_assert_cmpuint (fake_peer_factory_get_n_made (side->factory), ==, 0);
    }
}

/* A relay that lies about who is there: ourselves, or more than a room holds. */
static void
test_crowd (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a", "AA", &patient);
  GListModel *participants = parlor_switchboard_get_participants (a->switchboard);

  fake_channel_receive (a->channel, "{\"type\":\"joined\",\"peer\":{\"id\":\"a\",\"name\":\"Me\"}}");
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *text = g_strdup_printf ("{\"type\":\"joined\",\"peer\":{\"id\":\"p%u\",\"name\":\"P\"}}", i);

      fake_channel_receive (a->channel, text);
    }
  drain ();
  g_assert_cmpuint (g_list_model_get_n_items (participants), ==, 256);
  g_assert_cmpstr (parlor_participant_get_id (first_participant (a)), ==, "p0");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/call/ring-accept-talk-hang-up", test_call);
  g_test_add_func ("/call/ten-in-a-row", test_again);
  g_test_add_func ("/call/decline", test_decline);
  g_test_add_func ("/call/busy", test_busy);
  g_test_add_func ("/call/cancel", test_cancel);
  g_test_add_func ("/call/no-answer", test_no_answer);
  g_test_add_func ("/call/phase-deadlines", test_phase_deadlines);
  g_test_add_func ("/call/vanishing", test_vanishing);
  g_test_add_func ("/call/relay-dies-in-call", test_relay_dies_in_call);
  g_test_add_func ("/call/forged-ends", test_forged_ends);
  g_test_add_func ("/call/bye-through-relay", test_bye_through_relay);
  g_test_add_func ("/call/rumour-and-silence", test_rumour_and_silence);
  g_test_add_func ("/call/glare", test_glare);
  g_test_add_func ("/call/call-the-ringer", test_call_the_ringer);
  g_test_add_func ("/call/seed", test_seed);
  g_test_add_func ("/call/seed-glare", test_seed_glare);
  g_test_add_func ("/call/end-reasons", test_end_reasons);
  g_test_add_func ("/call/lost", test_lost);
  g_test_add_func ("/call/many-candidates", test_many_candidates);
  g_test_add_func ("/call/strays", test_strays);
  g_test_add_func ("/call/nobody", test_nobody);
  g_test_add_func ("/call/fails-at-once", test_fails_at_once);
  g_test_add_func ("/call/hang-up-within", test_hang_up_within);
  g_test_add_func ("/call/crowd", test_crowd);
  return g_test_run ();
}
