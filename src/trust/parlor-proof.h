/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PARLOR_PROOF_DIGEST_SIZE 32 /* bytes: of a nonce, a commit, a hash and a mac */
#define PARLOR_PROOF_N_EMOJI 5

/*
 * What two who hold the same key tell each other with their descriptions, so that a relay in between cannot exchange
 * these (PROTOCOL.md, "Trust"). All of this is pure, but for the system's random numbers, and may be called from any thread.
 */

/**
 * ParlorProofContext: what both sides know before the first description. Plain data; nothing is copied.
 */
typedef struct
{
  const char *room; /* from the invite, never from the relay */
  const char *call;
  const char *offerer;  /* id */
  const char *answerer; /* id */
  guint generation;
} ParlorProofContext;

/* (transfer full): 32 random bytes, new for every call. */
GBytes *parlor_proof_new_nonce (void);
/* (transfer full): H(L("parlor.1", "commit", @nonce)). */
GBytes *parlor_proof_commit (GBytes *nonce);
/* (transfer full): TO; @commit is %NULL in generations above 1. */
GBytes *parlor_proof_offer_transcript (const ParlorProofContext *context, const char *sdp, GBytes *commit);
/* (transfer full): TA; @nonce (the answerer's) is %NULL in generations above 1. */
GBytes *parlor_proof_answer_transcript (const ParlorProofContext *context,
                                        const char *sdp,
                                        GBytes *nonce,
                                        GBytes *offer_transcript);
/* (transfer full): SHA-256. */
GBytes *parlor_proof_hash (GBytes *transcript);
/* (transfer full): HMAC-SHA256. */
GBytes *parlor_proof_mac (GBytes *key, GBytes *transcript);
/* In a time that does not tell how much of them is alike. FALSE when the lengths differ. */
gboolean parlor_proof_equal (GBytes *one, GBytes *other);
/* Writes PARLOR_PROOF_N_EMOJI indices below PARLOR_EMOJI_COUNT: the first 30 bits of H(L("parlor.1", "emoji", H(TA), nonceA)). */
void parlor_proof_emoji (GBytes *answer_hash, GBytes *offerer_nonce, guint *indices);
/* (transfer full): L("parlor.1", "identity", H(TA), "offerer" or "answerer"): what a lasting identity signs. */
GBytes *parlor_proof_identity_text (GBytes *answer_hash, gboolean offerer);

G_END_DECLS
