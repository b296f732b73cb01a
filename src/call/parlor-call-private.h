/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-call.h"
#include "parlor-channel.h"
#include "parlor-handshake.h"
#include "parlor-identity.h"
#include "parlor-negotiator.h"

G_BEGIN_DECLS

/*
 * ParlorCall is in three files: parlor-call.c holds the object and its one transition table, parlor-call-messages.c what each
 * message from the relay or the data channel means to it, parlor-call-trust.c who is at the other end. The switchboard makes calls and
 * feeds them.
 */

#define PARLOR_CALL_GENERATION 1 /* a call has one peer connection */

/* What the switchboard gives to every call. Plain data, for the time of a call to a constructor; nothing is copied. */
typedef struct
{
  ParlorChannel *channel;
  ParlorPeerFactory *factory;
  GPtrArray *ice_servers; /* nullable */
  const ParlorDeadlines *deadlines;
  const char *own_id; /* nullable: on a seed relay */
  ParlorCallKeys *keys;
  ParlorIdentity *identity; /* nullable */
} ParlorCallMeans;

struct _ParlorCall
{
  GObject parent_instance;

  ParlorChannel *channel;
  ParlorPeerFactory *factory;
  GPtrArray *ice_servers; /* nullable */
  ParlorDeadlines deadlines;
  ParlorParticipant *participant;

  ParlorCallState state;
  ParlorEndReason end_reason;
  char *end_message;
  gboolean incoming;
  gboolean seed;
  gboolean offerer;     /* we make the offer */
  gboolean offer_taken; /* theirs is being answered; a second one is ignored */
  char *id;          /* NULL in the seed's dialect */
  ParlorMessage *seed_offer; /* an offer that rings */
  ParlorMediaFlags offered_media;
  ParlorMediaFlags local_media;

  char *own_id;             /* nullable */
  ParlorCallKeys *keys;     /* of the invite */
  ParlorIdentity *identity; /* nullable: ours */
  ParlorHandshake *handshake; /* NULL in the seed's dialect */
  ParlorNegotiator *negotiator;
  ParlorPeer *peer;
  ParlorCallSecurity security;
  ParlorProofBy proof;
  gboolean has_emoji;
  guint emoji[PARLOR_PROOF_N_EMOJI];
  GBytes *peer_identity; /* nullable */
  gboolean heard; /* something came over the data channel */
  guint deadline_source;
  ParlorEndReason deadline_reason;
  guint liveness_source;
  gint64 rumour_at; /* when the relay last said that they are gone */
  gint64 active_since;
  gint64 ended_at;
};

/* Made by the switchboard; both (transfer full). A call starts in DIALING or RINGING. */
ParlorCall *parlor_call_new_outgoing (const ParlorCallMeans *means, ParlorParticipant *participant, ParlorMediaFlags media);
ParlorCall *parlor_call_new_incoming (const ParlorCallMeans *means, ParlorParticipant *participant, const ParlorMessage *ring_or_offer);
/* Sends the ring (or the seed's offer). The call may have ended when this returns. */
void parlor_call_dial (ParlorCall *self);

/* A message that the switchboard found to belong to this call. */
void parlor_call_handle_message (ParlorCall *self, const ParlorMessage *message);
/* They ring us while we ring them; theirs stands: take it as ours. */
void parlor_call_yield (ParlorCall *self, const ParlorMessage *ring_or_offer);
void parlor_call_handle_left (ParlorCall *self);
void parlor_call_handle_channel_lost (ParlorCall *self);
void parlor_call_handle_refusal (ParlorCall *self, const ParlorMessage *error);

/* Within the three files. */
void parlor_call_accepted (ParlorCall *self);
void parlor_call_take_text (ParlorCall *self, const char *text);
void parlor_call_send_state (ParlorCall *self);
gboolean parlor_call_send (ParlorCall *self, ParlorMessage *message, GError **error);
void parlor_call_end (ParlorCall *self, ParlorEndReason reason, const char *message);
void parlor_call_end_and_tell (ParlorCall *self, ParlorEndReason reason, const char *message);
gboolean parlor_call_media_is_up (ParlorCall *self);
gboolean parlor_call_send_text (ParlorCall *self, const ParlorMessage *message);
void parlor_call_take_trust (ParlorCall *self);
void parlor_call_send_identity (ParlorCall *self);
void parlor_call_take_identity (ParlorCall *self, const ParlorMessage *message);
void parlor_call_notify_security (ParlorCall *self);
void parlor_call_notify_peer_identity (ParlorCall *self);
void parlor_call_set_deadline (ParlorCall *self, guint ms, ParlorEndReason reason);

G_END_DECLS
