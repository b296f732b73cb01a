/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-call"

#include "config.h"

#include "parlor-handshake.h"

#include <string.h>

#include "parlor-base64url.h"
#include "parlor-error.h"

/*
 * ParlorHandshake: the bytes are trust's (parlor-proof.c); here is what belongs into which message and what must be in it.
 *
 * A relay in the middle needs the key for the proofs. One that has it (it served the web link's page, say) still cannot choose its
 * descriptions so that both sides see the same emoji: the offerer is bound by its commit before it knows the answerer's nonce, and the
 * answerer by its answer before it knows the offerer's.
 */

struct _ParlorHandshake
{
  ParlorCallKeys *keys;
  char *call;
  char *offerer_id;
  char *answerer_id;
  guint generation;
  gboolean offerer;

  GBytes *nonce;            /* our own */
  GBytes *commit;           /* ours or theirs; NULL: there is none */
  GBytes *offer_transcript; /* TO */
  GBytes *answer_hash;      /* H(TA) */
  ParlorProofBy proof;      /* theirs, checked */
  gboolean reveal_due;      /* to be said, or to come */
  gboolean has_emoji;
  guint emoji[PARLOR_PROOF_N_EMOJI];
};

ParlorHandshake *
parlor_handshake_new (ParlorCallKeys *keys,
                      const char *own_id,
                      const char *their_id,
                      const char *call,
                      guint generation,
                      gboolean offerer)
{
  ParlorHandshake *self = g_new0 (ParlorHandshake, 1);

  self->keys = parlor_call_keys_ref (keys);
  self->call = g_strdup (call);
  self->offerer_id = g_strdup (offerer ? own_id : their_id);
  self->answerer_id = g_strdup (offerer ? their_id : own_id);
  self->generation = generation;
  self->offerer = offerer;
  return self;
}

void
parlor_handshake_free (ParlorHandshake *self)
{
  g_clear_pointer (&self->nonce, g_bytes_unref);
  g_clear_pointer (&self->commit, g_bytes_unref);
  g_clear_pointer (&self->offer_transcript, g_bytes_unref);
  g_clear_pointer (&self->answer_hash, g_bytes_unref);
  parlor_call_keys_unref (self->keys);
  g_free (self->call);
  g_free (self->offerer_id);
  g_free (self->answerer_id);
  g_free (self);
}

static gboolean
is_keyed (ParlorHandshake *self)
{
  return parlor_call_keys_get_guest (self->keys) != NULL;
}

/* Later generations hold no commit and no nonce: who they are with is settled, and the emoji stay. */
static gboolean
is_first (ParlorHandshake *self)
{
  return self->generation == 1;
}

/* (nullable): NULL for NULL. */
static GBytes *
read_token (const char *token)
{
  return token ? parlor_base64url_decode (token, strlen (token), PARLOR_WIRE_TOKEN_SIZE) : NULL;
}

static gboolean
refuse (GError **error, ParlorError code, const char *message)
{
  g_set_error_literal (error, PARLOR_ERROR, code, message);
  return FALSE;
}

static ParlorProofContext
get_context (ParlorHandshake *self)
{
  return (ParlorProofContext){
    .room = parlor_call_keys_get_room (self->keys),
    .call = self->call,
    .offerer = self->offerer_id,
    .answerer = self->answerer_id,
    .generation = self->generation,
  };
}

static char *
new_mac (GBytes *key, GBytes *transcript)
{
  g_autoptr (GBytes) mac = parlor_proof_mac (key, transcript);

  return parlor_base64url_encode (mac);
}

/* With the key of the app link by both keys: who reads it may have only the other one. */
static void
add_proof (ParlorHandshake *self, ParlorMessage *message, GBytes *transcript)
{
  GBytes *app = parlor_call_keys_get_app (self->keys), *guest = parlor_call_keys_get_guest (self->keys);

  if (!guest)
    return;
  message->description.proof_by = app ? PARLOR_PROOF_APP : PARLOR_PROOF_GUEST;
  message->description.proof_mac = new_mac (app ? app : guest, transcript);
  message->description.proof_guest = app ? new_mac (guest, transcript) : NULL;
}

static gboolean
check_proof (ParlorHandshake *self, const ParlorMessage *message, GBytes *transcript, GError **error)
{
  GBytes *app = parlor_call_keys_get_app (self->keys), *guest = parlor_call_keys_get_guest (self->keys);
  gboolean by_app = message->description.proof_by == PARLOR_PROOF_APP;
  const char *shown = by_app && !app ? message->description.proof_guest : message->description.proof_mac;
  g_autoptr (GBytes) mac = read_token (shown), expected = NULL;

  if (!guest)
    return TRUE;
  if (!mac)
    return refuse (error, PARLOR_ERROR_PROOF_MISSING, "There is no proof that they have the invite");

  expected = parlor_proof_mac (by_app && app ? app : guest, transcript);
  if (!parlor_proof_equal (mac, expected))
    return refuse (error, PARLOR_ERROR_PROOF_WRONG, "The proof is not by the invite's key, or not for this call");
  self->proof = by_app && app ? PARLOR_PROOF_APP : PARLOR_PROOF_GUEST;
  return TRUE;
}

