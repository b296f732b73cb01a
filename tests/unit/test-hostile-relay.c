/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostile-lab.h"

#include <string.h>

#include "parlor-error.h"

/*
 * What a relay can do to two who trust only their invite: one row an attack, with what each side must find and what it shows.
 *
 * The relay sees and changes every message; where it is in the middle it has peer connections of its own on both legs. The rows in which
 * it has nothing to fear (no attack; no key) must succeed, and prove that the same relay would get its way.
 */
#define UP PARLOR_END_NONE
#define GONE PARLOR_END_REMOTE_HUNG_UP
#define MISSING PARLOR_END_PROOF_MISSING
#define WRONG PARLOR_END_PROOF_WRONG
#define NOT_KNOWN PARLOR_SECURITY_UNKNOWN
#define NOT_VERIFIED PARLOR_SECURITY_UNVERIFIED
#define BY_WEB PARLOR_SECURITY_WEB_LINK
#define BY_APP PARLOR_SECURITY_APP_LINK

static const Row rows[] = {
  /* Without an attack. */
  { "control/two-apps", APP_LINK, APP_LINK, NULL, UP, UP, BY_APP, BY_APP, SAME_EMOJI },
  { "control/app-calls-guest", APP_LINK, WEB_LINK, NULL, UP, UP, BY_WEB, BY_WEB, SAME_EMOJI },
  { "control/guest-calls-app", WEB_LINK, APP_LINK, NULL, UP, UP, BY_WEB, BY_WEB, SAME_EMOJI },
  { "control/two-guests", WEB_LINK, WEB_LINK, NULL, UP, UP, BY_WEB, BY_WEB, SAME_EMOJI },
  { "control/lobby", NOTHING, NOTHING, NULL, UP, UP, NOT_VERIFIED, NOT_VERIFIED, SAME_EMOJI },
  { "control/two-calls", APP_LINK, APP_LINK, NULL, UP, UP, BY_APP, BY_APP, SAME_EMOJI, .again = TRUE },

  /* Descriptions. */
  { "offer/other-fingerprint", APP_LINK, APP_LINK, offer_with_other_fingerprint, GONE, WRONG },
  { "answer/other-fingerprint", APP_LINK, APP_LINK, answer_with_other_fingerprint, WRONG, GONE },
  { "offer/a-line-more", APP_LINK, APP_LINK, longer_offer, GONE, WRONG },
  { "answer/a-letter", APP_LINK, APP_LINK, answer_in_capitals, WRONG, GONE },

  /* What goes with them. */
  { "offer/no-proof", APP_LINK, APP_LINK, offer_without_proof, GONE, MISSING },
  { "answer/no-proof", APP_LINK, APP_LINK, answer_without_proof, MISSING, GONE },
  { "offer/no-commit", APP_LINK, APP_LINK, offer_without_commit, GONE, MISSING },
  { "answer/no-nonce", APP_LINK, APP_LINK, answer_without_nonce, MISSING, GONE },
  { "downgrade/nothing-but-sdp", APP_LINK, APP_LINK, nothing_but_sdp, GONE, MISSING },
  { "offer/other-commit", APP_LINK, APP_LINK, offer_with_other_commit, GONE, WRONG },
  { "answer/other-nonce", APP_LINK, APP_LINK, answer_with_other_nonce, WRONG, GONE },
  { "guests-proof/none", APP_LINK, WEB_LINK, offer_without_guests_proof, GONE, MISSING },
  { "guests-proof/the-apps", APP_LINK, WEB_LINK, offer_with_other_guests_proof, GONE, WRONG },
  { "they-have-no-key", APP_LINK, NOTHING, NULL, MISSING, GONE },
  { "they-have-another-key", APP_LINK, OTHER_LINK, NULL, GONE, WRONG },

  /* The reveal. The offerer has checked everything before it, and may be up by then. */
  { "reveal/other", APP_LINK, APP_LINK, other_reveal, GONE, PARLOR_END_COMMIT_MISMATCH },
  { "reveal/none", APP_LINK, APP_LINK, no_reveal, GONE, PARLOR_END_REVEAL_TIMEOUT, .reveal_ms = 50 },
  { "reveal/early", APP_LINK, APP_LINK, early_reveal, GONE, PARLOR_END_COMMIT_MISMATCH },

  /* What was right elsewhere. */
  { "replay/earlier-call", APP_LINK, APP_LINK, offer_of_the_first_call, GONE, WRONG, .again = TRUE },
  { "replay/other-room", APP_LINK, APP_LINK, NULL, GONE, WRONG, .other_room = TRUE },
  { "replay/later-generation", APP_LINK, APP_LINK, offer_of_a_later_generation, GONE, WRONG },
  { "replay/other-role", APP_LINK, APP_LINK, offer_as_the_answer, WRONG, GONE },
  { "replay/other-names", APP_LINK, APP_LINK, other_names, GONE, WRONG },
  { "forged-bye", APP_LINK, APP_LINK, bye_with_the_offer, ANY, GONE },

  /* What is of another generation is nobody's. */
  { "stray/answer", APP_LINK, APP_LINK, stray_answer, UP, UP, BY_APP, BY_APP, SAME_EMOJI },
  { "stray/answer-in-the-lobby", NOTHING, NOTHING, stray_answer, UP, UP, NOT_VERIFIED, NOT_VERIFIED, SAME_EMOJI },
  { "stray/reveal", APP_LINK, APP_LINK, stray_reveal, UP, UP, BY_APP, BY_APP, SAME_EMOJI },
  { "stray/candidates", APP_LINK, APP_LINK, stray_candidates, UP, UP, BY_APP, BY_APP, SAME_EMOJI },

  /* In the middle, with keys or without. */
  { "middle/no-key", APP_LINK, APP_LINK, in_the_middle, MISSING, MISSING, .relay = NOTHING },
  { "middle/another-key", APP_LINK, APP_LINK, in_the_middle, WRONG, WRONG, .relay = OTHER_LINK },
  { "middle/guests-no-key", WEB_LINK, WEB_LINK, in_the_middle, MISSING, MISSING, .relay = NOTHING },
  { "middle/web-link-as-app-link", APP_LINK, APP_LINK, in_the_middle_by_a_false_name, WRONG, WRONG, .relay = WEB_LINK },
  { "middle/grinding", WEB_LINK, WEB_LINK, in_the_middle_and_grinding, GONE, PARLOR_END_COMMIT_MISMATCH, .relay = WEB_LINK },
  { "middle/grinding-in-the-lobby", NOTHING, NOTHING, in_the_middle_and_grinding, GONE, PARLOR_END_COMMIT_MISMATCH,
    .relay = NOTHING },

  /* What no key can prevent is shown as what it is, and the emoji tell. */
  { "shown/app-link-as-web-link", APP_LINK, APP_LINK, offer_by_guest, UP, UP, BY_APP, BY_WEB, SAME_EMOJI },
  { "shown/middle-with-the-web-link", APP_LINK, APP_LINK, in_the_middle, UP, UP, BY_WEB, BY_WEB, OTHER_EMOJI, .relay = WEB_LINK },
  { "shown/middle-with-the-app-link", APP_LINK, APP_LINK, in_the_middle, UP, UP, BY_APP, BY_APP, OTHER_EMOJI, .relay = APP_LINK },
  { "shown/middle-of-the-lobby", NOTHING, NOTHING, in_the_middle, UP, UP, NOT_VERIFIED, NOT_VERIFIED, OTHER_EMOJI },
  { "shown/lobby-without-emoji", NOTHING, NOTHING, nothing_but_sdp, UP, UP, NOT_VERIFIED, NOT_VERIFIED, NO_EMOJI },
};
static gboolean
is_settled (Side *side, int ends)
{
  return ends == ANY || (ends == UP ? is_in (side, PARLOR_CALL_ACTIVE) : side->ended != NULL);
}

