/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-error.h"
#include "parlor-ws-channel-private.h"

#include "stub-relay.h"
#include "test-certificate.h"

#include <string.h>

#define PATIENCE_S 10

typedef struct
{
  ParlorWsChannel *channel;
  ParlorChannelState state;
  GPtrArray *messages; /* ParlorMessage */
  GString *log;        /* C connecting, O open, W waiting, X closed, L locked; m a message */
  guint n_waits;       /* asked of the back-off */
} Client;

static gboolean
on_patience_lost (gpointer user_data)
{
  g_error ("waited %d s for: %s", PATIENCE_S, (const char *) user_data);
  return G_SOURCE_REMOVE;
}

#define wait_for(condition)                                                                       \
  G_STMT_START                                                                                    \
  {                                                                                               \
    guint patience = g_timeout_add_seconds (PATIENCE_S, on_patience_lost, (gpointer) #condition); \
    while (!(condition))                                                                          \
      g_main_context_iteration (NULL, TRUE);                                                      \
    g_source_remove (patience);                                                                   \
  }                                                                                               \
  G_STMT_END

static void
on_state (ParlorChannel *channel, GParamSpec *pspec, Client *client)
{
  client->state = parlor_channel_get_state (channel);
  g_string_append_c (client->log, "COWXL"[client->state]);
}

static void
on_message (ParlorChannel *channel, const ParlorMessage *message, Client *client)
{
  g_assert_cmpint (parlor_channel_get_state (channel), ==, PARLOR_CHANNEL_OPEN);
  g_ptr_array_add (client->messages, parlor_message_copy (message));
  g_string_append_c (client->log, 'm');
}

static double
no_wait (gpointer user_data)
{
  Client *client = user_data;

  client->n_waits++;
  return 0;
}

static Client *
client_new_for (ParlorInvite *invite, guint deadline_ms)
{
  Client *self = g_new0 (Client, 1);

  self->channel = parlor_ws_channel_new (invite, " Ada\n");
  self->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) parlor_message_free);
  self->log = g_string_new (NULL);
  parlor_ws_channel_set_timing (self->channel, deadline_ms, parlor_backoff_new (1000, 1000, no_wait, self));
  g_signal_connect (self->channel, "notify::state", G_CALLBACK (on_state), self);
  g_signal_connect (self->channel, "message", G_CALLBACK (on_message), self);
  g_assert_cmpint (parlor_channel_get_state (PARLOR_CHANNEL (self->channel)), ==, PARLOR_CHANNEL_CONNECTING);
  parlor_ws_channel_connect (self->channel);
  return self;
}

static Client *
client_new (guint port)
{
  g_autoptr (ParlorInvite) invite = parlor_invite_new ("127.0.0.1", port, "room", FALSE, NULL, NULL, NULL);

  return client_new_for (invite, PATIENCE_S * 1000);
}

static const GError *
client_error (Client *self)
{
  return parlor_channel_get_error (PARLOR_CHANNEL (self->channel));
}

/* The last reference is ours: nothing under way may keep the channel. */
static void
client_free (Client *self)
{
  gpointer alive = self->channel;

  g_object_add_weak_pointer (G_OBJECT (self->channel), &alive);
  g_object_unref (self->channel);
  g_assert_null (alive);
  /* What libsoup still had to say about it falls on nobody. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_ptr_array_unref (self->messages);
  g_string_free (self->log, TRUE);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Client, client_free)

static void
assert_closed_with (Client *client, ParlorError code, const char *words)
{
  wait_for (client->state == PARLOR_CHANNEL_CLOSED);
  g_test_message ("%s", client_error (client)->message);
  g_assert_error (client_error (client), PARLOR_ERROR, (gint) code);
  g_assert_nonnull (strstr (client_error (client)->message, words));
}

/* parlor.1 */

static void
test_welcome (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, NULL);
  g_autoptr (Client) client = client_new (relay->port);
  const ParlorMessage *welcome;

  wait_for (client->messages->len == 1);
  g_assert_cmpstr (client->log->str, ==, "Om");
  g_assert_cmpint (parlor_channel_get_dialect (PARLOR_CHANNEL (client->channel)), ==, PARLOR_DIALECT_PARLOR);
  g_assert_no_error (client_error (client));
  g_assert_cmpuint (relay->received->len, ==, 1);
  g_assert_cmpstr (relay->received->pdata[0], ==, "{\"type\":\"hello\",\"name\":\"Ada\",\"client\":\"parlor/0.1.0\"}");
  welcome = client->messages->pdata[0];
  g_assert_cmpint (welcome->type, ==, PARLOR_MESSAGE_WELCOME);
  g_assert_cmpstr (welcome->welcome.id, ==, "a1");
}

