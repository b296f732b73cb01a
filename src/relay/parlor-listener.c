/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

/*
 * ParlorListener: a listening socket, and the connections that came over it until they are gone.
 *
 * SoupServer's own listener dies for good at the first EMFILE, has a backlog of 10, and lets a half-sent request wait for
 * ever. This one stops accepting while it has its fill (newcomers wait in the kernel's backlog), tries again a moment
 * after a failed accept, and closes what has not become a guest, or got its answer and gone, by a deadline.
 * A connection is counted from accept to its last reference, whoever holds it, so the count is the one of descriptors.
 */

#define BACKLOG 1024 /* the kernel caps it at net.core.somaxconn */
#define RETRY_MS 100 /* after a failed accept, as with no descriptors left */

enum
{
  CONNECTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

struct _ParlorListener
{
  GObject parent_instance;

  GSocket *socket;
  GSource *accept_source; /* NULL while it rests */
  GSource *retry_source;
  ParlorAgenda *agenda;
  guint max_connections;
  guint request_ms;
  GHashTable *connections; /* GSocketConnection, weakly held -> Request, NULL once admitted */
};

/* What a connection is until it is admitted. */
typedef struct
{
  ParlorAgenda *agenda;
  ParlorDeadline deadline;
  GSocket *socket;
} Request;

G_DEFINE_FINAL_TYPE (ParlorListener, parlor_listener, G_TYPE_OBJECT)

static void rest (ParlorListener *self);
static void work (ParlorListener *self);

static void
destroy_source (gpointer source)
{
  if (source == NULL)
    return;
  g_source_destroy (source);
  g_source_unref (source);
}

static void
request_free (gpointer data)
{
  Request *self = data;

  if (self == NULL)
    return;
  parlor_agenda_clear (self->agenda, &self->deadline);
  g_object_unref (self->socket);
  g_free (self);
}

static void
on_request_deadline (gpointer socket)
{
  /* libsoup reads the end of the stream, and drops the connection. */
  g_socket_shutdown (socket, TRUE, TRUE, NULL);
}

static void
on_connection_finalized (gpointer user_data, GObject *connection)
{
  ParlorListener *self = user_data;

  g_hash_table_remove (self->connections, connection);
  work (self);
}

static void
add_connection (ParlorListener *self, GSocket *socket)
{
  g_autoptr (GSocketConnection) connection = g_socket_connection_factory_create_connection (socket);
  Request *request = g_new0 (Request, 1);

  request->agenda = self->agenda;
  request->socket = g_object_ref (socket);
  parlor_agenda_set (self->agenda, &request->deadline, self->request_ms, on_request_deadline, socket);
  g_hash_table_insert (self->connections, connection, request);
  g_object_weak_ref (G_OBJECT (connection), on_connection_finalized, self);

  /* Messages are small and somebody waits for each: no Nagle. */
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
  g_signal_emit (self, signals[CONNECTED], 0, connection);
}

static gboolean
on_retry (gpointer user_data)
{
  ParlorListener *self = user_data;

  g_clear_pointer (&self->retry_source, g_source_unref);
  work (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_acceptable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  ParlorListener *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) accepted = g_socket_accept (socket, NULL, &error);

  if (accepted != NULL)
    {
      g_socket_set_blocking (accepted, FALSE);
      add_connection (self, accepted);
    }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      g_info ("Cannot accept a connection: %s", error->message);
      rest (self);
      self->retry_source = g_timeout_source_new (RETRY_MS);
      g_source_set_callback (self->retry_source, on_retry, self, NULL);
      g_source_attach (self->retry_source, g_main_context_get_thread_default ());
      return G_SOURCE_REMOVE;
    }

  if (g_hash_table_size (self->connections) < self->max_connections)
    return G_SOURCE_CONTINUE;
  rest (self);
  return G_SOURCE_REMOVE;
}

static void
rest (ParlorListener *self)
{
  destroy_source (g_steal_pointer (&self->accept_source));
}

static void
work (ParlorListener *self)
{
  if (self->accept_source != NULL || self->retry_source != NULL || g_socket_is_closed (self->socket)
      || g_hash_table_size (self->connections) >= self->max_connections)
    return;

  self->accept_source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->accept_source, G_SOURCE_FUNC (on_acceptable), self, NULL);
  g_source_attach (self->accept_source, g_main_context_get_thread_default ());
}