/* Who finds something wrong has never been connected: nothing was sent to it, or by it, or shown. */
static void
check_side (Side *side, int ends, ParlorCallSecurity sees)
{
  ParlorCall *up = parlor_switchboard_get_call (side->switchboard);

  if (ends == ANY)
    return;
  if (ends == UP)
    {
      g_assert_cmpint (parlor_call_get_security (up), ==, sees);
      g_assert_cmpuint (fake_peer_factory_get_n_connected (side->factory), >, 0);
      return;
    }
  g_assert_cmpstr (parlor_end_reason_to_string (parlor_call_get_end_reason (side->ended)), ==,
                   parlor_end_reason_to_string (ends));
  g_assert_true (parlor_end_reason_is_failure (ends) == (ends != GONE));
  if (ends != GONE)
    {
      g_assert_false (side->was_up);
      g_assert_cmpuint (fake_peer_factory_get_n_connected (side->factory), ==, 0);
      g_assert_cmpint (parlor_call_get_security (side->ended), ==, NOT_KNOWN);
      g_assert_false (parlor_call_set_compared (side->ended));
    }
}

static void
check_emoji (Lab *lab)
{
  ParlorCall *a = parlor_switchboard_get_call (lab->a.switchboard), *b = parlor_switchboard_get_call (lab->b.switchboard);
  const guint *one = parlor_call_get_emoji (a), *other = parlor_call_get_emoji (b);

  g_assert_true ((one != NULL) == (lab->row->emoji != NO_EMOJI) && (other != NULL) == (one != NULL));
  if (one)
    g_assert_true ((memcmp (one, other, PARLOR_PROOF_N_EMOJI * sizeof *one) == 0) == (lab->row->emoji == SAME_EMOJI));
  g_assert_true (parlor_call_set_compared (a) == (one != NULL));
  g_assert_cmpint (parlor_call_get_security (a), ==, one ? PARLOR_SECURITY_COMPARED : NOT_VERIFIED);
}

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  Lab lab;

  lab_init (&lab, row);
  if (row->bend == other_names)
    fake_channel_receive (lab.b.channel, "{\"type\":\"joined\",\"peer\":{\"id\":\"x\",\"name\":\"a\"}}");

  lab_call (&lab);
  if (row->again)
    {
      wait_for (is_in (&lab.a, PARLOR_CALL_ACTIVE) && is_in (&lab.b, PARLOR_CALL_ACTIVE));
      parlor_call_hang_up (parlor_switchboard_get_call (lab.a.switchboard));
      wait_for (lab.a.ended && lab.b.ended);
      g_clear_object (&lab.a.ended);
      side_clear (&lab.b); /* a new one, which has never been connected */
      memset (&lab.b, 0, sizeof lab.b);
      side_init (&lab.b, &lab, "b", "BB", row->b, "room");
      drain ();
      lab_call (&lab);
    }

  wait_for (is_settled (&lab.a, row->a_ends) && is_settled (&lab.b, row->b_ends));
  drain ();
  check_side (&lab.a, row->a_ends, row->a_sees);
  check_side (&lab.b, row->b_ends, row->b_sees);
  if (row->a_ends == UP && row->b_ends == UP)
    check_emoji (&lab);
  if (row->bend == in_the_middle_and_grinding)
    g_assert_true (lab.found);
  lab_clear (&lab);
}

