/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define PARLOR_INVITE_KEY_SIZE 16 /* bytes, of KEY and of GUESTKEY */
#define PARLOR_INVITE_PIN_SIZE 32 /* bytes, SHA-256 of the relay's certificate */
#define PARLOR_DEFAULT_PORT 3002

/**
 * ParlorInvite:
 *
 * Where to meet: the parts of an invite, or of any http(s), ws(s) or parlor URL. Immutable and boxed; any thread.
 */
typedef struct _ParlorInvite ParlorInvite;

#define PARLOR_TYPE_INVITE (parlor_invite_get_type ())

GType parlor_invite_get_type (void);

/**
 * parlor_invite_parse:
 * @text: what the user pasted, surrounding white space allowed:
 *   `parlor://HOST:PORT/ROOM#KEY[.tls=SHA256]`, `https://HOST:PORT/ROOM#GUESTKEY`, any http(s) or ws(s) URL,
 *   or a bare `HOST:PORT[/ROOM]`
 * @error: %PARLOR_ERROR_BAD_INVITE with a message that says what is wrong with it
 *
 * A malformed key or pin is an error, never quietly an invite without one.
 * parlor: and wss:, https: mean TLS; parlor: to a loopback literal (127.0.0.0/8, [::1], localhost) means none
 * unless it carries a pin.
 *
 * Returns: (transfer full) (nullable): the invite
 */
ParlorInvite *parlor_invite_parse (const char *text, GError **error);

/**
 * parlor_invite_new:
 * @host: a host name or address literal (IPv6 without brackets)
 * @port: the relay's port
 * @room: (nullable): the room; %NULL or "" for the lobby
 * @tls: whether the relay speaks TLS
 * @key: (nullable): 16 bytes; the app's key
 * @guest_key: (nullable): 16 bytes, derived from @key (room trust)
 * @pin: (nullable): 32 bytes, SHA-256 of the relay's certificate
 *
 * Returns: (transfer full): an invite of one's own making
 */
ParlorInvite *parlor_invite_new (const char *host,
                                 guint16 port,
                                 const char *room,
                                 gboolean tls,
                                 GBytes *key,
                                 GBytes *guest_key,
                                 GBytes *pin);

ParlorInvite *parlor_invite_ref (ParlorInvite *self);
void parlor_invite_unref (ParlorInvite *self);

const char *parlor_invite_get_host (const ParlorInvite *self);
guint16 parlor_invite_get_port (const ParlorInvite *self);
/* "" for the lobby; for a foreign URL whatever its path says. */
const char *parlor_invite_get_room (const ParlorInvite *self);
gboolean parlor_invite_get_tls (const ParlorInvite *self);
GBytes *parlor_invite_get_key (const ParlorInvite *self);       /* (transfer none) (nullable) */
GBytes *parlor_invite_get_guest_key (const ParlorInvite *self); /* (transfer none) (nullable) */
GBytes *parlor_invite_get_pin (const ParlorInvite *self);       /* (transfer none) (nullable) */
gboolean parlor_invite_is_loopback (const ParlorInvite *self);

/* (transfer full): ws://... or wss://..., path and query as given, no fragment. */
char *parlor_invite_to_websocket_url (const ParlorInvite *self);
/* (transfer full) (nullable): parlor://HOST:PORT/ROOM#KEY[.tls=...]; NULL for what a parlor: link cannot express. */
char *parlor_invite_to_app_link (const ParlorInvite *self);
/* (transfer full): http(s)://HOST:PORT/ROOM[#GUESTKEY]. */
char *parlor_invite_to_web_link (const ParlorInvite *self);
/* (transfer full): what may be shown or logged: host, port and room, never a key. */
char *parlor_invite_to_display (const ParlorInvite *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorInvite, parlor_invite_unref)

G_END_DECLS
