/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stub-relay.h"

#include <string.h>

static void
on_closed (SoupWebsocketConnection *connection, StubRelay *self)
{
  self->n_closed++;
  self->last_close_code = soup_websocket_connection_get_close_code (connection);
  g_ptr_array_remove (self->connections, connection);
}

static void
on_message (SoupWebsocketConnection *connection, SoupWebsocketDataType type, GBytes *bytes, StubRelay *self)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  char *text = g_strndup (data, size);

  g_assert_cmpint (type, ==, SOUP_WEBSOCKET_DATA_TEXT);
  g_ptr_array_add (self->received, text);
  if (!g_str_has_prefix (text, "{\"type\":\"hello\""))
    return;

  switch (self->mode)
    {
    case STUB_WELCOMES:
      soup_websocket_connection_send_text (connection, self->welcome ? self->welcome : STUB_WELCOME);
      break;
    case STUB_REFUSES:
      soup_websocket_connection_send_text (connection, self->refusal);
      soup_websocket_connection_close (connection, 1008, NULL);
      break;
    case STUB_CLOSES:
      soup_websocket_connection_close (connection, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
      break;
    case STUB_DROPS:
      stub_relay_drop (self);
      break;
    case STUB_SILENT:
    case STUB_SEED:
    default:
      break;
    }
}

static void
on_websocket (SoupServer *server,
              SoupServerMessage *handshake,
              const char *path,
              SoupWebsocketConnection *connection,
              gpointer user_data)
{
  StubRelay *self = user_data;

  self->n_connected++;
  g_ptr_array_add (self->connections, g_object_ref (connection));
  g_signal_connect (connection, "message", G_CALLBACK (on_message), self);
  g_signal_connect (connection, "closed", G_CALLBACK (on_closed), self);
}

StubRelay *
stub_relay_new (StubMode mode, GTlsCertificate *certificate)
{
  StubRelay *self = g_new0 (StubRelay, 1);
  char *protocols[] = { (char *) "parlor.1", NULL };
  g_autoptr (GError) error = NULL;
  GSList *uris;

  self->mode = mode;
  self->connections = g_ptr_array_new_with_free_func (g_object_unref);
  self->received = g_ptr_array_new_with_free_func (g_free);
  self->server = g_object_new (SOUP_TYPE_SERVER, "tls-certificate", certificate, NULL);
  soup_server_add_websocket_handler (self->server, NULL, NULL, mode == STUB_SEED ? NULL : protocols, on_websocket, self,
                                     NULL);
  soup_server_listen_local (self->server, 0,
                            SOUP_SERVER_LISTEN_IPV4_ONLY | (certificate ? SOUP_SERVER_LISTEN_HTTPS : 0), &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (self->server);
  self->port = g_uri_get_port (uris->data);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  return self;
}

void
stub_relay_free (StubRelay *self)
{
  for (guint i = 0; i < self->connections->len; i++)
    g_signal_handlers_disconnect_by_data (self->connections->pdata[i], self);
  soup_server_disconnect (self->server);
  g_ptr_array_unref (self->connections);
  g_ptr_array_unref (self->received);
  g_object_unref (self->server);
  g_free (self);
}

void
stub_relay_send (StubRelay *self, const char *text)
{
  for (guint i = 0; i < self->connections->len; i++)
    soup_websocket_connection_send_text (self->connections->pdata[i], text);
}

void
stub_relay_send_binary (StubRelay *self, GBytes *bytes)
{
  for (guint i = 0; i < self->connections->len; i++)
    soup_websocket_connection_send_message (self->connections->pdata[i], SOUP_WEBSOCKET_DATA_BINARY, bytes);
}

void
stub_relay_close (StubRelay *self, gushort code)
{
  for (guint i = 0; i < self->connections->len; i++)
    soup_websocket_connection_close (self->connections->pdata[i], code, NULL);
}

void
stub_relay_drop (StubRelay *self)
{
  for (guint i = 0; i < self->connections->len; i++)
    {
      SoupWebsocketConnection *connection = self->connections->pdata[i];

      g_signal_handlers_disconnect_by_data (connection, self);
      g_io_stream_close (soup_websocket_connection_get_io_stream (connection), NULL, NULL);
    }
  g_ptr_array_set_size (self->connections, 0);
}