static void
test_both_ways (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, NULL);
  g_autoptr (Client) client = client_new (relay->port);
  g_autoptr (ParlorMessage) accept = parlor_message_new_addressed (PARLOR_MESSAGE_ACCEPT, "b2", "c1");
  g_autoptr (GError) error = NULL;
  const ParlorMessage *bye;

  wait_for (client->state == PARLOR_CHANNEL_OPEN);
  g_assert_true (parlor_channel_send (PARLOR_CHANNEL (client->channel), accept, &error));
  g_assert_no_error (error);
  wait_for (relay->received->len == 2);
  g_assert_cmpstr (relay->received->pdata[1], ==, "{\"type\":\"accept\",\"to\":\"b2\",\"call\":\"c1\"}");

  stub_relay_send (relay, "{\"type\":\"bye\",\"from\":\"b2\",\"call\":\"c1\",\"reason\":\"hang-up\"}");
  wait_for (client->messages->len == 2);
  bye = client->messages->pdata[1];
  g_assert_cmpint (bye->type, ==, PARLOR_MESSAGE_BYE);
  g_assert_cmpstr (bye->from, ==, "b2");
}

/* What was said before close() arrives, and the relay sees a proper goodbye, even if the channel is dropped at once. */
static void
test_close_says_goodbye (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, NULL);
  Client *client = client_new (relay->port);
  g_autoptr (ParlorMessage) bye = parlor_message_new_addressed (PARLOR_MESSAGE_BYE, "b2", "c1");

  wait_for (client->state == PARLOR_CHANNEL_OPEN);
  g_assert_true (parlor_channel_send (PARLOR_CHANNEL (client->channel), bye, NULL));
  parlor_channel_close (PARLOR_CHANNEL (client->channel));
  g_assert_cmpint (client->state, ==, PARLOR_CHANNEL_CLOSED);
  g_assert_no_error (client_error (client));
  client_free (client);

  wait_for (relay->n_closed == 1);
  g_assert_cmpuint (relay->received->len, ==, 2);
  g_assert_cmpuint (relay->last_close_code, ==, SOUP_WEBSOCKET_CLOSE_NORMAL);
}

