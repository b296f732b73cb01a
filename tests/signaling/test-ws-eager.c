/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-error.h"
#include "parlor-ws-channel.h"

#include <gio/gio.h>
#include <string.h>

/* A relay that says more, or something else, than libsoup's server would: raw bytes behind the upgrade, in one write with it. */

#define PATIENCE_S 10
#define WELCOME "{\"type\":\"welcome\",\"id\":\"a1\",\"room\":\"room\"}"
#define GOODBYE "\x88\x02\x03\xe8" /* a close frame: 1000 */

typedef struct
{
  GSocketService *service;
  GIOStream *connection;
  char request[4096];
  char *frames; /* after the upgrade */

  ParlorWsChannel *channel;
  guint n_messages;
} Scene;

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

/* RFC 6455, section 1.3 */
static char *
make_accept (const char *request)
{
  const char *key = strstr (request, "Sec-WebSocket-Key: ");
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize size = sizeof digest;

  g_assert_nonnull (key);
  key += strlen ("Sec-WebSocket-Key: ");
  g_checksum_update (checksum, (const guchar *) key, strcspn (key, "\r"));
  g_checksum_update (checksum, (const guchar *) "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", -1);
  g_checksum_get_digest (checksum, digest, &size);
  return g_base64_encode (digest, size);
}

static void
on_request (GObject *input, GAsyncResult *result, gpointer user_data)
{
  Scene *scene = user_data;
  g_autofree char *accept = NULL;
  g_autofree char *answer = NULL;

  g_assert_cmpint (g_input_stream_read_finish (G_INPUT_STREAM (input), result, NULL), >, 0);
  accept = make_accept (scene->request);
  answer = g_strdup_printf ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Protocol: parlor.1\r\nSec-WebSocket-Accept: %s\r\n\r\n%s",
                            accept, scene->frames);
  g_assert_true (g_output_stream_write_all (g_io_stream_get_output_stream (scene->connection), answer, strlen (answer),
                                            NULL, NULL, NULL));
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *connection, GObject *source, Scene *scene)
{
  g_assert_null (scene->connection);
  scene->connection = g_object_ref (G_IO_STREAM (connection));
  g_input_stream_read_async (g_io_stream_get_input_stream (scene->connection), scene->request, sizeof scene->request - 1,
                             G_PRIORITY_DEFAULT, NULL, on_request, scene);
  return TRUE;
}

static void
on_message (ParlorChannel *channel, const ParlorMessage *message, Scene *scene)
{
  scene->n_messages++;
}

/* Up to the welcome, which comes with the upgrade. @more: bytes behind it */
static void
scene_begin (Scene *scene, const char *more)
{
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (ParlorInvite) invite = NULL;

  memset (scene, 0, sizeof *scene);
  scene->frames = g_strdup_printf ("\x81%c%s%s", (int) strlen (WELCOME), WELCOME, more);
  scene->service = g_socket_service_new ();
  g_assert_true (g_socket_listener_add_address (G_SOCKET_LISTENER (scene->service), any, G_SOCKET_TYPE_STREAM,
                                                G_SOCKET_PROTOCOL_TCP, NULL, &address, NULL));
  g_signal_connect (scene->service, "incoming", G_CALLBACK (on_incoming), scene);

  invite = parlor_invite_new ("127.0.0.1", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)), "room",
                              FALSE, NULL, NULL, NULL);
  scene->channel = parlor_ws_channel_new (invite, "Ada");
  g_signal_connect (scene->channel, "message", G_CALLBACK (on_message), scene);
  parlor_ws_channel_connect (scene->channel);
  wait_for (scene->n_messages == 1);
  g_assert_cmpint (parlor_channel_get_state (PARLOR_CHANNEL (scene->channel)), ==, PARLOR_CHANNEL_OPEN);
}

static void
scene_end (Scene *scene)
{
  g_socket_service_stop (scene->service);
  g_socket_listener_close (G_SOCKET_LISTENER (scene->service));
  g_assert_finalize_object (scene->channel);
  g_object_unref (scene->connection);
  g_object_unref (scene->service);
  g_free (scene->frames);
}

static gboolean
set_flag (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

/* A source of libsoup's that was made while bytes were in its buffer could be ready for ever (on the server's side it is). */
static void
test_no_spin (void)
{
  Scene scene;
  gboolean past = FALSE;
  guint n_wakes = 0;

  scene_begin (&scene, "");
  g_timeout_add (300, set_flag, &past);
  for (; !past; n_wakes++)
    g_main_context_iteration (NULL, TRUE);
  g_test_message ("%u wake-ups", n_wakes);
  g_assert_cmpuint (n_wakes, <, 100);
  g_assert_cmpuint (scene.n_messages, ==, 1);
  scene_end (&scene);
}

/* It said goodbye and does not hang up: what is said in between is refused. */
static void
test_send_after_goodbye (void)
{
  Scene scene;
  g_autoptr (ParlorMessage) cancel = parlor_message_new_addressed (PARLOR_MESSAGE_CANCEL, "b2", "abc");
  g_autoptr (GError) error = NULL;

  scene_begin (&scene, GOODBYE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_false (parlor_channel_send (PARLOR_CHANNEL (scene.channel), cancel, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_CLOSED);
  scene_end (&scene);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ws-eager/no-spin", test_no_spin);
  g_test_add_func ("/ws-eager/send-after-goodbye", test_send_after_goodbye);
  return g_test_run ();
}
