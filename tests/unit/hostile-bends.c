/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostile-lab.h"

#include <string.h>

#include "parlor-base64url.h"

/* --- what a relay does to a message --- */

static void
replace (char **text, const char *by)
{
  g_free (*text);
  *text = g_strdup (by);
}

static void
swap_fingerprint (ParlorMessage *message)
{
  char *print = strstr (message->description.sdp, "sha-256 ");

  memcpy (print + strlen ("sha-256 "), "EE", 2);
}

gboolean
offer_with_other_fingerprint (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_OFFER)
    swap_fingerprint (message);
  return TRUE;
}

gboolean
answer_with_other_fingerprint (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_ANSWER)
    swap_fingerprint (message);
  return TRUE;
}

/* A line that changes nothing. */
gboolean
longer_offer (Lab *lab, ParlorMessage *message)
{
  g_autofree char *sdp = NULL;

  if (message->type == PARLOR_MESSAGE_OFFER)
    {
      sdp = g_strconcat (message->description.sdp, "a=x\r\n", NULL);
      replace (&message->description.sdp, sdp);
    }
  return TRUE;
}

/* One letter that changes nothing: attributes are compared without regard to case by many. */
gboolean
answer_in_capitals (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_ANSWER)
    memcpy (strstr (message->description.sdp, "m=audio"), "m=Audio", strlen ("m=Audio"));
  return TRUE;
}

static void
strip_proof (ParlorMessage *message)
{
  message->description.proof_by = PARLOR_PROOF_NONE;
  g_clear_pointer (&message->description.proof_mac, g_free);
  g_clear_pointer (&message->description.proof_guest, g_free);
}

gboolean
offer_without_proof (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_OFFER)
    strip_proof (message);
  return TRUE;
}

gboolean
answer_without_proof (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_ANSWER)
    strip_proof (message);
  return TRUE;
}

gboolean
offer_without_commit (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_OFFER)
    replace (&message->description.commit, NULL);
  return TRUE;
}

gboolean
answer_without_nonce (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_ANSWER)
    replace (&message->description.nonce, NULL);
  return TRUE;
}

/* As before there were proofs. */
gboolean
nothing_but_sdp (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_OFFER || message->type == PARLOR_MESSAGE_ANSWER)
    {
      strip_proof (message);
      replace (&message->description.commit, NULL);
      replace (&message->description.nonce, NULL);
    }
  return message->type != PARLOR_MESSAGE_REVEAL;
}

gboolean
offer_with_other_commit (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_OFFER)
    replace (&message->description.commit, TOKEN);
  return TRUE;
}

gboolean
answer_with_other_nonce (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_ANSWER)
    replace (&message->description.nonce, TOKEN);
  return TRUE;
}

gboolean
other_reveal (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_REVEAL)
    replace (&message->reveal.nonce, TOKEN);
  return TRUE;
}

gboolean
no_reveal (Lab *lab, ParlorMessage *message)
{
  return message->type != PARLOR_MESSAGE_REVEAL;
}

/* The relay is quicker than the offerer, who has not seen the answer. */
gboolean
early_reveal (Lab *lab, ParlorMessage *message)
{
  g_autoptr (ParlorMessage) reveal = NULL;

  if (message->type != PARLOR_MESSAGE_ANSWER)
    return TRUE;
  reveal = parlor_message_new_addressed (PARLOR_MESSAGE_REVEAL, message->from, message->call);
  reveal->from = g_strdup (message->to);
  reveal->generation = 1;
  reveal->reveal.nonce = g_strdup (TOKEN);
  fake_relay_deliver (lab->relay, reveal);
  return TRUE;
}

/* Without the key of the app link: what is left is a proof by the other. */
gboolean
offer_by_guest (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_OFFER)
    {
      message->description.proof_by = PARLOR_PROOF_GUEST;
      replace (&message->description.proof_mac, message->description.proof_guest);
      replace (&message->description.proof_guest, NULL);
    }
  return TRUE;
}

gboolean
offer_without_guests_proof (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_OFFER)
    replace (&message->description.proof_guest, NULL);
  return TRUE;
}

gboolean
offer_with_other_guests_proof (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_OFFER)
    replace (&message->description.proof_guest, message->description.proof_mac);
  return TRUE;
}

/* What was right in the first call is said again in the second. */
gboolean
offer_of_the_first_call (Lab *lab, ParlorMessage *message)
{
  if (message->type != PARLOR_MESSAGE_OFFER)
    return TRUE;
  if (!lab->kept)
    {
      lab->kept = parlor_message_copy (message);
      return TRUE;
    }
  replace (&message->description.sdp, lab->kept->description.sdp);
  replace (&message->description.commit, lab->kept->description.commit);
  replace (&message->description.proof_mac, lab->kept->description.proof_mac);
  replace (&message->description.proof_guest, lab->kept->description.proof_guest);
  return TRUE;
}