/* The offerer says its nonce to nobody who has not answered, and answered rightly. */
static void
test_reveals_last (void)
{
  static const Row row = { "reveals-last", APP_LINK, APP_LINK, answer_without_proof, MISSING, GONE };
  Lab lab;

  lab_init (&lab, &row);
  lab_call (&lab);
  wait_for (lab.a.ended);
  g_assert_cmpuint (fake_channel_count_sent (lab.a.channel, PARLOR_MESSAGE_OFFER), ==, 1);
  g_assert_cmpuint (fake_channel_count_sent (lab.b.channel, PARLOR_MESSAGE_ANSWER), ==, 1);
  g_assert_cmpuint (fake_channel_count_sent (lab.a.channel, PARLOR_MESSAGE_REVEAL), ==, 0);
  lab_clear (&lab);
}

/* A relay that lets somebody ring before it has said who we are: there is nothing yet that a proof could be bound to. */
static void
test_before_welcome (void)
{
  static const Row row = { "before-welcome", APP_LINK, NOTHING };
  static const char *const texts[] = {
    "{\"type\":\"joined\",\"peer\":{\"id\":\"b\",\"name\":\"Bob\"}}",
    "{\"type\":\"ring\",\"from\":\"b\",\"to\":\"a\",\"call\":\"c\",\"media\":{}}",
  };
  Lab lab = { .row = &row, .relay = fake_relay_new (PARLOR_DIALECT_PARLOR) };

  side_init (&lab.a, &lab, "a", "AA", APP_LINK, "room");
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (ParlorMessage) message = parlor_message_parse (texts[i], -1, PARLOR_DIALECT_PARLOR, NULL);

      g_assert_nonnull (message);
      parlor_channel_emit_message (PARLOR_CHANNEL (lab.a.channel), message);
    }
  g_assert_nonnull (find_callee (&lab));
  g_assert_null (parlor_switchboard_get_call (lab.a.switchboard));
  side_clear (&lab.a);
  drain ();
  fake_relay_free (lab.relay);
}

static void
on_refused (ParlorSwitchboard *switchboard, const char *code, const char *message, gpointer user_data)
{
  g_string_append (user_data, code);
}

