/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lab.h"

#include "parlor-frame.h"

#include <string.h>
#include <sys/socket.h>

gboolean
lab_on_tick (gpointer unused)
{
  return G_SOURCE_CONTINUE;
}

guint
lab_count_rounds (guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * 1000;
  guint tick = g_timeout_add (20, lab_on_tick, NULL);
  guint n = 0;

  for (; g_get_monotonic_time () < end; n++)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (tick);
  return n;
}

void
lab_limits_init (ParlorRelayLimits *limits)
{
  parlor_relay_limits_init (limits);
  limits->messages_per_second = limits->bytes_per_second = 0;
  limits->max_rings = limits->max_open_rings = limits->max_knocks = limits->max_per_address = 0;
  limits->away_ms = 0;
}

Lab *
lab_new (const ParlorRelayLimits *limits)
{
  Lab *lab = g_new0 (Lab, 1);
  ParlorRelayLimits usual;
  g_autoptr (GError) error = NULL;

  lab_limits_init (&usual);
  lab->relay = parlor_relay_new (limits ? limits : &usual);
  lab->keeps_seats = limits && limits->away_ms > 0;
  parlor_relay_listen (lab->relay, "127.0.0.1", 0, &error);
  g_assert_no_error (error);
  lab->port = parlor_relay_get_port (lab->relay);
  lab->session = soup_session_new_with_options ("max-conns", 10000, "max-conns-per-host", 10000, NULL);
  return lab;
}

void
lab_free (Lab *lab)
{
  gpointer relay = lab->relay;

  lab_wait (parlor_relay_get_n_connections (lab->relay) == 0);
  if (!lab->keeps_seats)
    {
      g_assert_cmpuint (parlor_relay_get_n_guests (lab->relay), ==, 0);
      g_assert_cmpuint (parlor_relay_get_n_rooms (lab->relay), ==, 0);
    }
  g_object_add_weak_pointer (G_OBJECT (lab->relay), &relay);
  g_object_unref (lab->relay);
  lab_wait (relay == NULL);

  soup_session_abort (lab->session);
  g_object_unref (lab->session);
  g_free (lab);
}

static void
on_message (SoupWebsocketConnection *connection, int type, GBytes *text, Client *client)
{
  g_assert_cmpint (type, ==, SOUP_WEBSOCKET_DATA_TEXT);
  g_queue_push_tail (&client->heard, g_bytes_ref (text));
}

static void
on_closed (SoupWebsocketConnection *connection, Client *client)
{
  client->closed = TRUE;
}

static void
on_connected (GObject *session, GAsyncResult *result, gpointer user_data)
{
  Client *client = user_data;

  client->connection = soup_session_websocket_connect_finish (SOUP_SESSION (session), result, NULL);
  if (client->connection == NULL)
    {
      client->closed = TRUE;
      return;
    }
  soup_websocket_connection_set_max_incoming_payload_size (client->connection, 0);
  g_signal_connect (client->connection, "message", G_CALLBACK (on_message), client);
  g_signal_connect (client->connection, "closed", G_CALLBACK (on_closed), client);
}

static gboolean
on_accept_certificate (SoupMessage *message, GTlsCertificate *certificate, GTlsCertificateFlags errors, gpointer unused)
{
  return TRUE;
}

static SoupMessage *
make_message (Lab *lab, const char *method, const char *path, const char *host)
{
  g_autofree char *url = g_strdup_printf ("%s://127.0.0.1:%u%s", lab->tls ? "https" : "http", lab->port, path);
  SoupMessage *message = soup_message_new (method, url);

  g_assert_nonnull (message);
  g_signal_connect (message, "accept-certificate", G_CALLBACK (on_accept_certificate), NULL);
  if (host)
    soup_message_headers_replace (soup_message_get_request_headers (message), "Host", host);
  return message;
}

Client *
client_open (Lab *lab, const char *path, const char *subprotocol, const char *host, const char *origin)
{
  Client *client = g_new0 (Client, 1);
  g_autoptr (SoupMessage) message = make_message (lab, "GET", path, host);
  const char *subprotocols[] = { subprotocol, NULL };

  client->lab = lab;
  g_queue_init (&client->heard);
  soup_session_websocket_connect_async (lab->session, message, origin, subprotocol ? (char **) subprotocols : NULL,
                                        G_PRIORITY_DEFAULT, NULL, on_connected, client);
  lab_wait (client->connection || client->closed);
  client->status = soup_message_get_status (message);
  return client;
}