static void
test_send_refused (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, NULL);
  g_autoptr (Client) client = client_new (relay->port);
  g_autoptr (ParlorMessage) offer = parlor_message_new_addressed (PARLOR_MESSAGE_OFFER, "b2", "c1");
  g_autoptr (ParlorMessage) unknown = parlor_message_new (PARLOR_MESSAGE_UNKNOWN);
  g_autoptr (GError) error = NULL;

  g_assert_false (parlor_channel_send (PARLOR_CHANNEL (client->channel), offer, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_CLOSED);
  g_clear_error (&error);

  wait_for (client->state == PARLOR_CHANNEL_OPEN);
  offer->description.sdp = g_strnfill (PARLOR_WIRE_MAX_MESSAGE, 'x');
  g_assert_false (parlor_channel_send (PARLOR_CHANNEL (client->channel), offer, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_TOO_LARGE);
  g_clear_error (&error);
  g_assert_false (parlor_channel_send (PARLOR_CHANNEL (client->channel), unknown, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_FAILED);
  g_clear_error (&error);

  parlor_channel_close (PARLOR_CHANNEL (client->channel));
  g_assert_false (parlor_channel_send (PARLOR_CHANNEL (client->channel), offer, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_CLOSED);
}

/* The seed's dialect */

static void
test_seed (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_SEED, NULL);
  g_autoptr (Client) client = client_new (relay->port);
  g_autoptr (ParlorMessage) ice = parlor_message_new (PARLOR_MESSAGE_ICE);
  g_autoptr (ParlorMessage) ring = parlor_message_new (PARLOR_MESSAGE_RING);
  g_autoptr (GError) error = NULL;
  const ParlorMessage *received;

  wait_for (client->state == PARLOR_CHANNEL_OPEN);
  g_assert_cmpint (parlor_channel_get_dialect (PARLOR_CHANNEL (client->channel)), ==, PARLOR_DIALECT_SEED);
  g_assert_cmpstr (client->log->str, ==, "O");

  ice->ice.candidate = g_strdup ("candidate:1");
  ice->ice.sdp_mline_index = 0;
  g_assert_true (parlor_channel_send (PARLOR_CHANNEL (client->channel), ice, &error));
  wait_for (relay->received->len == 1); /* no hello before it */
  g_assert_cmpstr (relay->received->pdata[0], ==,
                   "{\"type\":\"ice\",\"ice\":\"{\\\"candidate\\\":\\\"candidate:1\\\",\\\"sdpMLineIndex\\\":0}\"}");
  g_assert_false (parlor_channel_send (PARLOR_CHANNEL (client->channel), ring, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_FAILED);

  stub_relay_send (relay, relay->received->pdata[0]);
  wait_for (client->messages->len == 1);
  received = client->messages->pdata[0];
  g_assert_cmpint (received->type, ==, PARLOR_MESSAGE_ICE);
  g_assert_cmpstr (received->ice.candidate, ==, "candidate:1");
}

static void
test_no_downgrade (void)
{
  g_autoptr (GBytes) key = g_bytes_new_static ("0123456789abcdef", 16);

  for (guint which = 0; which < 2; which++)
    {
      g_autoptr (StubRelay) relay = stub_relay_new (STUB_SEED, NULL);
      g_autoptr (ParlorInvite) invite = parlor_invite_new ("127.0.0.1", relay->port, "room", FALSE,
                                                           which == 0 ? key : NULL, which == 1 ? key : NULL, NULL);
      g_autoptr (Client) client = client_new_for (invite, PATIENCE_S * 1000);

      assert_closed_with (client, PARLOR_ERROR_REJECTED, "downgrade");
      g_assert_cmpstr (client->log->str, ==, "X");
      g_assert_cmpuint (relay->received->len, ==, 0);
    }
}

/* Nobody, and others than a relay */

static void
test_refused_port (void)
{
  g_autoptr (GSocket) taken = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (Client) client = NULL;

  /* Bound but not listening: nobody else gets the port, and the kernel refuses. */
  g_assert_true (g_socket_bind (taken, any, FALSE, NULL));
  address = g_socket_get_local_address (taken, NULL);
  client = client_new (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));
  assert_closed_with (client, PARLOR_ERROR_UNREACHABLE, "Nobody answers at 127.0.0.1:");
  g_assert_cmpstr (client->log->str, ==, "X");
  g_assert_cmpuint (client->n_waits, ==, 0);
}

static void
test_unknown_name (void)
{
  g_autoptr (ParlorInvite) invite = parlor_invite_new ("no-such-host.invalid", 3002, NULL, FALSE, NULL, NULL, NULL);
  g_autoptr (Client) client = client_new_for (invite, PATIENCE_S * 1000);

  assert_closed_with (client, PARLOR_ERROR_UNREACHABLE, "no-such-host.invalid:3002");
}

static void
on_plain_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer status)
{
  soup_server_message_set_status (message, GPOINTER_TO_UINT (status), NULL);
  if (GPOINTER_TO_UINT (status) == SOUP_STATUS_MOVED_PERMANENTLY)
    soup_server_message_set_redirect (message, SOUP_STATUS_MOVED_PERMANENTLY, "/elsewhere");
  else
    soup_server_message_set_response (message, "text/html", SOUP_MEMORY_STATIC, "<p>hi", 5);
}

static void
test_not_a_relay (void)
{
  static const struct
  {
    guint status;
    const char *words;
  } cases[] = {
    { SOUP_STATUS_OK, "does not answer as a Parlor relay" },
    { SOUP_STATUS_MOVED_PERMANENTLY, "does not answer as a Parlor relay" },
    { SOUP_STATUS_UNAUTHORIZED, "does not answer as a Parlor relay" },
    { SOUP_STATUS_NOT_FOUND, "does not answer as a Parlor relay" },
    { SOUP_STATUS_SERVICE_UNAVAILABLE, "is full" },
    { 429, "Too many come" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (SoupServer) server = g_object_new (SOUP_TYPE_SERVER, NULL);
      g_autoptr (Client) client = NULL;
      GSList *uris;

      soup_server_add_handler (server, NULL, on_plain_request, GUINT_TO_POINTER (cases[i].status), NULL);
      g_assert_true (soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, NULL));
      uris = soup_server_get_uris (server);
      client = client_new (g_uri_get_port (uris->data));
      g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
      assert_closed_with (client, PARLOR_ERROR_REJECTED, cases[i].words);
    }
}

typedef struct
{
  GSocketService *service;
  guint16 port;
  const char *reply; /* NULL: says nothing and holds the line; "": hangs up */
  GPtrArray *held;
} RawServer;

static gboolean
on_raw_incoming (GSocketService *service, GSocketConnection *connection, GObject *source, RawServer *self)
{
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (connection));

  if (self->reply == NULL || *self->reply)
    g_ptr_array_add (self->held, g_object_ref (connection));
  if (self->reply && *self->reply)
    g_output_stream_write_all (out, self->reply, strlen (self->reply), NULL, NULL, NULL);
  return TRUE;
}