static void
parlor_listener_dispose (GObject *object)
{
  ParlorListener *self = PARLOR_LISTENER (object);
  GHashTableIter iter;
  gpointer connection;

  if (self->socket != NULL)
    parlor_listener_close (self);
  g_hash_table_iter_init (&iter, self->connections);
  while (g_hash_table_iter_next (&iter, &connection, NULL))
    {
      g_object_weak_unref (connection, on_connection_finalized, self);
      g_hash_table_iter_remove (&iter);
    }

  G_OBJECT_CLASS (parlor_listener_parent_class)->dispose (object);
}

static void
parlor_listener_finalize (GObject *object)
{
  ParlorListener *self = PARLOR_LISTENER (object);

  g_clear_object (&self->socket);
  g_hash_table_unref (self->connections);

  G_OBJECT_CLASS (parlor_listener_parent_class)->finalize (object);
}

static void
parlor_listener_class_init (ParlorListenerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = parlor_listener_dispose;
  G_OBJECT_CLASS (klass)->finalize = parlor_listener_finalize;

  /**
   * ParlorListener::connected:
   * @connection: a #GSocketConnection, to be kept by whoever hears this
   */
  signals[CONNECTED] = g_signal_new ("connected", PARLOR_TYPE_LISTENER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                     G_TYPE_NONE, 1, G_TYPE_SOCKET_CONNECTION);
}

static void
parlor_listener_init (ParlorListener *self)
{
  self->connections = g_hash_table_new_full (NULL, NULL, NULL, request_free);
}

/**
 * parlor_listener_new:
 * @address: where; port 0 for any
 * @agenda: for its deadlines; it must live as long as the listener
 * @max_connections: how many at once; more wait until one ends
 * @request_ms: how long a connection may stay without parlor_listener_admit()
 * @error: a #GIOErrorEnum
 *
 * Listens from now on, in the caller's thread-default main context.
 *
 * Returns: (transfer full) (nullable): a listener
 */
ParlorListener *
parlor_listener_new (GSocketAddress *address,
                     ParlorAgenda *agenda,
                     guint max_connections,
                     guint request_ms,
                     GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM,
                                             G_SOCKET_PROTOCOL_TCP, error);

  if (socket == NULL || !g_socket_bind (socket, address, TRUE, error))
    return NULL;
  g_socket_set_listen_backlog (socket, BACKLOG);
  if (!g_socket_listen (socket, error))
    return NULL;
  return parlor_listener_new_from_socket (socket, agenda, max_connections, request_ms);
}

/**
 * parlor_listener_new_from_socket:
 * @socket: one that listens already
 *
 * As parlor_listener_new().
 *
 * Returns: (transfer full): a listener
 */
ParlorListener *
parlor_listener_new_from_socket (GSocket *socket, ParlorAgenda *agenda, guint max_connections, guint request_ms)
{
  ParlorListener *self = g_object_new (PARLOR_TYPE_LISTENER, NULL);

  g_socket_set_blocking (socket, FALSE);
  self->socket = g_object_ref (socket);
  self->agenda = agenda;
  self->max_connections = max_connections;
  self->request_ms = request_ms;
  work (self);
  return self;
}

/* (transfer full) (nullable): where it listens, with the port that it got. */
GSocketAddress *
parlor_listener_get_address (ParlorListener *self)
{
  return g_socket_get_local_address (self->socket, NULL);
}

/**
 * parlor_listener_admit:
 * @self: a listener
 * @connection: one that came from it
 *
 * It has become a guest: the deadline for its request ends.
 */
void
parlor_listener_admit (ParlorListener *self, GIOStream *connection)
{
  if (g_hash_table_contains (self->connections, connection))
    g_hash_table_insert (self->connections, connection, NULL);
}

/**
 * parlor_listener_close:
 * @self: a listener
 *
 * Accepts nobody any more, and ends the connections that are not admitted. Idempotent.
 */
void
parlor_listener_close (ParlorListener *self)
{
  GHashTableIter iter;
  gpointer connection;
  gpointer request;

  rest (self);
  destroy_source (g_steal_pointer (&self->retry_source));
  g_socket_close (self->socket, NULL);
  g_hash_table_iter_init (&iter, self->connections);
  while (g_hash_table_iter_next (&iter, &connection, &request))
    if (request != NULL)
      g_socket_shutdown (g_socket_connection_get_socket (connection), TRUE, TRUE, NULL);
}