/* "They speak only the seed's dialect", in which nothing can be proved: whoever has a key neither calls such a one nor is called. */
static void
test_claims_seed (void)
{
  static const Row row = { "claims-seed", APP_LINK, NOTHING };
  Lab lab = { .row = &row, .relay = fake_relay_new (PARLOR_DIALECT_PARLOR) };
  g_autoptr (GString) refusals = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  side_init (&lab.a, &lab, "a", "AA", APP_LINK, "room");
  parlor_switchboard_set_allow_seed (lab.a.switchboard, FALSE);
  g_signal_connect (lab.a.switchboard, "refused", G_CALLBACK (on_refused), refusals);
  fake_channel_receive (lab.a.channel, "{\"type\":\"joined\",\"peer\":{\"id\":\"b\",\"name\":\"Bob\",\"dialect\":\"seed\"}}");
  fake_channel_receive (lab.a.channel, "{\"type\":\"offer\",\"from\":\"b\",\"to\":\"a\",\"sdp\":\"v=0\"}");
  wait_for (find_callee (&lab));
  g_assert_null (parlor_switchboard_call (lab.a.switchboard, find_callee (&lab), PARLOR_MEDIA_AUDIO, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_REJECTED);
  wait_for (refusals->len > 0);
  g_assert_cmpstr (refusals->str, ==, "downgrade");
  g_assert_null (parlor_switchboard_get_call (lab.a.switchboard));
  g_assert_cmpuint (fake_peer_factory_get_n_made (lab.a.factory), ==, 0);
  parlor_switchboard_close (lab.a.switchboard);
  g_clear_object (&lab.a.switchboard);
  g_clear_object (&lab.a.channel);
  g_clear_object (&lab.a.factory);
  fake_relay_free (lab.relay);
}

/* What the relay could not carry of an earlier call, or what nobody said, ends no call. */
static void
test_late_errors (void)
{
  static const Row row = { "late-errors", APP_LINK, APP_LINK };
  static const char *const late[] = {
    "{\"type\":\"error\",\"code\":\"no-such-peer\",\"about\":\"offer\"}",
    "{\"type\":\"error\",\"code\":\"no-such-peer\",\"about\":\"accept\"}",
    "{\"type\":\"error\",\"code\":\"no-such-peer\",\"about\":\"answer\"}",
    "{\"type\":\"error\",\"code\":\"no-such-peer\",\"about\":\"ring\",\"call\":\"earlier\"}",
    "{\"type\":\"error\",\"code\":\"no-such-peer\",\"about\":\"offer\",\"call\":\"earlier\"}",
  };
  g_autofree char *of_this_call = NULL;
  Lab lab;

  lab_init (&lab, &row);
  wait_for (find_callee (&lab));
  parlor_switchboard_call (lab.a.switchboard, find_callee (&lab), PARLOR_MEDIA_AUDIO, NULL);
  wait_for (is_in (&lab.b, PARLOR_CALL_RINGING));
  for (guint i = 0; i < G_N_ELEMENTS (late); i++)
    {
      fake_channel_receive (lab.a.channel, late[i]);
      fake_channel_receive (lab.b.channel, late[i]);
    }
  drain ();
  g_assert_true (is_in (&lab.a, PARLOR_CALL_DIALING));
  g_assert_true (is_in (&lab.b, PARLOR_CALL_RINGING));

  /* The negative controls: without a word of which call, and with the right one. */
  parlor_call_accept (parlor_switchboard_get_call (lab.b.switchboard), NULL);
  fake_channel_receive (lab.b.channel, late[1]);
  wait_for (lab.b.ended);
  g_assert_cmpint (parlor_call_get_end_reason (lab.b.ended), ==, PARLOR_END_PEER_LEFT);
  wait_for (is_in (&lab.a, PARLOR_CALL_CONNECTING));
  of_this_call = g_strdup_printf ("{\"type\":\"error\",\"code\":\"rate\",\"about\":\"offer\",\"call\":\"%s\"}",
                                  parlor_call_get_id (parlor_switchboard_get_call (lab.a.switchboard)));
  fake_channel_receive (lab.a.channel, of_this_call);
  wait_for (lab.a.ended);
  g_assert_cmpint (parlor_call_get_end_reason (lab.a.ended), ==, PARLOR_END_REFUSED);
  lab_clear (&lab);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/hostile-relay/", rows[i].name, NULL);

      g_test_add_data_func (path, &rows[i], test_row);
    }
  g_test_add_func ("/hostile-relay/reveals-last", test_reveals_last);
  g_test_add_func ("/hostile-relay/claims-seed", test_claims_seed);
  g_test_add_func ("/hostile-relay/late-errors", test_late_errors);
  g_test_add_func ("/hostile-relay/before-welcome", test_before_welcome);
  return g_test_run ();
}