static void
raw_server_start (RawServer *self, const char *reply)
{
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = NULL;

  self->service = g_socket_service_new ();
  self->reply = reply;
  self->held = g_ptr_array_new_with_free_func (g_object_unref);
  g_assert_true (g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), any, G_SOCKET_TYPE_STREAM,
                                                G_SOCKET_PROTOCOL_TCP, NULL, &address, NULL));
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  g_signal_connect (self->service, "incoming", G_CALLBACK (on_raw_incoming), self);
}

static void
raw_server_stop (RawServer *self)
{
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_object_unref (self->service);
  g_ptr_array_unref (self->held);
}

static void
test_hangs_up_in_the_handshake (void)
{
  RawServer server;
  g_autoptr (Client) client = NULL;

  raw_server_start (&server, "");
  client = client_new (server.port);
  assert_closed_with (client, PARLOR_ERROR_CLOSED, "closed the connection");
  raw_server_stop (&server);
}

static void
test_answers_rubbish (void)
{
  RawServer server;
  g_autoptr (Client) client = NULL;

  raw_server_start (&server, "SSH-2.0-OpenSSH_9.2p1\r\n\r\n");
  client = client_new (server.port);
  wait_for (client->state == PARLOR_CHANNEL_CLOSED);
  g_assert_error (client_error (client), PARLOR_ERROR, PARLOR_ERROR_REJECTED);
  raw_server_stop (&server);
}

static void
test_never_answers (void)
{
  RawServer server;
  g_autoptr (ParlorInvite) invite = NULL;
  g_autoptr (Client) client = NULL;

  raw_server_start (&server, NULL);
  invite = parlor_invite_new ("127.0.0.1", server.port, NULL, FALSE, NULL, NULL, NULL);
  client = client_new_for (invite, 50);
  assert_closed_with (client, PARLOR_ERROR_UNREACHABLE, "Nobody answers at 127.0.0.1:");
  raw_server_stop (&server);
}

static void
test_no_welcome (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_SILENT, NULL);
  g_autoptr (ParlorInvite) invite = parlor_invite_new ("127.0.0.1", relay->port, NULL, FALSE, NULL, NULL, NULL);
  g_autoptr (Client) client = client_new_for (invite, 500);

  /* Other talk is no welcome. */
  wait_for (relay->received->len == 1);
  stub_relay_send (relay, "{\"type\":\"left\",\"id\":\"b2\"}");
  assert_closed_with (client, PARLOR_ERROR_UNREACHABLE, "does not answer");
  g_assert_cmpstr (client->log->str, ==, "X");
}

static gboolean
set_flag (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

/* The deadline is for the welcome: it does not strike later. */
static void
test_deadline_ends_with_the_welcome (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, NULL);
  g_autoptr (ParlorInvite) invite = parlor_invite_new ("127.0.0.1", relay->port, NULL, FALSE, NULL, NULL, NULL);
  g_autoptr (Client) client = client_new_for (invite, 500);
  gboolean past = FALSE;

  wait_for (client->state == PARLOR_CHANNEL_OPEN);
  g_timeout_add (600, set_flag, &past);
  wait_for (past);
  g_assert_cmpstr (client->log->str, ==, "Om");
}

static void
test_refusal (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_REFUSES, NULL);
  g_autoptr (Client) client = NULL;

  relay->refusal = "{\"type\":\"error\",\"code\":\"bad-weather\",\"message\":\"It rains\"}";
  client = client_new (relay->port);
  assert_closed_with (client, PARLOR_ERROR_REJECTED, "It rains (bad-weather)");
  g_assert_cmpuint (client->messages->len, ==, 0);
}

