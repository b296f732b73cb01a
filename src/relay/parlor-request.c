/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-request.h"

#include <string.h>

/*
 * Requests are parsed by libsoup's own parser, but not served by its server: that brings objects and sources of its own for each
 * connection, and reads bodies, for which a relay has no use.
 */

#define WEBSOCKET_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, section 1.3 */
#define WEBSOCKET_KEY_SIZE 16

/* The head ends with an empty line; empty lines before it are not counted as one (RFC 9112, section 2.2). */
gsize
parlor_request_measure (const guint8 *bytes, gsize length)
{
  gsize start = 0;

  while (start < length && (bytes[start] == '\r' || bytes[start] == '\n'))
    start++;
  for (const guint8 *end = bytes + start; (end = memchr (end, '\n', bytes + length - end)) != NULL;)
    {
      end++;
      if (end < bytes + length && *end == '\r')
        end++;
      if (end < bytes + length && *end == '\n')
        return end + 1 - bytes;
    }
  return 0;
}

/* A whole URL instead of a path: what it says goes before Host (RFC 9112, section 3.2.2). */
static void
take_url (ParlorRequest *self, const char *url)
{
  const char *authority = strstr (url, "://") + strlen ("://");
  gsize length = strcspn (authority, "/?");

  g_free (self->host);
  self->host = g_strndup (authority, length);
  g_free (self->path);
  self->path = authority[length] == '/' ? g_strndup (authority + length, strcspn (authority + length, "?"))
                                        : g_strdup ("/");
}

static void
take_target (ParlorRequest *self, const char *target)
{
  self->host = g_strdup (soup_message_headers_get_list (self->headers, "Host"));
  if (parlor_request_is_method (self, "CONNECT"))
    self->path = g_strdup ("/"); /* what it names is no path */
  else
    self->path = g_strndup (target, strcspn (target, "?"));
  if (g_ascii_strncasecmp (target, "http://", 7) == 0 || g_ascii_strncasecmp (target, "https://", 8) == 0)
    take_url (self, target);
}

/* What a body would mean. One whose length is not known is as bad as a long one. */
static guint
judge_body (ParlorRequest *self)
{
  const char *length = soup_message_headers_get_list (self->headers, "Content-Length");

  if (soup_message_headers_get_list (self->headers, "Transfer-Encoding") != NULL)
    return SOUP_STATUS_NOT_IMPLEMENTED;
  if (length == NULL || g_str_equal (length, "0"))
    return SOUP_STATUS_OK;
  return *length != '\0' && strspn (length, "0123456789") == strlen (length) ? SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE
                                                                             : SOUP_STATUS_BAD_REQUEST;
}

guint
parlor_request_parse (ParlorRequest *self, const char *head, gsize length)
{
  g_autofree char *target = NULL;
  guint status;

  *self = (ParlorRequest){
    .version = SOUP_HTTP_1_1,
    .headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST),
  };
  if (memchr (head, '\0', length) != NULL)
    return SOUP_STATUS_BAD_REQUEST;
  /* Without its empty line. */
  length -= head[length - 2] == '\r' ? 2 : 1;
  status = soup_headers_parse_request (head, length, self->headers, &self->method, &target, &self->version);
  if (status != SOUP_STATUS_OK)
    return status;
  take_target (self, target);
  if (self->version == SOUP_HTTP_1_1 && soup_message_headers_get_list (self->headers, "Host") == NULL)
    return SOUP_STATUS_BAD_REQUEST;
  return judge_body (self);
}

void
parlor_request_clear (ParlorRequest *self)
{
  g_clear_pointer (&self->method, g_free);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->host, g_free);
  g_clear_pointer (&self->headers, soup_message_headers_unref);
  g_clear_object (&self->peer);
}

gboolean
parlor_request_is_method (const ParlorRequest *self, const char *method)
{
  return g_strcmp0 (self->method, method) == 0;
}

gboolean
parlor_request_wants_upgrade (const ParlorRequest *self)
{
  return parlor_request_is_method (self, "GET") && self->version == SOUP_HTTP_1_1
         && soup_message_headers_header_contains (self->headers, "Upgrade", "websocket");
}

/* What is answered to @key, which must be 16 bytes in base64: (transfer full) (nullable). */
static char *
make_accept (const char *key)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize size = 0;
  g_autofree guchar *decoded = key ? g_base64_decode (key, &size) : NULL;

  if (size != WEBSOCKET_KEY_SIZE)
    return NULL;
  g_checksum_update (checksum, (const guchar *) key, -1);
  g_checksum_update (checksum, (const guchar *) WEBSOCKET_GUID, -1);
  size = sizeof digest;
  g_checksum_get_digest (checksum, digest, &size);
  return g_base64_encode (digest, size);
}

static gboolean
lists (const char *header, const char *subprotocol)
{
  GSList *list = soup_header_parse_list (header);
  gboolean found = g_slist_find_custom (list, subprotocol, (GCompareFunc) strcmp) != NULL;

  soup_header_free_list (list);
  return found;
}

char *
parlor_request_shake_hands (const ParlorRequest *self, const char *subprotocol, gboolean *is_spoken)
{
  const char *asked = soup_message_headers_get_list (self->headers, "Sec-WebSocket-Protocol");
  const char *version = soup_message_headers_get_one (self->headers, "Sec-WebSocket-Version");
  g_autofree char *accept = make_accept (soup_message_headers_get_one (self->headers, "Sec-WebSocket-Key"));

  *is_spoken = asked != NULL;
  if (!soup_message_headers_header_contains (self->headers, "Connection", "Upgrade") || g_strcmp0 (version, "13") != 0
      || accept == NULL || (asked != NULL && !lists (asked, subprotocol)))
    return NULL;
  return g_strdup_printf ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: %s\r\n%s%s%s\r\n",
                          accept, asked ? "Sec-WebSocket-Protocol: " : "", asked ? subprotocol : "", asked ? "\r\n" : "");
}
