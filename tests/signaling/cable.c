/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cable.h"

typedef struct
{
  Cable *cable;
  GSocketConnection *ends[2];
  GSource *sources[2]; /* what comes from each end */
} Link;

static void
link_free (Link *self)
{
  for (guint i = 0; i < 2; i++)
    {
      g_source_destroy (self->sources[i]);
      g_source_unref (self->sources[i]);
      g_io_stream_close (G_IO_STREAM (self->ends[i]), NULL, NULL);
      g_object_unref (self->ends[i]);
    }
  g_free (self);
}

static gboolean
on_readable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Link *self = user_data;
  guint to = socket == g_socket_connection_get_socket (self->ends[0]);
  char bytes[65536];
  gssize n = g_socket_receive (socket, bytes, sizeof bytes, NULL, NULL);

  /* A test says so little that the other end always takes it. */
  if (n > 0 && g_socket_send (g_socket_connection_get_socket (self->ends[to]), bytes, n, NULL, NULL) == n)
    return G_SOURCE_CONTINUE;
  g_ptr_array_remove (self->cable->links, self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *connection, GObject *source, Cable *self)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  GSocketConnection *target = NULL;
  Link *link;

  if (!self->unplugged)
    target = g_socket_client_connect_to_host (client, "127.0.0.1", self->target, NULL, NULL);
  if (target == NULL)
    return TRUE;

  link = g_new0 (Link, 1);
  link->cable = self;
  link->ends[0] = g_object_ref (connection);
  link->ends[1] = target;
  for (guint i = 0; i < 2; i++)
    {
      GSocket *socket = g_socket_connection_get_socket (link->ends[i]);

      g_socket_set_blocking (socket, FALSE);
      link->sources[i] = g_socket_create_source (socket, G_IO_IN, NULL);
      g_source_set_callback (link->sources[i], G_SOURCE_FUNC (on_readable), link, NULL);
      g_source_attach (link->sources[i], NULL);
    }
  g_ptr_array_add (self->links, link);
  return TRUE;
}

Cable *
cable_new (guint16 target)
{
  Cable *self = g_new0 (Cable, 1);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;

  self->target = target;
  self->links = g_ptr_array_new_with_free_func ((GDestroyNotify) link_free);
  self->service = g_socket_service_new ();
  g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), any, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
                                 NULL, &address, &error);
  g_assert_no_error (error);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  g_signal_connect (self->service, "incoming", G_CALLBACK (on_incoming), self);
  g_socket_service_start (self->service);
  return self;
}

void
cable_free (Cable *self)
{
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_object_unref (self->service);
  g_ptr_array_unref (self->links);
  g_free (self);
}

void
cable_cut (Cable *self)
{
  g_ptr_array_set_size (self->links, 0);
}

void
cable_set_unplugged (Cable *self, gboolean unplugged)
{
  self->unplugged = unplugged;
  if (unplugged)
    cable_cut (self);
}

static void
freeze_end (Cable *self, guint end)
{
  for (guint i = 0; i < self->links->len; i++)
    g_source_destroy (((Link *) self->links->pdata[i])->sources[end]);
}

void
cable_freeze (Cable *self)
{
  freeze_end (self, 0);
  freeze_end (self, 1);
}

void
cable_freeze_answers (Cable *self)
{
  freeze_end (self, 1);
}