/* Those that have an answer of their own have a code of their own. */
static void
test_refusals (void)
{
  static const struct
  {
    const char *refusal;
    ParlorError code;
    const char *words;
  } cases[] = {
    { "{\"type\":\"error\",\"code\":\"not-invited\"}", PARLOR_ERROR_NOT_INVITED, "Use the whole link" },
    { "{\"type\":\"error\",\"code\":\"room-full\"}", PARLOR_ERROR_ROOM_FULL, "is full" },
    { "{\"type\":\"error\",\"code\":\"refused\"}", PARLOR_ERROR_REFUSED, "did not let you" },
    { "{\"type\":\"error\",\"code\":\"removed\"}", PARLOR_ERROR_REMOVED, "were removed" },
    { "{\"type\":\"error\",\"code\":\"resume-expired\"}", PARLOR_ERROR_REJECTED, "resume-expired" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StubRelay) relay = stub_relay_new (STUB_REFUSES, NULL);
      g_autoptr (Client) client = NULL;

      relay->refusal = cases[i].refusal;
      client = client_new (relay->port);
      assert_closed_with (client, cases[i].code, cases[i].words);
    }
}

static void
test_closes_on_hello (void)
{
  static const StubMode modes[] = { STUB_CLOSES, STUB_DROPS };

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_autoptr (StubRelay) relay = stub_relay_new (modes[i], NULL);
      g_autoptr (Client) client = client_new (relay->port);

      wait_for (client->state == PARLOR_CHANNEL_CLOSED);
      g_assert_error (client_error (client), PARLOR_ERROR, PARLOR_ERROR_CLOSED);
      g_assert_cmpuint (client->n_waits, ==, 0);
    }
}

/* Bad input from a relay */

static void
test_malformed (void)
{
  static const char *const bad[] = { "", "nonsense", "[]", "{\"type\":\"bye\",\"type\":\"bye\"}", "{\"type\":\"ring\"}",
                                     "{\"type\":\"joined\",\"peer\":{\"id\":\"\xe2\x80\xae\",\"name\":\"x\"}}" };
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, NULL);
  g_autoptr (Client) client = client_new (relay->port);
  g_autoptr (GBytes) binary = g_bytes_new_static ("{\"type\":\"bye\"}", 14);

  wait_for (client->state == PARLOR_CHANNEL_OPEN);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    stub_relay_send (relay, bad[i]);
  stub_relay_send_binary (relay, binary);
  stub_relay_send (relay, "{\"type\":\"left\",\"id\":\"b2\"}");
  wait_for (client->messages->len == 2);
  g_assert_cmpint (((ParlorMessage *) client->messages->pdata[1])->type, ==, PARLOR_MESSAGE_LEFT);
  g_assert_cmpstr (client->log->str, ==, "Omm");
}

/* (transfer full): a message of @size bytes. */
static char *
message_of_size (gsize size)
{
  g_autoptr (GString) text = g_string_new ("{\"from\":\"b2\",\"type\":\"bye\",\"x\":\"");

  while (text->len < size - 2)
    g_string_append_c (text, 'x');
  g_string_append (text, "\"}");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
test_oversized (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, NULL);
  g_autoptr (Client) client = client_new (relay->port);
  g_autofree char *largest = message_of_size (PARLOR_WIRE_MAX_MESSAGE + strlen ("\"from\":\"b2\","));
  g_autofree char *too_large = message_of_size (2 * PARLOR_WIRE_MAX_MESSAGE);

  wait_for (client->state == PARLOR_CHANNEL_OPEN);
  stub_relay_send (relay, largest);
  wait_for (client->messages->len == 2);

  stub_relay_send (relay, too_large);
  wait_for (client->state == PARLOR_CHANNEL_WAITING);
  wait_for (relay->n_closed == 1);
  g_assert_cmpuint (client->messages->len, ==, 2);
}

/* Coming back */

static void
test_comes_back (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, NULL);
  g_autoptr (Client) client = client_new (relay->port);
  g_autoptr (ParlorMessage) bye = parlor_message_new (PARLOR_MESSAGE_BYE);
  g_autoptr (GError) error = NULL;

  wait_for (client->messages->len == 1);
  stub_relay_drop (relay);
  wait_for (client->state == PARLOR_CHANNEL_WAITING);
  g_assert_false (parlor_channel_send (PARLOR_CHANNEL (client->channel), bye, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_CLOSED);
  wait_for (client->messages->len == 2);

  stub_relay_close (relay, 1012);
  wait_for (client->messages->len == 3);
  stub_relay_close (relay, 4002); /* its visit is over */
  wait_for (client->messages->len == 4);
  g_assert_cmpstr (client->log->str, ==, "OmWOmWOmWOm");
  g_assert_cmpuint (relay->n_connected, ==, 4);
  g_assert_cmpuint (relay->received->len, ==, 4); /* one hello each */
  g_assert_no_error (client_error (client));
}