Client *
client_join (Lab *lab, const char *path, const char *name)
{
  Client *client = client_open (lab, path, "parlor.1", NULL, NULL);
  g_autoptr (JsonObject) welcome = NULL;

  g_assert_nonnull (client->connection);
  g_assert_cmpstr (soup_websocket_connection_get_protocol (client->connection), ==, "parlor.1");
  client_say (client, "{\"type\":\"hello\",\"name\":\"%s\",\"client\":\"test\"}", name);
  welcome = client_hear (client, "welcome");
  client->id = g_strdup (field (welcome, "id"));
  return client;
}

Client *
client_join_seed (Lab *lab, const char *path)
{
  guint n_guests = parlor_relay_get_n_guests (lab->relay);
  Client *client = client_open (lab, path, NULL, NULL, NULL);

  g_assert_nonnull (client->connection);
  g_assert_null (soup_websocket_connection_get_protocol (client->connection));
  lab_wait (parlor_relay_get_n_guests (lab->relay) == n_guests + 1);
  return client;
}

void
client_free (Client *client)
{
  if (client->connection)
    {
      if (soup_websocket_connection_get_state (client->connection) == SOUP_WEBSOCKET_STATE_OPEN)
        soup_websocket_connection_close (client->connection, 1000, NULL);
      lab_wait (client->closed);
      g_signal_handlers_disconnect_by_data (client->connection, client);
      g_object_unref (client->connection);
    }
  g_queue_clear_full (&client->heard, (GDestroyNotify) g_bytes_unref);
  g_free (client->id);
  g_free (client);
}

void
client_close (Client *client)
{
  soup_websocket_connection_close (client->connection, 1000, NULL);
  lab_wait (client->closed);
}

void
client_say (Client *client, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  soup_websocket_connection_send_text (client->connection, text);
}

static JsonObject *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = json_from_string (text, &error);

  g_assert_no_error (error);
  g_assert_true (JSON_NODE_HOLDS_OBJECT (node));
  return json_node_dup_object (node);
}

JsonObject *
client_hear (Client *client, const char *type)
{
  g_autoptr (GBytes) bytes = NULL;
  JsonObject *object;

  lab_wait (client->heard.length > 0);
  bytes = g_queue_pop_head (&client->heard);
  object = parse (g_bytes_get_data (bytes, NULL));
  g_assert_cmpstr (field (object, "type"), ==, type);
  return object;
}

void
client_hear_error (Client *client, const char *code)
{
  g_autoptr (JsonObject) error = client_hear (client, "error");

  g_assert_cmpstr (field (error, "code"), ==, code);
  g_assert_false (json_object_has_member (error, "from"));
}

/* The relay answers in order: what it had said before it would have come before this error. */
void
client_hear_nothing (Client *client)
{
  client_say (client, "{\"type\":\"are-you-there\"}");
  client_hear_error (client, "unknown-type");
  g_assert_cmpuint (client->heard.length, ==, 0);
}

void
client_expect_close (Client *client, guint16 code)
{
  lab_wait (client->closed);
  g_assert_cmpuint (soup_websocket_connection_get_close_code (client->connection), ==, code);
}

const char *
field (JsonObject *object, const char *name)
{
  return json_object_get_string_member_with_default (object, name, NULL);
}

typedef struct
{
  GBytes *body;
  gboolean done;
} Answer;

static void
on_answered (GObject *session, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;
  g_autoptr (GError) error = NULL;

  answer->body = soup_session_send_and_read_finish (SOUP_SESSION (session), result, &error);
  g_assert_no_error (error);
  answer->done = TRUE;
}

guint
request (Lab *lab, const char *method, const char *path, const char *host, const char *origin, SoupMessage **message, GBytes **body)
{
  g_autoptr (SoupMessage) own = make_message (lab, method, path, host);
  Answer answer = { 0 };

  if (origin)
    soup_message_headers_replace (soup_message_get_request_headers (own), "Origin", origin);
  soup_session_send_and_read_async (lab->session, own, G_PRIORITY_DEFAULT, NULL, on_answered, &answer);
  lab_wait (answer.done);
  if (body)
    *body = g_bytes_ref (answer.body);
  g_bytes_unref (answer.body);
  if (message)
    *message = g_object_ref (own);
  return soup_message_get_status (own);
}