/* (transfer full): TA. */
static GBytes *
take_answer (ParlorHandshake *self, const char *sdp, GBytes *nonce)
{
  const ParlorProofContext context = get_context (self);
  GBytes *transcript = parlor_proof_answer_transcript (&context, sdp, nonce, self->offer_transcript);

  g_clear_pointer (&self->answer_hash, g_bytes_unref);
  self->answer_hash = parlor_proof_hash (transcript);
  return transcript;
}

static void
draw_emoji (ParlorHandshake *self, GBytes *offerer_nonce)
{
  parlor_proof_emoji (self->answer_hash, offerer_nonce, self->emoji);
  self->has_emoji = TRUE;
}

void
parlor_handshake_seal_offer (ParlorHandshake *self, ParlorMessage *offer)
{
  const ParlorProofContext context = get_context (self);

  if (is_first (self))
    {
      self->nonce = parlor_proof_new_nonce ();
      self->commit = parlor_proof_commit (self->nonce);
      offer->description.commit = parlor_base64url_encode (self->commit);
    }
  self->offer_transcript = parlor_proof_offer_transcript (&context, offer->description.sdp, self->commit);
  add_proof (self, offer, self->offer_transcript);
}

gboolean
parlor_handshake_check_offer (ParlorHandshake *self, const ParlorMessage *offer, GError **error)
{
  const ParlorProofContext context = get_context (self);

  self->commit = is_first (self) ? read_token (offer->description.commit) : NULL;
  if (!self->commit && is_first (self) && is_keyed (self))
    return refuse (error, PARLOR_ERROR_PROOF_MISSING, "Their offer holds no commit");
  self->offer_transcript = parlor_proof_offer_transcript (&context, offer->description.sdp, self->commit);
  return check_proof (self, offer, self->offer_transcript, error);
}

void
parlor_handshake_seal_answer (ParlorHandshake *self, ParlorMessage *answer)
{
  g_autoptr (GBytes) transcript = NULL;

  self->nonce = self->commit ? parlor_proof_new_nonce () : NULL;
  transcript = take_answer (self, answer->description.sdp, self->nonce);
  answer->description.nonce = self->nonce ? parlor_base64url_encode (self->nonce) : NULL;
  add_proof (self, answer, transcript);
  self->reveal_due = self->commit != NULL;
}

gboolean
parlor_handshake_check_answer (ParlorHandshake *self, const ParlorMessage *answer, GError **error)
{
  g_autoptr (GBytes) theirs = is_first (self) ? read_token (answer->description.nonce) : NULL, transcript = NULL;

  if (!theirs && is_first (self) && is_keyed (self))
    return refuse (error, PARLOR_ERROR_PROOF_MISSING, "Their answer holds no nonce");
  transcript = take_answer (self, answer->description.sdp, theirs);
  if (!check_proof (self, answer, transcript, error))
    return FALSE;
  self->reveal_due = theirs != NULL;
  return TRUE;
}

ParlorMessage *
parlor_handshake_new_reveal (ParlorHandshake *self)
{
  ParlorMessage *reveal;

  if (!self->offerer || !self->reveal_due)
    return NULL;

  self->reveal_due = FALSE;
  draw_emoji (self, self->nonce);
  reveal = parlor_message_new (PARLOR_MESSAGE_REVEAL);
  reveal->reveal.nonce = parlor_base64url_encode (self->nonce);
  return reveal;
}

gboolean
parlor_handshake_check_reveal (ParlorHandshake *self, const ParlorMessage *reveal, GError **error)
{
  g_autoptr (GBytes) theirs = read_token (reveal->reveal.nonce);
  g_autoptr (GBytes) commit = theirs ? parlor_proof_commit (theirs) : NULL;

  if (!commit || !parlor_proof_equal (commit, self->commit))
    return refuse (error, PARLOR_ERROR_COMMIT, "What they revealed is not what they had promised");
  self->reveal_due = FALSE;
  draw_emoji (self, theirs);
  return TRUE;
}

gboolean
parlor_handshake_awaits_reveal (ParlorHandshake *self)
{
  return !self->offerer && self->reveal_due;
}

gboolean
parlor_handshake_is_offerer (ParlorHandshake *self)
{
  return self->offerer;
}

ParlorProofBy
parlor_handshake_get_proof (ParlorHandshake *self)
{
  return self->proof;
}

const guint *
parlor_handshake_get_emoji (ParlorHandshake *self)
{
  return self->has_emoji ? self->emoji : NULL;
}

GBytes *
parlor_handshake_get_answer_hash (ParlorHandshake *self)
{
  return self->answer_hash;
}