/* An offer of a later generation of this call, as a peer would make it. */
gboolean
offer_of_a_later_generation (Lab *lab, ParlorMessage *message)
{
  g_autoptr (ParlorCallKeys) keys = new_keys (APP_LINK, "room");
  g_autoptr (ParlorHandshake) later = NULL;

  if (message->type == PARLOR_MESSAGE_OFFER)
    {
      later = parlor_handshake_new (keys, "a", "b", message->call, 2, TRUE);
      strip_proof (message);
      parlor_handshake_seal_offer (later, message); /* it has no commit of its own: the first one's stays */
    }
  return TRUE;
}

/* The offerer hears its own words: right key, right call, wrong role. */
gboolean
offer_as_the_answer (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_OFFER)
    lab->kept = parlor_message_copy (message);
  if (message->type == PARLOR_MESSAGE_ANSWER)
    {
      replace (&message->description.sdp, lab->kept->description.sdp);
      replace (&message->description.nonce, lab->kept->description.commit);
      replace (&message->description.proof_mac, lab->kept->description.proof_mac);
      replace (&message->description.proof_guest, lab->kept->description.proof_guest);
    }
  return TRUE;
}

/* To b, a is called x. */
gboolean
other_names (Lab *lab, ParlorMessage *message)
{
  if (g_strcmp0 (message->from, "a") == 0)
    replace (&message->from, "x");
  if (g_strcmp0 (message->to, "x") == 0)
    replace (&message->to, "a");
  return TRUE;
}

/* Before @message, another of its type that would spoil the call if it were of this generation. */
static void
send_stray (Lab *lab, const ParlorMessage *message)
{
  g_autoptr (ParlorMessage) stray = parlor_message_copy (message);

  stray->generation = 7;
  if (message->type == PARLOR_MESSAGE_ANSWER)
    replace (&stray->description.sdp, "v=0");
  else if (message->type == PARLOR_MESSAGE_REVEAL)
    replace (&stray->reveal.nonce, TOKEN);
  for (guint i = 0; i < (message->type == PARLOR_MESSAGE_ICE ? 300 : 1); i++)
    fake_relay_deliver (lab->relay, stray);
}

gboolean
stray_answer (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_ANSWER)
    send_stray (lab, message);
  return TRUE;
}

gboolean
stray_reveal (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_REVEAL)
    send_stray (lab, message);
  return TRUE;
}

/* More of them than are taken in all. */
gboolean
stray_candidates (Lab *lab, ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_ICE)
    send_stray (lab, message);
  return TRUE;
}

gboolean
bye_with_the_offer (Lab *lab, ParlorMessage *message)
{
  g_autoptr (ParlorMessage) bye = parlor_message_new_addressed (PARLOR_MESSAGE_BYE, message->to, message->call);

  bye->from = g_strdup (message->from);
  if (message->type == PARLOR_MESSAGE_OFFER)
    fake_relay_deliver (lab->relay, bye);
  return TRUE;
}

/* --- a relay in the middle --- */

static void
say (Lab *lab, ParlorMessage *message, const char *from, const char *to)
{
  replace (&message->from, from);
  replace (&message->to, to);
  replace (&message->call, lab->kept->call);
  message->generation = 1;
  fake_relay_deliver (lab->relay, message);
}

static void
on_answer_to_a (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Lab *lab = user_data;
  g_autoptr (ParlorMessage) answer = parlor_message_new (PARLOR_MESSAGE_ANSWER);

  answer->description.sdp = parlor_peer_create_answer_finish (PARLOR_PEER (source), result, NULL);
  parlor_handshake_seal_answer (lab->with_a, answer);
  if (lab->lies)
    answer->description.proof_by = PARLOR_PROOF_APP;
  say (lab, answer, "b", "a");
}

static void
on_offer_to_b (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Lab *lab = user_data;
  g_autoptr (ParlorMessage) offer = parlor_message_new (PARLOR_MESSAGE_OFFER);

  offer->description.sdp = parlor_peer_create_offer_finish (PARLOR_PEER (source), result, NULL);
  parlor_handshake_seal_offer (lab->with_b, offer);
  if (lab->lies)
    offer->description.proof_by = PARLOR_PROOF_APP;
  say (lab, offer, "a", "b");
}

