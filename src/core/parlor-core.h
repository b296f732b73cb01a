/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-studio.h"
#include "parlor-switchboard.h"
#include "parlor-invite.h"
#include "parlor-porter.h"

G_BEGIN_DECLS

/**
 * ParlorSessionState: where we are with a relay.
 * @PARLOR_SESSION_IDLE: nowhere
 * @PARLOR_SESSION_CONNECTING: on the way into a room
 * @PARLOR_SESSION_IN_ROOM: there
 * @PARLOR_SESSION_RECONNECTING: the relay was lost and is being tried again
 * @PARLOR_SESSION_LOCKED: outside a locked room: parlor_core_knock(), and wait for IN_ROOM or "failed"; or "refused": then again
 */
typedef enum
{
  PARLOR_SESSION_IDLE,
  PARLOR_SESSION_CONNECTING,
  PARLOR_SESSION_IN_ROOM,
  PARLOR_SESSION_RECONNECTING,
  PARLOR_SESSION_LOCKED,
} ParlorSessionState;

/**
 * ParlorWish: what is done without being asked once we are in a room.
 * @PARLOR_WISH_NOTHING: nothing
 * @PARLOR_WISH_CALL: whoever is there is rung; in an empty room it ends, and who comes later rings us or is rung by hand
 * @PARLOR_WISH_CALL_FIRST: whoever is there, or comes first, however long that takes
 */
typedef enum
{
  PARLOR_WISH_NOTHING,
  PARLOR_WISH_CALL,
  PARLOR_WISH_CALL_FIRST,
} ParlorWish;

#define PARLOR_TYPE_CORE (parlor_core_get_type ())
G_DECLARE_FINAL_TYPE (ParlorCore, parlor_core, PARLOR, CORE, GObject)

/**
 * ParlorCore:
 *
 * The composition root: builds studio, channel, switchboard and, when the user hosts, a relay, and hands them to each other. What a program does with
 * Parlor, it does through this object: the window and `parlor-peer` alike. Main thread only.
 *
 * Properties (read-only, notify, unless said): "session" (#ParlorSessionState), "invite" (nullable #ParlorInvite: the room we are in or go to),
 * "hosting" (gboolean), "inviting" (gboolean: the room is of our making, here or at the home relay), "knocked" (gboolean: at the locked door that we stand at), "porter" (nullable #ParlorPorter: the door of the room we are in or go to),
 * "home-relay" (nullable string, read-write), "call" (nullable #ParlorCall), "participants" (GListModel of #ParlorParticipant, never NULL), "studio", "name" (read-write).
 *
 * Signals: "ready": we are in the room and know who is there (again, after the relay came back); "failed" (GError): joining, hosting or the relay failed, and we are IDLE again; "incoming" (ParlorCall);
 * "ended" (ParlorCall): the call that was on is over; "refused" (const char *code, const char *message): the relay refused something; at a locked door our knock, and "knocked" is FALSE again.
 */
ParlorCore *parlor_core_new (ParlorStudio *studio, const char *name, const ParlorDeadlines *deadlines);

/* (nullable): where our lasting identity is kept, or will be, once it is needed; without one we have none. For sessions that begin afterwards. */
void parlor_core_set_data_folder (ParlorCore *self, const char *folder);

/**
 * parlor_core_host:
 * @port: 0 for the default (3002) and, if that is taken, any
 *
 * Starts a relay in a thread of its own, on all addresses of this computer and with the certificate that is kept for it, makes a room and a key, and
 * joins by 127.0.0.1 like anybody else. With a home relay, makes the room there instead. "invite" is set once it listens. Leaves the session that was on.
 */
void parlor_core_host (ParlorCore *self, guint16 port);

/**
 * parlor_core_join:
 * @text: an invite or an address, see parlor_invite_parse()
 * @wish: whom to ring once we are in
 * @error: PARLOR_ERROR_BAD_INVITE; everything later comes by "failed"
 */
gboolean parlor_core_join (ParlorCore *self, const char *text, ParlorWish wish, GError **error);
/* Asks those in a locked room to let us in. PARLOR_ERROR_STATE unless LOCKED, or when we have knocked already. */
gboolean parlor_core_knock (ParlorCore *self, GError **error);
/* Ends call, session and hosting. */
void parlor_core_leave (ParlorCore *self);

/* Rings @participant, or whoever is there when NULL. PARLOR_ERROR_STATE when there is nobody, no session, or a call. */
gboolean parlor_core_call (ParlorCore *self, ParlorParticipant *participant, GError **error);
gboolean parlor_core_accept (ParlorCore *self, GError **error);
gboolean parlor_core_decline (ParlorCore *self, GError **error);
void parlor_core_hang_up (ParlorCore *self);

ParlorSessionState parlor_core_get_session (ParlorCore *self);
ParlorInvite *parlor_core_get_invite (ParlorCore *self); /* (transfer none) (nullable) */
gboolean parlor_core_get_hosting (ParlorCore *self);
gboolean parlor_core_get_inviting (ParlorCore *self);
ParlorPorter *parlor_core_get_porter (ParlorCore *self);    /* (transfer none) (nullable) */
const char *parlor_core_get_home_relay (ParlorCore *self);  /* (nullable) */
void parlor_core_set_home_relay (ParlorCore *self, const char *url);
ParlorCall *parlor_core_get_call (ParlorCore *self); /* (transfer none) (nullable) */
GListModel *parlor_core_get_participants (ParlorCore *self);
ParlorStudio *parlor_core_get_studio (ParlorCore *self);
const char *parlor_core_get_name (ParlorCore *self);
void parlor_core_set_name (ParlorCore *self, const char *name);

G_END_DECLS
