/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-call.h"
#include "parlor-channel.h"
#include "parlor-gauge.h"
#include "parlor-handshake.h"
#include "parlor-identity.h"
#include "parlor-liveness.h"
#include "parlor-negotiator.h"

G_BEGIN_DECLS

/*
 * ParlorCall is in four files: parlor-call.c holds the object and its one transition table, parlor-call-messages.c what each
 * message from the relay or the data channel means to it, parlor-call-trust.c who is at the other end, parlor-call-renew.c what happens when
 * they are not heard any more. The switchboard makes calls and feeds them.
 */

/*
 * A later generation of the peer connection, which may take over from the one in use. The ringer makes it and decides; the other side answers
 * it and waits for the word.
 */
typedef struct
{
  guint generation;
  ParlorHandshake *handshake;
  ParlorNegotiator *negotiator;
  ParlorPeer *peer;
  gint64 began;
  ParlorMediaFlags seen; /* what came in and would be shown */
  gint64 heard;          /* when their state came over its channel: it carries words both ways; 0 = not yet */
  gboolean chosen;       /* the ringer said that it takes over */
} ParlorRenewal;

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
  ParlorHandshake *handshake; /* of the first generation, for as long as the call is; NULL in the seed's dialect */
  ParlorNegotiator *negotiator;
  ParlorPeer *peer;
  guint generation; /* of the peer in use */
  ParlorHandshake *later_handshake; /* (nullable): its own, if it is not the first */
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

  ParlorLiveness liveness;
  char *fingerprint;      /* (nullable): their certificate, for the whole of the call */
  ParlorRenewal *renewal; /* nullable */
  guint last_generation;  /* the highest that there was */
  gboolean deaf;          /* we do not hear them */
  gboolean unheard;       /* they say that they do not hear us */
  gint64 last_heard;      /* the last_activity of the last look */
  guint n_heard;          /* looks in a row at which there was a new one */
  gint64 trouble_since;
  gboolean stale;         /* what was tried came to nothing, as far as we know */
  gint64 tried;           /* when a path was last asked for, or offered */
  gint64 away_since;      /* 0 = they are not away */

  ParlorGauge *gauge;
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
/* The relay gave us another id. */
void parlor_call_move (ParlorCall *self, const char *own_id);
/* The relay is back: what was said to it before may be lost. */
void parlor_call_handle_channel_back (ParlorCall *self);

/* Within the four files. */
gboolean parlor_call_is_up (ParlorCall *self);
ParlorPeer *parlor_call_create_peer (ParlorCall *self, guint generation, GError **error);
void parlor_call_drop_negotiation (ParlorCall *self);
void parlor_call_set_reconnecting (ParlorCall *self, gboolean reconnecting);
void parlor_call_notify_peer (ParlorCall *self);
ParlorNegotiator *parlor_call_find_negotiator (ParlorCall *self, guint generation);

void parlor_call_start_liveness (ParlorCall *self);
gboolean parlor_call_look_after_path (ParlorCall *self, gint64 now);
void parlor_call_lose_path (ParlorCall *self);
void parlor_call_drop_renewal (ParlorCall *self);
void parlor_call_take_renewal_state (ParlorCall *self, ParlorPeer *peer);
void parlor_call_take_renewal_offer (ParlorCall *self, const ParlorMessage *offer);
void parlor_call_take_renew (ParlorCall *self, guint generation);
void parlor_call_take_path_text (ParlorCall *self, ParlorPeer *peer, const ParlorMessage *message);
void parlor_call_accepted (ParlorCall *self);
void parlor_call_take_text (ParlorCall *self, ParlorPeer *peer, const char *text);
void parlor_call_send_state (ParlorCall *self, ParlorPeer *peer);
gboolean parlor_call_send (ParlorCall *self, ParlorMessage *message, GError **error);
void parlor_call_end (ParlorCall *self, ParlorEndReason reason, const char *message);
void parlor_call_end_and_tell (ParlorCall *self, ParlorEndReason reason, const char *message);
gboolean parlor_call_media_is_up (ParlorCall *self);
gboolean parlor_call_send_text (ParlorPeer *peer, const ParlorMessage *message);
void parlor_call_take_trust (ParlorCall *self);
void parlor_call_send_identity (ParlorCall *self);
void parlor_call_take_identity (ParlorCall *self, const ParlorMessage *message);
void parlor_call_notify_security (ParlorCall *self);
void parlor_call_notify_peer_identity (ParlorCall *self);
void parlor_call_set_deadline (ParlorCall *self, guint ms, ParlorEndReason reason);

G_END_DECLS
