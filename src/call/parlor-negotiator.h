/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "parlor-channel.h"
#include "parlor-handshake.h"
#include "parlor-peer.h"

G_BEGIN_DECLS

/* Candidates that wait for a description, and that are taken in all, of one generation. */
#define PARLOR_NEGOTIATOR_MAX_WAITING 64
#define PARLOR_NEGOTIATOR_MAX_CANDIDATES 256

/**
 * ParlorNegotiatorEvent: what a negotiator tells its call.
 * @PARLOR_NEGOTIATOR_OFFERED: our offer was sent
 * @PARLOR_NEGOTIATOR_ANSWERED: both descriptions are in place; nothing may flow before their reveal, which is awaited
 * @PARLOR_NEGOTIATOR_AGREED: both descriptions are in place, and whatever they have to prove was checked
 * @PARLOR_NEGOTIATOR_FAILED: it cannot go on; the error says why
 */
typedef enum
{
  PARLOR_NEGOTIATOR_OFFERED,
  PARLOR_NEGOTIATOR_ANSWERED,
  PARLOR_NEGOTIATOR_AGREED,
  PARLOR_NEGOTIATOR_FAILED,
} ParlorNegotiatorEvent;

typedef struct _ParlorNegotiator ParlorNegotiator;

/* Main thread; @error only with FAILED. The negotiator may be freed from within. */
typedef void (*ParlorNegotiatorFunc) (ParlorNegotiatorEvent event, const GError *error, gpointer user_data);

/**
 * ParlorNegotiator:
 *
 * One offer, one answer and the candidates of one generation, between a channel and a peer connection. Main thread only.
 *
 * @to and @call may be %NULL in the seed's dialect. @seed: the other end reads only the three seed messages, and may ignore candidates,
 * so an answer waits a little for ours and carries them. @handshake: (nullable) (transfer none): what proves who they are; no description
 * of theirs reaches the peer before it was checked. It must outlive this.
 */
ParlorNegotiator *parlor_negotiator_new (ParlorChannel *channel,
                                         const char *to,
                                         const char *call,
                                         guint generation,
                                         gboolean seed,
                                         ParlorHandshake *handshake,
                                         ParlorNegotiatorFunc func,
                                         gpointer user_data);
/* Cancels what is under way; func is not called any more. The peer is not closed. */
void parlor_negotiator_free (ParlorNegotiator *self);

void parlor_negotiator_offer (ParlorNegotiator *self, ParlorPeer *peer);
void parlor_negotiator_answer (ParlorNegotiator *self, ParlorPeer *peer, const ParlorMessage *offer);
/* FALSE when no answer is expected (the first one wins). */
gboolean parlor_negotiator_take_answer (ParlorNegotiator *self, const ParlorMessage *answer);
/* FALSE when no reveal is expected. */
gboolean parlor_negotiator_take_reveal (ParlorNegotiator *self, const ParlorMessage *reveal);
/* Theirs. Kept until their description is in place; beyond the limits it is dropped. */
void parlor_negotiator_take_candidate (ParlorNegotiator *self, const char *candidate, const char *mid, int mline_index);
/* (nullable) (transfer none): the offer we sent. */
const char *parlor_negotiator_get_local_offer (ParlorNegotiator *self);

/* (transfer full): @sdp with `a=` lines for @candidates (element-type utf8, "candidate:...") at the end of its first m-section. */
char *parlor_negotiator_add_candidates_to_sdp (const char *sdp, GPtrArray *candidates);
/* (transfer full) (nullable): the first sha-256 fingerprint in @sdp, in upper case. */
char *parlor_negotiator_fingerprint_of (const char *sdp);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorNegotiator, parlor_negotiator_free)

G_END_DECLS