static void
test_keeps_trying (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, NULL);
  g_autoptr (Client) client = client_new (relay->port);

  wait_for (client->state == PARLOR_CHANNEL_OPEN);
  relay->mode = STUB_DROPS;
  stub_relay_drop (relay);
  wait_for (client->n_waits == 4);
  relay->mode = STUB_REFUSES;
  relay->refusal = "{\"type\":\"error\",\"code\":\"draining\"}";
  wait_for (client->n_waits == 6);
  g_assert_cmpint (client->state, ==, PARLOR_CHANNEL_WAITING);
  relay->mode = STUB_WELCOMES;
  wait_for (client->state == PARLOR_CHANNEL_OPEN);
  g_assert_cmpstr (client->log->str, ==, "OmWOm");
}

static void
test_refused_when_back (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, NULL);
  g_autoptr (Client) client = client_new (relay->port);

  wait_for (client->state == PARLOR_CHANNEL_OPEN);
  relay->mode = STUB_REFUSES;
  relay->refusal = "{\"type\":\"error\",\"code\":\"not-invited\",\"message\":\"No\"}";
  stub_relay_drop (relay);
  assert_closed_with (client, PARLOR_ERROR_NOT_INVITED, "Use the whole link");
  g_assert_cmpstr (client->log->str, ==, "OmWX");
}

static void
test_close_while_waiting (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, NULL);
  g_autoptr (Client) client = client_new (relay->port);

  wait_for (client->state == PARLOR_CHANNEL_OPEN);
  stub_relay_drop (relay);
  wait_for (client->state == PARLOR_CHANNEL_WAITING);
  parlor_channel_close (PARLOR_CHANNEL (client->channel));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpstr (client->log->str, ==, "OmWX");
  g_assert_cmpuint (relay->n_connected, ==, 1);
}

/* Dropped and closed at every point of the road */

static void
test_dropped (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_SILENT, NULL);
  RawServer silent;

  client_free (client_new (relay->port)); /* before anything went out */
  {
    Client *client = client_new (relay->port);

    wait_for (relay->received->len == 1);
    client_free (client); /* waiting for the welcome */
  }
  wait_for (relay->n_closed >= 1);

  raw_server_start (&silent, NULL);
  {
    Client *client = client_new (silent.port);

    wait_for (silent.held->len == 1);
    client_free (client); /* in the handshake */
  }
  raw_server_stop (&silent);
}

static void
test_closed_while_connecting (void)
{
  RawServer silent;
  g_autoptr (Client) client = NULL;

  raw_server_start (&silent, NULL);
  client = client_new (silent.port);
  wait_for (silent.held->len == 1);
  parlor_channel_close (PARLOR_CHANNEL (client->channel));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpstr (client->log->str, ==, "X");
  g_assert_no_error (client_error (client));
  raw_server_stop (&silent);
}

static void
close_on_open (ParlorChannel *channel)
{
  if (parlor_channel_get_state (channel) == PARLOR_CHANNEL_OPEN)
    parlor_channel_close (channel);
}

static void
test_closed_by_a_listener (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, NULL);
  g_autoptr (Client) client = client_new (relay->port);

  g_signal_connect (client->channel, "notify::state", G_CALLBACK (close_on_open), NULL);
  wait_for (relay->n_closed == 1);
  g_assert_cmpstr (client->log->str, ==, "OX");
}

/* TLS */

static ParlorInvite *
tls_invite (guint port, GBytes *pin)
{
  return parlor_invite_new ("127.0.0.1", port, "room", TRUE, NULL, NULL, pin);
}

static void
test_tls_pinned (void)
{
  g_autoptr (GBytes) pin = NULL;
  g_autoptr (GTlsCertificate) certificate = test_certificate_new (&pin);
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, certificate);
  g_autoptr (ParlorInvite) invite = tls_invite (relay->port, pin);
  g_autoptr (Client) client = client_new_for (invite, PATIENCE_S * 1000);

  wait_for (client->messages->len == 1);
  g_assert_cmpstr (client->log->str, ==, "Om");
  stub_relay_drop (relay);
  wait_for (client->messages->len == 2);
}

