/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-monitor.h"

#include "parlor-door.h"
#include "parlor-listener.h"
#include "parlor-page.h"

#include <libsoup/soup.h>

/*
 * ParlorMonitor: GET /metrics and /health on a listener of their own, so that who counts guests need not be let in where guests
 * come, nor the other way round. Plain HTTP; it is for a loopback address or a network of the administrator's.
 *
 * It lives in the relay's main context and belongs to the relay, whom it asks for what is so at the moment.
 */

#define MAX_CONNECTIONS 16
#define REQUEST_MS 5000

struct _ParlorMonitor
{
  GObject parent_instance;

  ParlorAgenda *agenda; /* of the listener; outlives it */
  ParlorListener *listener;
  SoupServer *server;
  GHashTable *allowed_hosts;
  ParlorMonitorAsk ask;
  gpointer user_data;
};

G_DEFINE_FINAL_TYPE (ParlorMonitor, parlor_monitor, G_TYPE_OBJECT)

static void
tell_metrics (ParlorMonitor *self, SoupServerMessage *request)
{
  ParlorMetricsNow now = { 0 };
  g_autofree char *text = NULL;

  self->ask (&now, self->user_data);
  text = parlor_metrics_to_text (&now);
  parlor_page_respond_text (request, SOUP_STATUS_OK, "text/plain; version=0.0.4; charset=utf-8", text);
}

static void
on_request (SoupServer *server, SoupServerMessage *request, const char *path, GHashTable *query, gpointer user_data)
{
  ParlorMonitor *self = user_data;
  const char *method = soup_server_message_get_method (request);
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (request);
  ParlorMetricsNow now = { 0 };

  if (!parlor_door_host_is_allowed (soup_message_headers_get_list (headers, "Host"), self->allowed_hosts))
    {
      parlor_page_respond_status (request, SOUP_STATUS_MISDIRECTED_REQUEST, "This relay does not go by that name.");
    }
  else if (method != SOUP_METHOD_GET && method != SOUP_METHOD_HEAD)
    {
      parlor_page_respond_status (request, SOUP_STATUS_METHOD_NOT_ALLOWED, "Only GET and HEAD.");
    }
  else if (g_str_equal (path, "/metrics"))
    {
      tell_metrics (self, request);
    }
  else if (g_str_equal (path, PARLOR_DOOR_HEALTH_PATH))
    {
      self->ask (&now, self->user_data);
      parlor_page_respond_health (request, now.draining);
    }
  else
    {
      parlor_page_respond_status (request, SOUP_STATUS_NOT_FOUND, "There are /metrics and /health.");
    }
}

static void
on_request_started (SoupServer *server, SoupServerMessage *request, gpointer user_data)
{
  soup_message_body_set_accumulate (soup_server_message_get_request_body (request), FALSE);
}

static void
on_connected (ParlorListener *listener, GSocketConnection *connection, ParlorMonitor *self)
{
  g_autoptr (GSocketAddress) local = g_socket_connection_get_local_address (connection, NULL);
  g_autoptr (GSocketAddress) remote = g_socket_connection_get_remote_address (connection, NULL);

  if (local != NULL && remote != NULL)
    soup_server_accept_iostream (self->server, G_IO_STREAM (connection), local, remote, NULL);
}

static void
parlor_monitor_dispose (GObject *object)
{
  ParlorMonitor *self = PARLOR_MONITOR (object);

  if (self->listener != NULL)
    parlor_listener_close (self->listener);
  if (self->server != NULL)
    soup_server_disconnect (self->server);
  g_clear_object (&self->server);
  g_clear_object (&self->listener);
  g_clear_pointer (&self->agenda, parlor_agenda_free);
  g_clear_pointer (&self->allowed_hosts, g_hash_table_unref);

  G_OBJECT_CLASS (parlor_monitor_parent_class)->dispose (object);
}

static void
parlor_monitor_class_init (ParlorMonitorClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = parlor_monitor_dispose;
}

static void
parlor_monitor_init (ParlorMonitor *self)
{
}

/**
 * parlor_monitor_new:
 * @address: where to listen; port 0 for any
 * @allowed_hosts: set of names under which it may be asked, besides localhost and address literals
 * @ask: fills in what is so at the moment
 * @error: a #GIOErrorEnum
 *
 * Listens in the caller's thread-default main context until it is freed.
 *
 * Returns: (transfer full) (nullable): a monitor
 */
ParlorMonitor *
parlor_monitor_new (GSocketAddress *address,
                    GHashTable *allowed_hosts,
                    ParlorMonitorAsk ask,
                    gpointer user_data,
                    GError **error)
{
  g_autoptr (ParlorAgenda) agenda = parlor_agenda_new ();
  g_autoptr (ParlorListener) listener = parlor_listener_new (address, agenda, MAX_CONNECTIONS, REQUEST_MS, error);
  ParlorMonitor *self;

  if (listener == NULL)
    return NULL;
  self = g_object_new (PARLOR_TYPE_MONITOR, NULL);
  self->agenda = g_steal_pointer (&agenda);
  self->listener = g_steal_pointer (&listener);
  self->allowed_hosts = g_hash_table_ref (allowed_hosts);
  self->ask = ask;
  self->user_data = user_data;
  self->server = soup_server_new ("raw-paths", TRUE, NULL);
  g_signal_connect_object (self->server, "request-started", G_CALLBACK (on_request_started), self, 0);
  soup_server_add_handler (self->server, NULL, on_request, self, NULL);
  g_signal_connect_object (self->listener, "connected", G_CALLBACK (on_connected), self, 0);
  return self;
}

guint16
parlor_monitor_get_port (ParlorMonitor *self)
{
  g_autoptr (GSocketAddress) address = parlor_listener_get_address (self->listener);

  return address ? g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)) : 0;
}
