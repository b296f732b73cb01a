/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-channel.h"
#include "parlor-invite.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_WS_CHANNEL (parlor_ws_channel_get_type ())
G_DECLARE_FINAL_TYPE (ParlorWsChannel, parlor_ws_channel, PARLOR, WS_CHANNEL, GObject)

/**
 * parlor_ws_channel_new:
 * @invite: the relay and room
 * @name: the user's name, for `hello`
 *
 * A #ParlorChannel over a WebSocket (libsoup). Nothing is sent before parlor_ws_channel_connect(). Asks for the
 * subprotocol `parlor.1`; on a relay that selects none it speaks the seed's dialect, unless the invite holds a key or
 * a pin: then it closes with PARLOR_ERROR_REJECTED (downgrade).
 *
 * With a pin, the relay's certificate must hash to it, and nothing else matters; without, the system's trust decides.
 * The first attempt that fails closes the channel with an error that says what to do (PARLOR_ERROR_UNREACHABLE, _TLS,
 * _REJECTED and its kind, _CLOSED, _TOO_LARGE); once it was open it comes back by itself with back-off (state WAITING), in its old place in
 * the room if the relay kept that: then the next `welcome` has the same id. A relay that is silent for 25 s is lost.
 * Main thread only.
 *
 * What a relay says is bound to 64 KiB a message. With a libsoup older than 3.8 that is each fragment only: the fragments of one message
 * are all kept until its last one, so a relay that never sends that can fill our memory.
 *
 * Returns: (transfer full): a channel in CONNECTING
 */
ParlorWsChannel *parlor_ws_channel_new (ParlorInvite *invite, const char *name);
/* Before parlor_ws_channel_connect(). (nullable): what shows that we have the invite, as a token. */
void parlor_ws_channel_set_ticket (ParlorWsChannel *self, const char *ticket);
/* Before parlor_ws_channel_connect(). (nullable): what a relay of our own was given by parlor_relay_set_host_token(). */
void parlor_ws_channel_set_host_token (ParlorWsChannel *self, const char *token);
void parlor_ws_channel_connect (ParlorWsChannel *self);

/* Asks to be let in. PARLOR_ERROR_STATE unless the state is LOCKED, and we have not knocked yet. Then it is OPEN, or CLOSED with
 * PARLOR_ERROR_REFUSED or _LOCKED; or a message comes, the error `rate` about the knock, and we have not knocked. */
gboolean parlor_ws_channel_knock (ParlorWsChannel *self, GError **error);
/* Whether we may lock the room, let people in and remove them. Known, and perhaps another, with each `welcome`. */
gboolean parlor_ws_channel_is_owner (ParlorWsChannel *self);

/**
 * parlor_ws_channel_probe:
 * @self: a channel
 *
 * For when something makes the connection doubtful: the network has changed, a call hears nothing any more. A relay that does not answer
 * within 2 s is tried again at once, and so is one that was being waited for. Does nothing in other states, or on a relay that
 * speaks the seed's dialect.
 */
void parlor_ws_channel_probe (ParlorWsChannel *self);

G_END_DECLS
