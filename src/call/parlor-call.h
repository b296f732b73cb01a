/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "parlor-participant.h"
#include "parlor-peer.h"

G_BEGIN_DECLS

/**
 * ParlorCallState:
 * @PARLOR_CALL_DIALING: we rang (or, in the seed's dialect, sent an offer); they have not answered
 * @PARLOR_CALL_RINGING: they ring; the user has not answered. Nothing of camera or microphone leaves
 * @PARLOR_CALL_CONNECTING: accepted; descriptions and candidates are exchanged
 * @PARLOR_CALL_ACTIVE: connected, verified; media flows both ways
 * @PARLOR_CALL_RECONNECTING: it was up, and one side does not hear the other any more: another path is looked for, and the old one may come back
 * @PARLOR_CALL_ENDED: over, for the reason of parlor_call_get_end_reason(); never left again
 */
typedef enum
{
  PARLOR_CALL_DIALING,
  PARLOR_CALL_RINGING,
  PARLOR_CALL_CONNECTING,
  PARLOR_CALL_ACTIVE,
  PARLOR_CALL_RECONNECTING,
  PARLOR_CALL_ENDED,
} ParlorCallState;

/**
 * ParlorEndReason: why a call is over. The nick of each (parlor_end_reason_to_string()) is what `parlor-peer` prints.
 * @PARLOR_END_NONE: it is not over
 * @PARLOR_END_HUNG_UP: we hung up
 * @PARLOR_END_REMOTE_HUNG_UP: they hung up
 * @PARLOR_END_DECLINED: they declined, or we did
 * @PARLOR_END_BUSY: they are in another call
 * @PARLOR_END_CANCELLED: the ringer gave up before it was accepted
 * @PARLOR_END_NO_ANSWER: nobody accepted within the ring deadline
 * @PARLOR_END_NO_DEVICE: they have nothing to answer with
 * @PARLOR_END_OFFER_TIMEOUT: accepted, but the offer did not come in time
 * @PARLOR_END_ANSWER_TIMEOUT: the answer to our offer did not come in time
 * @PARLOR_END_CONNECT_TIMEOUT: no path was found in time
 * @PARLOR_END_PEER_LEFT: they left the room before media was up
 * @PARLOR_END_RELAY_LOST: the relay went away before media was up
 * @PARLOR_END_BAD_SDP: their description, or what they send, cannot be used
 * @PARLOR_END_FINGERPRINT_MISSING: their description promises no certificate
 * @PARLOR_END_FINGERPRINT_MISMATCH: their certificate is not the one promised
 * @PARLOR_END_PROOF_MISSING: they did not prove that they have the invite
 * @PARLOR_END_PROOF_WRONG: what they proved is not that they have the invite, or not for this call
 * @PARLOR_END_COMMIT_MISMATCH: what they revealed is not what they had promised
 * @PARLOR_END_REVEAL_TIMEOUT: what they had promised to reveal did not come in time
 * @PARLOR_END_IDENTITY_CHANGED: in the middle of the call they were somebody else
 * @PARLOR_END_CONNECT_FAILED: ICE or DTLS failed
 * @PARLOR_END_LOST: nothing came from them for too long, and no other path to them was found
 * @PARLOR_END_VANISHED: nothing comes from them, and their line to the relay broke off at the same time: their program or computer ended
 * @PARLOR_END_DOWNGRADE: a seed peer where the invite has a key
 * @PARLOR_END_REFUSED: the relay refused to carry it (its error code is in the message)
 * @PARLOR_END_MEDIA_FAILED: our own media failed
 */
typedef enum
{
  PARLOR_END_NONE,
  PARLOR_END_HUNG_UP,
  PARLOR_END_REMOTE_HUNG_UP,
  PARLOR_END_DECLINED,
  PARLOR_END_BUSY,
  PARLOR_END_CANCELLED,
  PARLOR_END_NO_ANSWER,
  PARLOR_END_NO_DEVICE,
  PARLOR_END_OFFER_TIMEOUT,
  PARLOR_END_ANSWER_TIMEOUT,
  PARLOR_END_CONNECT_TIMEOUT,
  PARLOR_END_PEER_LEFT,
  PARLOR_END_RELAY_LOST,
  PARLOR_END_BAD_SDP,
  PARLOR_END_FINGERPRINT_MISSING,
  PARLOR_END_FINGERPRINT_MISMATCH,
  PARLOR_END_PROOF_MISSING,
  PARLOR_END_PROOF_WRONG,
  PARLOR_END_COMMIT_MISMATCH,
  PARLOR_END_REVEAL_TIMEOUT,
  PARLOR_END_IDENTITY_CHANGED,
  PARLOR_END_CONNECT_FAILED,
  PARLOR_END_LOST,
  PARLOR_END_VANISHED,
  PARLOR_END_DOWNGRADE,
  PARLOR_END_REFUSED,
  PARLOR_END_MEDIA_FAILED,
} ParlorEndReason;

/**
 * ParlorCallSecurity: what is known of who is at the other end. Everything is encrypted, always; what is proved is that they have an invite, not
 * who they are.
 * @PARLOR_SECURITY_UNKNOWN: nothing was checked yet
 * @PARLOR_SECURITY_UNVERIFIED: encrypted, but whoever runs the relay could be in between: a room without a key, or a seed peer
 * @PARLOR_SECURITY_WEB_LINK: they have the key of the web link; so has whoever served them its page
 * @PARLOR_SECURITY_APP_LINK: they have the key of the app link
 * @PARLOR_SECURITY_COMPARED: the user said that both see the same emoji
 */