static void
begin_legs (Lab *lab, ParlorMessage *offer)
{
  const ParlorPeerOptions options = { .dialect = PARLOR_DIALECT_PARLOR };

  lab->kept = parlor_message_copy (offer);
  lab->factory = fake_peer_factory_new ("EE");
  lab->keys = new_keys (lab->row->relay, "room");
  lab->to_a = parlor_peer_factory_create_peer (PARLOR_PEER_FACTORY (lab->factory), &options, NULL);
  lab->to_b = parlor_peer_factory_create_peer (PARLOR_PEER_FACTORY (lab->factory), &options, NULL);
  lab->with_a = parlor_handshake_new (lab->keys, "b", "a", offer->call, 1, FALSE);
  lab->with_b = parlor_handshake_new (lab->keys, "a", "b", offer->call, 1, TRUE);
  parlor_handshake_check_offer (lab->with_a, offer, NULL);
  parlor_peer_create_answer_async (lab->to_a, offer->description.sdp, NULL, on_answer_to_a, lab);
  parlor_peer_create_offer_async (lab->to_b, NULL, on_offer_to_b, lab);
}

static void
on_answer_of_b (GObject *source, GAsyncResult *result, gpointer user_data)
{
  parlor_peer_set_answer_finish (PARLOR_PEER (source), result, NULL);
}

static gboolean
take_leg_of_b (Lab *lab, ParlorMessage *answer)
{
  g_autoptr (ParlorMessage) reveal = NULL;

  parlor_handshake_check_answer (lab->with_b, answer, NULL);
  parlor_peer_set_answer_async (lab->to_b, answer->description.sdp, NULL, on_answer_of_b, lab);
  reveal = parlor_handshake_new_reveal (lab->with_b);
  if (reveal)
    say (lab, reveal, "a", "b");
  return FALSE;
}

/* Stands between the two, with whatever keys the row gives it. */
gboolean
in_the_middle (Lab *lab, ParlorMessage *message)
{
  switch (message->type)
    {
    case PARLOR_MESSAGE_OFFER:
      begin_legs (lab, message);
      return FALSE;
    case PARLOR_MESSAGE_ANSWER:
      return take_leg_of_b (lab, message);
    case PARLOR_MESSAGE_REVEAL:
      parlor_handshake_check_reveal (lab->with_a, message, NULL);
      return FALSE;
    case PARLOR_MESSAGE_ICE:
      parlor_peer_add_candidate (message->to[0] == 'b' ? lab->to_a : lab->to_b, "candidate", "0", 0);
      return TRUE;
    default:
      return TRUE;
    }
}

/* The same, but it says that the web link's key is the app link's. */
gboolean
in_the_middle_by_a_false_name (Lab *lab, ParlorMessage *message)
{
  lab->lies = TRUE;
  return in_the_middle (lab, message);
}

/* A nonce with which b would see the first two emoji of a: one in 4096. For all five it would be one in 2^30. */
static GBytes *
grind (Lab *lab)
{
  const guint *wanted = parlor_handshake_get_emoji (lab->with_a);
  GBytes *answer_hash = parlor_handshake_get_answer_hash (lab->with_b);

  for (guint i = 0; i < 200000; i++)
    {
      g_autoptr (GBytes) nonce = parlor_proof_new_nonce ();
      guint emoji[PARLOR_PROOF_N_EMOJI];

      parlor_proof_emoji (answer_hash, nonce, emoji);
      lab->found = emoji[0] == wanted[0] && emoji[1] == wanted[1];
      if (lab->found)
        return g_steal_pointer (&nonce);
    }
  return parlor_proof_new_nonce ();
}

/* The same, but it waits for a's reveal and then looks for a nonce of its own that gives b the same emoji. */
gboolean
in_the_middle_and_grinding (Lab *lab, ParlorMessage *message)
{
  g_autoptr (ParlorMessage) reveal = NULL;
  g_autoptr (GBytes) nonce = NULL;

  if (message->type == PARLOR_MESSAGE_ANSWER)
    {
      parlor_handshake_check_answer (lab->with_b, message, NULL);
      parlor_peer_set_answer_async (lab->to_b, message->description.sdp, NULL, on_answer_of_b, lab);
    }
  else if (message->type == PARLOR_MESSAGE_REVEAL)
    {
      parlor_handshake_check_reveal (lab->with_a, message, NULL);
    }
  else
    {
      return in_the_middle (lab, message);
    }

  if (parlor_handshake_get_emoji (lab->with_a) && parlor_handshake_get_answer_hash (lab->with_b))
    {
      nonce = grind (lab);
      reveal = parlor_message_new (PARLOR_MESSAGE_REVEAL);
      reveal->reveal.nonce = parlor_base64url_encode (nonce);
      say (lab, reveal, "a", "b");
    }
  return FALSE;
}
