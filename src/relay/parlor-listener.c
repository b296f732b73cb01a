/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-listener.h"

#include "parlor-crowd.h"
#include "parlor-metrics.h"

#include <errno.h>
#include <netinet/tcp.h>

/*
 * ParlorListener: accepts connections, and keeps them as visitors until they are over or stolen.
 *
 * It stops accepting while it has its fill (newcomers wait in the kernel's backlog), and tries again a moment after a failed
 * accept. A connection is counted from accept until it is closed, whoever has it then, so the count is the one of
 * descriptors. Connections that wait together are accepted together, for a wake-up costs more than an accept; but not all
 * at once, so that guests have their turn in between.
 * Of one network only so many are visitors (ParlorPending), so it cannot keep all the others waiting.
 */

#define BACKLOG 1024 /* the kernel caps it at net.core.somaxconn */
#define RETRY_MS 100 /* after a failed accept, as with no descriptors left */
#define AT_ONCE_MAX 64

struct _ParlorListener
{
  GSocket *socket;
  ParlorListenerOptions options;
  ParlorVisitorHost host;
  ParlorWatch watch;
  ParlorDeadline retry;
  guint n_connections;
  GHashTable *visitors; /* set of ParlorVisitor */
};

static void
on_visitor_over (ParlorVisitor *visitor, gpointer user_data)
{
  ParlorListener *self = user_data;
  gboolean is_stolen = parlor_visitor_is_stolen (visitor);

  g_hash_table_remove (self->visitors, visitor);
  if (!is_stolen)
    parlor_listener_release (self);
}

static void
on_retry (gpointer user_data)
{
  ParlorListener *self = user_data;

  parlor_poll_again (self->options.poll, &self->watch);
}

/* Where it comes from, as it is counted: (transfer full) (nullable). Whom a proxy speaks for is not known before the request. */
static char *
get_network (ParlorListener *self, const ParlorVisitorAddress *address)
{
  g_autoptr (GInetAddress) inet = self->options.proxies ? parlor_visitor_address_to_inet (address) : NULL;

  return inet && !parlor_proxies_trust (self->options.proxies, inet) ? parlor_crowd_get_network (inet) : NULL;
}

static void
receive (ParlorListener *self, int fd, const ParlorVisitorAddress *address)
{
  g_autofree char *network = get_network (self, address);
  ParlorVisitor *visitor = parlor_visitor_new (fd, address, network, &self->host);

  if (self->options.is_counted)
    parlor_metrics_add (PARLOR_METRIC_CONNECTIONS, 1);
  if (visitor == NULL)
    return;
  self->n_connections++;
  g_hash_table_add (self->visitors, visitor);
}

static void
on_ready (gpointer user_data)
{
  ParlorListener *self = user_data;

  for (guint n = 0; n < AT_ONCE_MAX; n++)
    {
      ParlorVisitorAddress address = { 0 };
      socklen_t length = sizeof address;
      int fd;

      /* parlor_listener_release() and on_retry() come back here. */
      if (self->n_connections >= self->options.max_connections)
        return;
      fd = accept4 (g_socket_get_fd (self->socket), &address.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0)
        {
          receive (self, fd, &address);
          continue;
        }
      if (errno == EAGAIN)
        return;
      if (errno == ECONNABORTED || errno == EINTR)
        continue;
      g_info ("Cannot accept a connection: %s", g_strerror (errno));
      parlor_agenda_set (self->options.agenda, &self->retry, RETRY_MS, on_retry, self);
      return;
    }
  parlor_poll_again (self->options.poll, &self->watch);
}

static void
on_request (ParlorVisitor *visitor, const ParlorRequest *request, gpointer user_data)
{
  ParlorListener *self = user_data;

  self->options.request (visitor, request, self->options.user_data);
}

/**
 * parlor_listener_new:
 * @socket: one of TCP that listens already
 * @options: how; they are copied
 * @error: a #GIOErrorEnum
 *
 * Returns: (transfer full) (nullable): a listener
 */
ParlorListener *
parlor_listener_new (GSocket *socket, const ParlorListenerOptions *options, GError **error)
{
  g_autoptr (ParlorListener) self = g_new0 (ParlorListener, 1);

  self->socket = g_object_ref (socket);
  self->options = *options;
  self->host = (ParlorVisitorHost){
    .poll = options->poll,
    .agenda = options->agenda,
    .pending = parlor_pending_new (options->max_per_network),
    .request_ms = options->request_ms,
    .user_data = self,
    .request = on_request,
    .over = on_visitor_over,
  };
  self->visitors = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) parlor_visitor_free, NULL);
  g_socket_set_blocking (socket, FALSE);
  /* Messages are small and somebody waits for each: no Nagle. What is accepted inherits it. */
  if (!g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, TRUE, error))
    return NULL;
  if (!parlor_poll_watch (options->poll, &self->watch, g_socket_get_fd (socket), on_ready, self))
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s", g_strerror (errno));
      return NULL;
    }
  return g_steal_pointer (&self);
}

/**
 * parlor_listener_new_at:
 * @address: where; port 0 for any
 * @options: as for parlor_listener_new()
 * @error: a #GIOErrorEnum
 *
 * Returns: (transfer full) (nullable): a listener
 */
ParlorListener *
parlor_listener_new_at (GSocketAddress *address, const ParlorListenerOptions *options, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM,
                                             G_SOCKET_PROTOCOL_TCP, error);

  if (socket == NULL || !g_socket_bind (socket, address, TRUE, error))
    return NULL;
  g_socket_set_listen_backlog (socket, BACKLOG);
  if (!g_socket_listen (socket, error))
    return NULL;
  return parlor_listener_new (socket, options, error);
}

/* Accepts nobody any more, and closes the connections that are not stolen. */
void
parlor_listener_free (ParlorListener *self)
{
  parlor_poll_unwatch (self->options.poll, &self->watch);
  parlor_agenda_clear (self->options.agenda, &self->retry);
  g_hash_table_unref (self->visitors);
  parlor_pending_free (self->host.pending);
  g_clear_pointer (&self->host.tls, parlor_tls_unref);
  g_socket_close (self->socket, NULL);
  g_object_unref (self->socket);
  g_free (self);
}

/* (transfer full) (nullable): where it listens, with the port that it got. */
GSocketAddress *
parlor_listener_get_address (ParlorListener *self)
{
  return g_socket_get_local_address (self->socket, NULL);
}

/* @tls: (nullable): for those whose first byte comes from now on */
void
parlor_listener_set_tls (ParlorListener *self, ParlorTls *tls)
{
  g_clear_pointer (&self->host.tls, parlor_tls_unref);
  self->host.tls = tls ? parlor_tls_ref (tls) : NULL;
}

/**
 * parlor_listener_release:
 * @self: a listener
 *
 * A connection that was stolen is closed: there is room for another.
 */
void
parlor_listener_release (ParlorListener *self)
{
  if (self->n_connections-- == self->options.max_connections)
    parlor_poll_again (self->options.poll, &self->watch);
}
