/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

/**
 * ParlorRequest: the head of an HTTP request. Pure; one thread at a time.
 */
typedef struct
{
  SoupHTTPVersion version;
  char *method;
  char *path; /* as it was written, without its query */
  char *host; /* (nullable): whom it is for: of the target, else of Host; two Hosts make one that is no name */
  SoupMessageHeaders *headers;
  gboolean is_tls;
  GInetAddress *peer; /* the other end of the connection */
} ParlorRequest;

/**
 * parlor_request_measure:
 * @bytes: what came so far
 *
 * Returns: the length of the head at the start of @bytes, its empty line included; 0 while it is not whole
 */
gsize parlor_request_measure (const guint8 *bytes, gsize length);
/**
 * parlor_request_parse:
 * @self: (out caller-allocates): filled in, as far as it goes: to be cleared in any case
 * @head: as measured; the byte behind it must be NUL
 *
 * Returns: 200, or the status with which the request is to be refused: what is no HTTP/1, and what has a body
 */
guint parlor_request_parse (ParlorRequest *self, const char *head, gsize length);
void parlor_request_clear (ParlorRequest *self);
gboolean parlor_request_is_method (const ParlorRequest *self, const char *method);
/* Whether it asks to become a WebSocket; whether it may is for parlor_request_shake_hands(). */
gboolean parlor_request_wants_upgrade (const ParlorRequest *self);
/**
 * parlor_request_shake_hands:
 * @self: one that wants an upgrade
 * @subprotocol: the one that this server speaks
 * @is_spoken: (out): whether the client does; else it asked for none
 *
 * The server's half of the opening handshake, RFC 6455, section 4.2, without extensions.
 *
 * Returns: (transfer full) (nullable): the answer that is to be sent, or %NULL when it is no such handshake
 */
char *parlor_request_shake_hands (const ParlorRequest *self, const char *subprotocol, gboolean *is_spoken);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ParlorRequest, parlor_request_clear)

G_END_DECLS