/* A NUL behind the end, so that what came in can be looked at as text. */
static void
keep_terminated (Raw *raw)
{
  g_byte_array_append (raw->in, (const guint8 *) "", 1);
  g_byte_array_set_size (raw->in, raw->in->len - 1);
}

Raw *
raw_open (Lab *lab)
{
  Raw *raw = g_new0 (Raw, 1);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", lab->port);
  g_autoptr (GError) error = NULL;

  raw->in = g_byte_array_new ();
  keep_terminated (raw);
  raw->socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  /* So that one that does not read is felt soon, at the other end. */
  g_socket_set_option (raw->socket, SOL_SOCKET, SO_RCVBUF, 65536, &error);
  g_assert_no_error (error);
  g_socket_connect (raw->socket, address, NULL, &error);
  g_assert_no_error (error);
  g_socket_set_blocking (raw->socket, FALSE);
  return raw;
}

Raw *
raw_upgrade (Lab *lab, const char *path, const char *subprotocol)
{
  Raw *raw = raw_open (lab);
  g_autofree char *head = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                                           "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s%s%s\r\n",
                                           path, subprotocol ? "Sec-WebSocket-Protocol: " : "",
                                           subprotocol ? subprotocol : "", subprotocol ? "\r\n" : "");

  raw_send_text (raw, head);
  raw_hear_until (raw, "\r\n\r\n");
  g_assert_true (g_str_has_prefix ((char *) raw->in->data, "HTTP/1.1 101 "));
  g_assert_nonnull (strstr ((char *) raw->in->data, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")); /* RFC 6455, section 1.3 */
  g_assert_null (strstr ((char *) raw->in->data, "Sec-WebSocket-Extensions"));
  g_byte_array_remove_range (raw->in, 0, strstr ((char *) raw->in->data, "\r\n\r\n") + 4 - (char *) raw->in->data);
  return raw;
}

void
raw_free (Raw *raw)
{
  g_object_unref (raw->socket);
  g_byte_array_unref (raw->in);
  g_free (raw);
}

gboolean
raw_try_send (Raw *raw, gconstpointer bytes, gsize length)
{
  const char *from = bytes;
  gint64 end = g_get_monotonic_time () + LAB_DEADLINE;

  while (length > 0)
    {
      g_autoptr (GError) error = NULL;
      gssize n = g_socket_send (raw->socket, from, length, NULL, &error);

      g_assert_cmpint (g_get_monotonic_time (), <, end);
      if (n < 0 && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return FALSE;
      if (n > 0)
        {
          from += n;
          length -= n;
        }
      g_main_context_iteration (NULL, FALSE);
    }
  return TRUE;
}

void
raw_send (Raw *raw, gconstpointer bytes, gsize length)
{
  g_assert_true (raw_try_send (raw, bytes, length));
}

void
raw_send_text (Raw *raw, const char *text)
{
  raw_send (raw, text, strlen (text));
}

/* A client's frame, masked with a mask that is not all the same. */
GBytes *
raw_frame (guint8 first_byte, gconstpointer payload, gsize length)
{
  GByteArray *frame = g_byte_array_new ();
  const guint8 mask[4] = { 0x11, 0x22, 0x33, 0x44 };
  guint8 head[10] = { first_byte, 0x80 | length };
  guint n = 0;

  if (length >= 126)
    {
      n = length < 65536 ? 2 : 8;
      head[1] = 0x80 | (n == 2 ? 126 : 127);
    }
  for (guint i = 0; i < n; i++)
    head[2 + i] = (guint64) length >> (8 * (n - 1 - i));
  g_byte_array_append (frame, head, 2 + n);
  g_byte_array_append (frame, mask, 4);
  for (gsize i = 0; i < length; i++)
    {
      guint8 byte = ((const guint8 *) payload)[i] ^ mask[i & 3];

      g_byte_array_append (frame, &byte, 1);
    }
  return g_byte_array_free_to_bytes (frame);
}

void
raw_send_frame (Raw *raw, guint8 first_byte, gconstpointer payload, gsize length)
{
  g_autoptr (GBytes) frame = raw_frame (first_byte, payload, length);

  raw_send (raw, g_bytes_get_data (frame, NULL), g_bytes_get_size (frame));
}

/* Takes what is there; FALSE at the end of the stream, which a reset is too. */
static gboolean
take (Raw *raw)
{
  guint8 bytes[16384];
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_receive (raw->socket, (char *) bytes, sizeof bytes, NULL, &error);

  if (n < 0)
    return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_byte_array_append (raw->in, bytes, n);
  keep_terminated (raw);
  return n > 0;
}

void
raw_hear_until (Raw *raw, const char *text)
{
  lab_wait (!take (raw) || memmem (raw->in->data, raw->in->len, text, strlen (text)));
  g_assert_nonnull (memmem (raw->in->data, raw->in->len, text, strlen (text)));
}

/* The length of the frame at the start of what came in and of its header; FALSE while it is not whole. */
static gboolean
measure (Raw *raw, gsize *header, gsize *length)
{
  const guint8 *in = raw->in->data;
  guint8 first;
  guint n;

  if (raw->in->len < 2)
    return FALSE;
  first = in[1] & 0x7f;
  g_assert_cmpint (in[1] & 0x80, ==, 0); /* a server never masks */
  n = first == 126 ? 2 : 0;
  if (first == 127)
    n = 8;
  if (raw->in->len < 2 + n)
    return FALSE;
  *length = n == 0 ? first : 0;
  for (guint i = 0; i < n; i++)
    *length = *length << 8 | in[2 + i];
  *header = 2 + n;
  return raw->in->len >= *header + *length;
}

guint8
raw_hear_frame (Raw *raw, char **payload, gsize *length)
{
  gsize header = 0;
  gsize size = 0;
  guint8 first;

  lab_wait (measure (raw, &header, &size) || !take (raw));
  g_assert_true (measure (raw, &header, &size));
  first = raw->in->data[0];
  *payload = g_strndup ((char *) raw->in->data + header, size);
  if (length)
    *length = size;
  g_byte_array_remove_range (raw->in, 0, header + size);
  return first;
}

void
raw_say (Raw *raw, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  raw_send_frame (raw, 0x80 | PARLOR_FRAME_TEXT, text, strlen (text));
}

JsonObject *
raw_hear (Raw *raw, const char *type)
{
  g_autofree char *text = NULL;
  JsonObject *object;
  guint8 first;

  /* Pings come when they come. */
  while ((first = raw_hear_frame (raw, &text, NULL)) == (0x80 | PARLOR_FRAME_PING))
    g_clear_pointer (&text, g_free);
  g_assert_cmphex (first, ==, 0x80 | PARLOR_FRAME_TEXT);
  g_test_message ("%.300s", text);
  object = parse (text);
  g_assert_cmpstr (field (object, "type"), ==, type);
  return object;
}

void
raw_hear_about (Raw *raw, const char *type, const char *id)
{
  g_autoptr (JsonObject) object = raw_hear (raw, type);

  g_assert_cmpstr (field (object, "id"), ==, id);
}

void
raw_hear_error (Raw *raw, const char *code)
{
  g_autoptr (JsonObject) error = raw_hear (raw, "error");

  g_assert_cmpstr (field (error, "code"), ==, code);
  g_assert_false (json_object_has_member (error, "from"));
}

void
raw_hear_nothing (Raw *raw)
{
  raw_say (raw, "{\"type\":\"are-you-there\"}");
  raw_hear_error (raw, "unknown-type");
  g_assert_cmpuint (raw->in->len, ==, 0);
}

Raw *
raw_join (Lab *lab, const char *path, const char *name, const char *fields, JsonObject **welcome)
{
  Raw *raw = raw_upgrade (lab, path, "parlor.1");
  g_autoptr (JsonObject) own = NULL;

  raw_say (raw, "{\"type\":\"hello\",\"name\":\"%s\"%s%s}", name, fields ? "," : "", fields ? fields : "");
  own = raw_hear (raw, "welcome");
  if (welcome)
    *welcome = json_object_ref (own);
  return raw;
}

void
raw_hear_close (Raw *raw, guint16 code)
{
  for (;;)
    {
      g_autofree char *payload = NULL;
      gsize length;

      if (raw_hear_frame (raw, &payload, &length) != (0x80 | PARLOR_FRAME_CLOSE))
        continue;
      g_assert_cmpuint (length, ==, 2);
      g_assert_cmpuint ((guint8) payload[0] << 8 | (guint8) payload[1], ==, code);
      return;
    }
}

void
raw_hear_end (Raw *raw)
{
  lab_wait (!take (raw));
}