static void
test_tls_wrong_pin (void)
{
  g_autoptr (GBytes) pin = NULL;
  g_autoptr (GBytes) other_pin = NULL;
  g_autoptr (GTlsCertificate) certificate = test_certificate_new (&pin);
  g_autoptr (GTlsCertificate) other = test_certificate_new (&other_pin);
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, certificate);
  g_autoptr (ParlorInvite) invite = tls_invite (relay->port, other_pin);
  g_autoptr (Client) client = client_new_for (invite, PATIENCE_S * 1000);

  assert_closed_with (client, PARLOR_ERROR_TLS, "its certificate is another");
  g_assert_cmpuint (relay->n_connected, ==, 0);
}

static void
test_tls_not_trusted (void)
{
  g_autoptr (GBytes) pin = NULL;
  g_autoptr (GTlsCertificate) certificate = test_certificate_new (&pin);
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, certificate);
  g_autoptr (ParlorInvite) invite = tls_invite (relay->port, NULL);
  g_autoptr (Client) client = client_new_for (invite, PATIENCE_S * 1000);

  assert_closed_with (client, PARLOR_ERROR_TLS, "not trusted");
  g_assert_cmpuint (relay->n_connected, ==, 0);
}

static void
test_tls_not_there (void)
{
  RawServer server;
  g_autoptr (ParlorInvite) invite = NULL;
  g_autoptr (Client) client = NULL;

  raw_server_start (&server, "HTTP/1.1 400 Bad Request\r\n\r\n");
  invite = tls_invite (server.port, NULL);
  client = client_new_for (invite, PATIENCE_S * 1000);
  assert_closed_with (client, PARLOR_ERROR_TLS, "There is no TLS at");
  raw_server_stop (&server);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ws-channel/welcome", test_welcome);
  g_test_add_func ("/ws-channel/both-ways", test_both_ways);
  g_test_add_func ("/ws-channel/close-says-goodbye", test_close_says_goodbye);
  g_test_add_func ("/ws-channel/send-refused", test_send_refused);
  g_test_add_func ("/ws-channel/seed", test_seed);
  g_test_add_func ("/ws-channel/no-downgrade", test_no_downgrade);
  g_test_add_func ("/ws-channel/refused-port", test_refused_port);
  g_test_add_func ("/ws-channel/unknown-name", test_unknown_name);
  g_test_add_func ("/ws-channel/not-a-relay", test_not_a_relay);
  g_test_add_func ("/ws-channel/hangs-up-in-the-handshake", test_hangs_up_in_the_handshake);
  g_test_add_func ("/ws-channel/answers-rubbish", test_answers_rubbish);
  g_test_add_func ("/ws-channel/never-answers", test_never_answers);
  g_test_add_func ("/ws-channel/no-welcome", test_no_welcome);
  g_test_add_func ("/ws-channel/deadline-ends-with-the-welcome", test_deadline_ends_with_the_welcome);
  g_test_add_func ("/ws-channel/refusal", test_refusal);
  g_test_add_func ("/ws-channel/refusals", test_refusals);
  g_test_add_func ("/ws-channel/closes-on-hello", test_closes_on_hello);
  g_test_add_func ("/ws-channel/malformed", test_malformed);
  g_test_add_func ("/ws-channel/oversized", test_oversized);
  g_test_add_func ("/ws-channel/comes-back", test_comes_back);
  g_test_add_func ("/ws-channel/keeps-trying", test_keeps_trying);
  g_test_add_func ("/ws-channel/refused-when-back", test_refused_when_back);
  g_test_add_func ("/ws-channel/close-while-waiting", test_close_while_waiting);
  g_test_add_func ("/ws-channel/dropped", test_dropped);
  g_test_add_func ("/ws-channel/closed-while-connecting", test_closed_while_connecting);
  g_test_add_func ("/ws-channel/closed-by-a-listener", test_closed_by_a_listener);
  g_test_add_func ("/ws-channel/tls-pinned", test_tls_pinned);
  g_test_add_func ("/ws-channel/tls-wrong-pin", test_tls_wrong_pin);
  g_test_add_func ("/ws-channel/tls-not-trusted", test_tls_not_trusted);
  g_test_add_func ("/ws-channel/tls-not-there", test_tls_not_there);
  return g_test_run ();
}
