/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostile-lab.h"

#include "parlor-base64url.h"
#include "parlor-call-private.h"

/* Lasting keys, which the two of a call show each other over the data channel. */

static void
begin_call (Lab *lab, const Row *row, ParlorIdentity *of_a, ParlorIdentity *of_b)
{
  lab_init (lab, row);
  parlor_switchboard_set_identity (lab->a.switchboard, of_a);
  parlor_switchboard_set_identity (lab->b.switchboard, of_b);
  lab_call (lab);
  wait_for (is_in (&lab->a, PARLOR_CALL_ACTIVE) && is_in (&lab->b, PARLOR_CALL_ACTIVE));
  drain ();
}

static GBytes *
get_peer_identity (Side *side)
{
  return parlor_call_get_peer_identity (parlor_switchboard_get_call (side->switchboard));
}

static void
test_identities (void)
{
  static const Row proved = { "identities", APP_LINK, WEB_LINK }, lobby = { "identities", NOTHING, NOTHING };
  g_autoptr (ParlorIdentity) of_a = parlor_identity_new (NULL), of_b = parlor_identity_new (NULL);

  for (guint i = 0; i < 2; i++)
    {
      Lab lab;

      begin_call (&lab, i == 0 ? &proved : &lobby, of_a, of_b);
      if (i == 0)
        {
          g_assert_true (g_bytes_equal (get_peer_identity (&lab.a), parlor_identity_get_key (of_b)));
          g_assert_true (g_bytes_equal (get_peer_identity (&lab.b), parlor_identity_get_key (of_a)));
        }
      else
        {
          /* Who proved nothing is not told who we are. */
          g_assert_null (get_peer_identity (&lab.a));
          g_assert_null (get_peer_identity (&lab.b));
        }
      lab_clear (&lab);
    }
}

/* a shows @identity with a signature over @text. */
static void
show_identity (Lab *lab, ParlorIdentity *identity, GBytes *text)
{
  ParlorCall *call = parlor_switchboard_get_call (lab->a.switchboard);
  g_autoptr (ParlorMessage) message = parlor_message_new (PARLOR_MESSAGE_IDENTITY);
  g_autoptr (GBytes) signature = parlor_identity_sign (identity, text);
  g_autofree char *line = NULL;

  message->identity.key = parlor_base64url_encode (parlor_identity_get_key (identity));
  message->identity.signature = parlor_base64url_encode (signature);
  line = parlor_message_serialize (message, PARLOR_DIALECT_PARLOR);
  g_assert_true (parlor_peer_send_text (parlor_call_get_peer (call), line, NULL));
}

/* Somebody's key with a signature from another call; a signature by the wrong role; two keys in one call. */
static void
test_false_identities (void)
{
  static const Row row = { "false-identities", APP_LINK, APP_LINK };
  static const ParlorEndReason ends[] = { PARLOR_END_PROOF_WRONG, PARLOR_END_PROOF_WRONG, PARLOR_END_IDENTITY_CHANGED };
  g_autoptr (ParlorIdentity) identity = parlor_identity_new (NULL), other = parlor_identity_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      Lab lab;
      g_autoptr (GBytes) stale = g_bytes_new_static (TOKEN, 32), text = NULL;
      ParlorCall *of_a;

      begin_call (&lab, &row, NULL, NULL);
      of_a = parlor_switchboard_get_call (lab.a.switchboard);
      text = i == 0 ? parlor_proof_identity_text (stale, TRUE)
                    : parlor_proof_identity_text (parlor_handshake_get_answer_hash (of_a->handshake), i != 1);
      show_identity (&lab, identity, text);
      if (ends[i] == PARLOR_END_IDENTITY_CHANGED)
        {
          show_identity (&lab, identity, text); /* the same again is nothing new */
          drain ();
          g_assert_true (g_bytes_equal (get_peer_identity (&lab.b), parlor_identity_get_key (identity)));
          show_identity (&lab, other, text);
        }
      wait_for (lab.b.ended);
      g_assert_cmpint (parlor_call_get_end_reason (lab.b.ended), ==, ends[i]);
      lab_clear (&lab);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/call-identity/shown", test_identities);
  g_test_add_func ("/call-identity/false", test_false_identities);
  return g_test_run ();
}
