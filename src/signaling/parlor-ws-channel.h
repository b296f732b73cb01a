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
 * _REJECTED, _CLOSED, _TOO_LARGE); once it was open it comes back by itself with back-off (state WAITING).
 * Main thread only.
 *
 * Returns: (transfer full): a channel in CONNECTING
 */
ParlorWsChannel *parlor_ws_channel_new (ParlorInvite *invite, const char *name);
void parlor_ws_channel_connect (ParlorWsChannel *self);

G_END_DECLS
