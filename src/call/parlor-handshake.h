/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "parlor-call-keys.h"
#include "parlor-message.h"
#include "parlor-proof.h"

G_BEGIN_DECLS

/**
 * ParlorHandshake:
 *
 * Who is at the other end, as far as an invite can tell: what one side of a call adds to offer, answer and reveal, and what it checks in
 * those of the other (PROTOCOL.md, "Trust"). In a room with a key, commit, nonce and proofs must be there and right. Without one
 * there are no proofs, and commit and nonce, if both have them, are for the emoji. No I/O; main thread.
 *
 * Generations above 1 hold the proofs only: no commit, no nonce, no reveal and no emoji of their own.
 *
 * In order: seal_offer, check_answer, new_reveal at the offerer; check_offer, seal_answer, check_reveal at the other. The errors
 * are PARLOR_ERROR_PROOF_MISSING, PARLOR_ERROR_PROOF_WRONG and PARLOR_ERROR_COMMIT.
 */
typedef struct _ParlorHandshake ParlorHandshake;

ParlorHandshake *parlor_handshake_new (ParlorCallKeys *keys,
                                       const char *own_id,
                                       const char *their_id,
                                       const char *call,
                                       guint generation,
                                       gboolean offerer);
void parlor_handshake_free (ParlorHandshake *self);

/* Adds commit and proof to an offer whose SDP is final. */
void parlor_handshake_seal_offer (ParlorHandshake *self, ParlorMessage *offer);
gboolean parlor_handshake_check_offer (ParlorHandshake *self, const ParlorMessage *offer, GError **error);
/* Adds nonce and proof to an answer whose SDP is final. */
void parlor_handshake_seal_answer (ParlorHandshake *self, ParlorMessage *answer);
gboolean parlor_handshake_check_answer (ParlorHandshake *self, const ParlorMessage *answer, GError **error);
/* (transfer full) (nullable): what the offerer says once the answer was checked, still without an address; NULL when there is none. */
ParlorMessage *parlor_handshake_new_reveal (ParlorHandshake *self);
gboolean parlor_handshake_check_reveal (ParlorHandshake *self, const ParlorMessage *reveal, GError **error);

/* Our answer was sealed and nothing may flow before their reveal was checked. */
gboolean parlor_handshake_awaits_reveal (ParlorHandshake *self);
gboolean parlor_handshake_is_offerer (ParlorHandshake *self);
/* What they proved; NONE in a room without a key. */
ParlorProofBy parlor_handshake_get_proof (ParlorHandshake *self);
/* (nullable): PARLOR_PROOF_N_EMOJI indices, once all was checked; NULL also where one side has none. */
const guint *parlor_handshake_get_emoji (ParlorHandshake *self);
/* (transfer none) (nullable): H(TA), once both descriptions are there. */
GBytes *parlor_handshake_get_answer_hash (ParlorHandshake *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorHandshake, parlor_handshake_free)

G_END_DECLS