typedef enum
{
  PARLOR_SECURITY_UNKNOWN,
  PARLOR_SECURITY_UNVERIFIED,
  PARLOR_SECURITY_WEB_LINK,
  PARLOR_SECURITY_APP_LINK,
  PARLOR_SECURITY_COMPARED,
} ParlorCallSecurity;

#define PARLOR_CALL_N_EMOJI 5

/**
 * ParlorDeadlines: how long each phase may take, in ms. Tests inject short ones; the defaults are the protocol's.
 */
typedef struct
{
  guint ring_ms;     /* DIALING and RINGING */
  guint offer_ms;    /* callee: accept -> offer */
  guint answer_ms;   /* ringer: offer -> answer */
  guint connect_ms;  /* answer -> connected */
  guint liveness_ms; /* ACTIVE, where there is no other path to look for: since the last authenticated packet */
  guint silence_ms;  /* the same, once the relay says that they said bye or left: it may lie, but silence confirms it */
  guint reveal_ms;   /* callee: answer -> reveal */
  guint alarm_ms;     /* ACTIVE -> RECONNECTING: since the last authenticated packet; 0 = never, liveness_ms ends it */
  guint early_ms;     /* the same, shortly after something happened to the network */
  guint attempt_ms;   /* of one new path, after which the next is tried */
  guint vanished_ms;  /* RECONNECTING -> ENDED with somebody who left the relay as well, without a word */
  guint reconnect_ms; /* RECONNECTING */
  guint look_ms;      /* how often it is looked whether anything came in; 0 = 250 */
} ParlorDeadlines;

#define PARLOR_DEADLINES_DEFAULT ((ParlorDeadlines) { 45000, 15000, 15000, 20000, 10000, 1000, 5000, 1700, 1000, 8000, 5000, 60000, 250 })

#define PARLOR_TYPE_CALL (parlor_call_get_type ())
G_DECLARE_FINAL_TYPE (ParlorCall, parlor_call, PARLOR, CALL, GObject)

#define PARLOR_TYPE_GAUGE (parlor_gauge_get_type ())
G_DECLARE_FINAL_TYPE (ParlorGauge, parlor_gauge, PARLOR, GAUGE, GObject)

/**
 * ParlorCall:
 *
 * One call with one participant: the state machine between the first ring and its end. Made by #ParlorSwitchboard, which
 * also feeds it the messages that belong to it. Main thread only.
 *
 * Properties (read-only, notify): "state", "end-reason", "participant", "peer" (nullable #ParlorPeer: from CONNECTING on, earlier on the
 * seed's ringing side; another one when a new path took over), "incoming", "security" (#ParlorCallSecurity, and with it what parlor_call_get_proof() and parlor_call_get_emoji()
 * say), "peer-identity" (nullable GBytes: their lasting key, which has signed this very call), "gauge" (#ParlorGauge: how it is).
 */
ParlorCallState parlor_call_get_state (ParlorCall *self);
ParlorEndReason parlor_call_get_end_reason (ParlorCall *self);
const char *parlor_call_get_end_message (ParlorCall *self); /* (nullable): details for logs and "Show details" */
ParlorParticipant *parlor_call_get_participant (ParlorCall *self);
ParlorPeer *parlor_call_get_peer (ParlorCall *self); /* (nullable) */
gboolean parlor_call_get_incoming (ParlorCall *self);
ParlorGauge *parlor_call_get_gauge (ParlorCall *self);
const char *parlor_call_get_id (ParlorCall *self); /* (nullable) in the seed's dialect */
ParlorMediaFlags parlor_call_get_offered_media (ParlorCall *self);
gint64 parlor_call_get_active_since (ParlorCall *self); /* g_get_monotonic_time(), 0 before ACTIVE; kept after the end */
gint64 parlor_call_get_duration (ParlorCall *self);     /* us since it was ACTIVE first, until now or its end */

ParlorCallSecurity parlor_call_get_security (ParlorCall *self);
ParlorProofBy parlor_call_get_proof (ParlorCall *self); /* what they proved, and nothing else is meant by it */
const guint *parlor_call_get_emoji (ParlorCall *self);  /* (nullable): five indices for parlor_emoji_get(); NULL where one side has none */
GBytes *parlor_call_get_peer_identity (ParlorCall *self); /* (transfer none) (nullable) */
/* The user compared the emoji with the other person. FALSE, and nothing happens, when there are none. */
gboolean parlor_call_set_compared (ParlorCall *self);

gboolean parlor_call_accept (ParlorCall *self, GError **error);  /* RINGING only: PARLOR_ERROR_STATE otherwise */
gboolean parlor_call_decline (ParlorCall *self, ParlorDeclineReason reason, GError **error); /* RINGING only */
void parlor_call_hang_up (ParlorCall *self); /* any state: cancel, decline or bye, whichever is right; nothing once ENDED */

/* Something happened to the network: the path may be another one, or none. Nothing is done but to look for that sooner. */
void parlor_call_hurry (ParlorCall *self);

/* What we send now; told to the other side over the data channel. */
void parlor_call_set_local_media (ParlorCall *self, ParlorMediaFlags media);

const char *parlor_end_reason_to_string (ParlorEndReason reason); /* "hung-up", "no-answer", ... */
gboolean parlor_end_reason_is_failure (ParlorEndReason reason);   /* FALSE for a call that ended as calls do (hung-up, remote-hung-up) */

G_END_DECLS
