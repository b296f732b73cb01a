/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "line.h"

#include <string.h>

#define MARK "a=fingerprint:sha-256 "

struct _Line
{
  GSocketService *service;
  guint16 port, relay_port;
  GPtrArray *ends; /* GSocketConnection, of all that are open */
  gboolean is_cut, bends;
  guint n_bent;
};

/* One direction of a connection. */
typedef struct
{
  Line *line;
  GSocketConnection *from, *to;
  gboolean of_relay;
  char data[64 * 1024];
} Way;

static void
hang_up (GSocketConnection *end)
{
  g_socket_shutdown (g_socket_connection_get_socket (end), TRUE, TRUE, NULL);
}

/* The other way ends by that, too. */
static void
way_end (Way *way)
{
  hang_up (way->from);
  hang_up (way->to);
  g_ptr_array_remove_fast (way->line->ends, way->from);
  g_object_unref (way->from);
  g_object_unref (way->to);
  g_free (way);
}

/* What a relay sends is not masked, and what it sends at once comes at once. */
static void
bend (Way *way, gsize size)
{
  char *end = way->data + size, *found = way->data;

  while ((found = memmem (found, (gsize) (end - found), MARK, strlen (MARK))) && found + strlen (MARK) < end)
    {
      found += strlen (MARK);
      *found = *found == 'A' ? 'B' : 'A';
      way->line->n_bent++;
    }
}

static void way_read (Way *way);

static void
on_written (GObject *stream, GAsyncResult *result, gpointer user_data)
{
  if (g_output_stream_write_all_finish (G_OUTPUT_STREAM (stream), result, NULL, NULL))
    way_read (user_data);
  else
    way_end (user_data);
}

static void
on_read (GObject *stream, GAsyncResult *result, gpointer user_data)
{
  Way *way = user_data;
  gssize size = g_input_stream_read_finish (G_INPUT_STREAM (stream), result, NULL);

  if (size <= 0)
    {
      way_end (way);
      return;
    }
  if (way->of_relay && way->line->bends)
    bend (way, (gsize) size);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (way->to)), way->data, (gsize) size, G_PRIORITY_DEFAULT, NULL,
                                   on_written, way);
}

static void
way_read (Way *way)
{
  g_input_stream_read_async (g_io_stream_get_input_stream (G_IO_STREAM (way->from)), way->data, sizeof way->data, G_PRIORITY_DEFAULT, NULL,
                             on_read, way);
}

static void
way_begin (Line *line, GSocketConnection *from, GSocketConnection *to, gboolean of_relay)
{
  Way *way = g_new0 (Way, 1);

  way->line = line;
  way->from = g_object_ref (from);
  way->to = g_object_ref (to);
  way->of_relay = of_relay;
  g_ptr_array_add (line->ends, from);
  way_read (way);
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *guest, GObject *source, gpointer user_data)
{
  Line *self = user_data;
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", self->relay_port);
  g_autoptr (GSocketConnection) relay = NULL;
  g_autoptr (GSocket) socket = NULL;

  if (self->is_cut)
    return TRUE;
  socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  relay = g_socket_connection_factory_create_connection (socket);
  g_assert_true (g_socket_connection_connect (relay, address, NULL, NULL)); /* the kernel answers for it */
  way_begin (self, guest, relay, FALSE);
  way_begin (self, relay, guest, TRUE);
  return TRUE;
}

Line *
line_new (guint16 relay_port)
{
  Line *self = g_new0 (Line, 1);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0), bound = NULL;
  g_autoptr (GError) error = NULL;

  self->relay_port = relay_port;
  self->ends = g_ptr_array_new ();
  self->service = g_socket_service_new ();
  g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), any, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error);
  g_assert_no_error (error);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  g_signal_connect (self->service, "incoming", G_CALLBACK (on_incoming), self);
  return self;
}

void
line_cut (Line *self)
{
  self->is_cut = TRUE;
  for (guint i = 0; i < self->ends->len; i++)
    hang_up (self->ends->pdata[i]);
}

void
line_free (Line *self)
{
  line_cut (self);
  while (self->ends->len > 0)
    g_main_context_iteration (NULL, TRUE);
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_signal_handlers_disconnect_by_data (self->service, self);
  g_object_unref (self->service);
  g_ptr_array_unref (self->ends);
  g_free (self);
}

void
line_mend (Line *self)
{
  self->is_cut = FALSE;
}

guint16
line_get_port (Line *self)
{
  return self->port;
}

void
line_bend_fingerprints (Line *self, gboolean bend_them)
{
  self->bends = bend_them;
}

guint
line_get_n_bent (Line *self)
{
  return self->n_bent;
}
