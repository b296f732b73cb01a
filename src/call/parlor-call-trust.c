/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-call"

#include "config.h"

#include "parlor-call-private.h"

#include <string.h>

#include "parlor-base64url.h"

/*
 * Who is at the other end of a call: what the handshake found, what the user compared, and the lasting keys that the two show each other
 * over the data channel, once the handshake was right. Nothing of this is ever believed of the relay.
 */

G_STATIC_ASSERT (PARLOR_CALL_N_EMOJI == PARLOR_PROOF_N_EMOJI);

static void
set_security (ParlorCall *self, ParlorCallSecurity security)
{
  if (self->security == security)
    return;

  self->security = security;
  parlor_call_notify_security (self);
}

/* Everything that was promised and proved was checked: media may flow, in both directions. */
void
parlor_call_take_trust (ParlorCall *self)
{
  static const ParlorCallSecurity securities[] = {
    [PARLOR_PROOF_NONE] = PARLOR_SECURITY_UNVERIFIED,
    [PARLOR_PROOF_APP] = PARLOR_SECURITY_APP_LINK,
    [PARLOR_PROOF_GUEST] = PARLOR_SECURITY_WEB_LINK,
  };
  const guint *emoji = self->handshake ? parlor_handshake_get_emoji (self->handshake) : NULL;

  self->proof = self->handshake ? parlor_handshake_get_proof (self->handshake) : PARLOR_PROOF_NONE;
  self->has_emoji = emoji != NULL;
  if (emoji)
    memcpy (self->emoji, emoji, sizeof self->emoji);
  set_security (self, securities[self->proof]);
  if (self->peer && self->state != PARLOR_CALL_ENDED)
    parlor_peer_release (self->peer);
}

/* What our lasting key signs, or theirs, in this call; NULL where nobody proved anything, and who we are is nobody's business. */
static GBytes *
new_identity_text (ParlorCall *self, gboolean offerer)
{
  GBytes *answer_hash = self->handshake ? parlor_handshake_get_answer_hash (self->handshake) : NULL;

  if (self->proof == PARLOR_PROOF_NONE || !answer_hash)
    return NULL;
  return parlor_proof_identity_text (answer_hash, offerer);
}

void
parlor_call_send_identity (ParlorCall *self)
{
  g_autoptr (GBytes) text = self->identity ? new_identity_text (self, self->offerer) : NULL;
  g_autoptr (GBytes) signature = NULL;
  g_autoptr (ParlorMessage) message = NULL;

  if (!text)
    return;

  signature = parlor_identity_sign (self->identity, text);
  message = parlor_message_new (PARLOR_MESSAGE_IDENTITY);
  message->identity.key = parlor_base64url_encode (parlor_identity_get_key (self->identity));
  message->identity.signature = parlor_base64url_encode (signature);
  parlor_call_send_text (self->peer, message);
}

/* A key that did not sign this very call, or another one than before: somebody is not who they say. */
void
parlor_call_take_identity (ParlorCall *self, const ParlorMessage *message)
{
  g_autoptr (GBytes) text = new_identity_text (self, !self->offerer);
  g_autoptr (GBytes) key = NULL, signature = NULL;

  if (!text)
    return;

  key = parlor_base64url_decode (message->identity.key, strlen (message->identity.key), PARLOR_IDENTITY_KEY_SIZE);
  signature = parlor_base64url_decode (message->identity.signature, strlen (message->identity.signature),
                                       PARLOR_IDENTITY_SIGNATURE_SIZE);
  if (!key || !signature || !parlor_identity_verify (key, text, signature))
    {
      parlor_call_end_and_tell (self, PARLOR_END_PROOF_WRONG, "The key they show has not signed this call");
    }
  else if (self->peer_identity && !g_bytes_equal (self->peer_identity, key))
    {
      parlor_call_end_and_tell (self, PARLOR_END_IDENTITY_CHANGED, "They showed two keys in one call");
    }
  else if (!self->peer_identity)
    {
      self->peer_identity = g_steal_pointer (&key);
      parlor_call_notify_peer_identity (self);
    }
}

gboolean
parlor_call_set_compared (ParlorCall *self)
{
  g_return_val_if_fail (PARLOR_IS_CALL (self), FALSE);

  if (!self->has_emoji || !parlor_call_is_up (self))
    return FALSE;

  set_security (self, PARLOR_SECURITY_COMPARED);
  return TRUE;
}

ParlorCallSecurity
parlor_call_get_security (ParlorCall *self)
{
  return self->security;
}

ParlorProofBy
parlor_call_get_proof (ParlorCall *self)
{
  return self->proof;
}

const guint *
parlor_call_get_emoji (ParlorCall *self)
{
  return self->has_emoji ? self->emoji : NULL;
}

GBytes *
parlor_call_get_peer_identity (ParlorCall *self)
{
  return self->peer_identity;
}
