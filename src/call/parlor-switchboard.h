/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-call.h"
#include "parlor-call-keys.h"
#include "parlor-channel.h"
#include "parlor-identity.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_SWITCHBOARD (parlor_switchboard_get_type ())
G_DECLARE_FINAL_TYPE (ParlorSwitchboard, parlor_switchboard, PARLOR, SWITCHBOARD, GObject)

/**
 * ParlorSwitchboard:
 *
 * Sits at one channel: keeps who is in the room, gives every message to the call it belongs to, answers `busy`, settles
 * two who ring each other. At most one call at a time. Main thread only.
 *
 * Properties (read-only, notify): "call" (nullable #ParlorCall; the current one; NULL again once it ended), "participants" (GListModel
 * of #ParlorParticipant), "id" (ours, NULL before welcome).
 *
 * Signals: "incoming" (ParlorCall *): a call in RINGING; "ended" (ParlorCall *): the call reached ENDED;
 * "refused" (const char *code, const char *message): the relay answered with an error that is nobody's call's, or (`downgrade`) passed on a call of a
 * seed's where that is refused.
 */
ParlorSwitchboard *parlor_switchboard_new (ParlorChannel *channel, ParlorPeerFactory *factory, const ParlorDeadlines *deadlines);

/* How long people, and a call that is not up yet, outlive the loss of the relay, here or at the other end of the call: it may know us again.
 * Default 15 s; 0 = not at all. */
void parlor_switchboard_set_patience (ParlorSwitchboard *self, guint ms);

/* With a key or a pin the seed's dialect is refused (`downgrade`). Default TRUE. */
void parlor_switchboard_set_allow_seed (ParlorSwitchboard *self, gboolean allow);

/* What the invite gives to prove with, and its room, whatever the relay calls it; without it a lobby without a key. For calls that begin afterwards. */
void parlor_switchboard_set_keys (ParlorSwitchboard *self, ParlorCallKeys *keys);
/* (nullable): our lasting key, shown to those who proved that they have the invite. */
void parlor_switchboard_set_identity (ParlorSwitchboard *self, ParlorIdentity *identity);

/* Something happened to the network: see parlor_call_hurry(). The channel's owner has the relay asked. */
void parlor_switchboard_hurry (ParlorSwitchboard *self);

ParlorChannel *parlor_switchboard_get_channel (ParlorSwitchboard *self);
ParlorCall *parlor_switchboard_get_call (ParlorSwitchboard *self);
GListModel *parlor_switchboard_get_participants (ParlorSwitchboard *self);
const char *parlor_switchboard_get_id (ParlorSwitchboard *self);

/**
 * parlor_switchboard_call:
 * @self: a switchboard whose channel is open
 * @participant: (nullable): whom to ring; %NULL on a seed relay: everybody who listens
 * @media: what we mean to send
 * @error: PARLOR_ERROR_STATE while another call is on or the channel is not open; PARLOR_ERROR_REJECTED for a seed peer where that is
 *   refused; PARLOR_ERROR_FAILED when the call ended at once: "ended" has told why
 *
 * Calling the very one who rings us is accepting.
 *
 * Returns: (transfer none) (nullable): the call, in DIALING (or accepted)
 */
ParlorCall *parlor_switchboard_call (ParlorSwitchboard *self, ParlorParticipant *participant, ParlorMediaFlags media, GError **error);

/* Ends the call if there is one and lets go of the channel. */
void parlor_switchboard_close (ParlorSwitchboard *self);

G_END_DECLS
