/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-monitor.h"

#include "parlor-door.h"
#include "parlor-listener.h"
#include "parlor-page.h"

/*
 * ParlorMonitor: GET /metrics and /health on a listener of their own, so that who counts guests need not be let in where guests
 * come, nor the other way round. Plain HTTP; it is for a loopback address or a network of the administrator's.
 *
 * It lives by the relay's poll and agenda and belongs to the relay, whom it asks for what is so at the moment.
 */

#define MAX_CONNECTIONS 16
#define REQUEST_MS 5000

struct _ParlorMonitor
{
  ParlorMonitorOptions options;
  ParlorListener *listener;
};

static void
tell_metrics (ParlorMonitor *self, ParlorResponse *response)
{
  ParlorMetricsNow now = { 0 };
  g_autofree char *text = NULL;

  self->options.ask (&now, self->options.user_data);
  text = parlor_metrics_to_text (&now);
  parlor_page_respond_text (response, SOUP_STATUS_OK, "text/plain; version=0.0.4; charset=utf-8", text);
}

static void
respond (ParlorMonitor *self, const ParlorRequest *request, ParlorResponse *response)
{
  ParlorMetricsNow now = { 0 };

  if (!parlor_door_host_is_allowed (request->host, self->options.allowed_hosts))
    {
      parlor_page_respond_status (response, SOUP_STATUS_MISDIRECTED_REQUEST, "This relay does not go by that name.");
    }
  else if (!parlor_request_is_method (request, "GET") && !parlor_request_is_method (request, "HEAD"))
    {
      parlor_page_respond_status (response, SOUP_STATUS_METHOD_NOT_ALLOWED, "Only GET and HEAD.");
    }
  else if (g_str_equal (request->path, "/metrics"))
    {
      tell_metrics (self, response);
    }
  else if (g_str_equal (request->path, PARLOR_DOOR_HEALTH_PATH))
    {
      self->options.ask (&now, self->options.user_data);
      parlor_page_respond_health (response, now.draining);
    }
  else
    {
      parlor_page_respond_status (response, SOUP_STATUS_NOT_FOUND, "There are /metrics and /health.");
    }
}

static void
on_request (ParlorVisitor *visitor, const ParlorRequest *request, gpointer user_data)
{
  g_auto (ParlorResponse) response = { 0 };

  respond (user_data, request, &response);
  parlor_visitor_answer (visitor, request, &response);
}

/**
 * parlor_monitor_new:
 * @address: where to listen; port 0 for any
 * @options: they are copied
 * @error: a #GIOErrorEnum
 *
 * Returns: (transfer full) (nullable): a monitor
 */
ParlorMonitor *
parlor_monitor_new (GSocketAddress *address, const ParlorMonitorOptions *options, GError **error)
{
  ParlorMonitor *self = g_new0 (ParlorMonitor, 1);
  const ParlorListenerOptions listening = {
    .poll = options->poll,
    .agenda = options->agenda,
    .max_connections = MAX_CONNECTIONS,
    .request_ms = REQUEST_MS,
    .request = on_request,
    .user_data = self,
  };

  self->options = *options;
  self->listener = parlor_listener_new_at (address, &listening, error);
  if (self->listener == NULL)
    g_clear_pointer (&self, g_free);
  return self;
}

void
parlor_monitor_free (ParlorMonitor *self)
{
  parlor_listener_free (self->listener);
  g_free (self);
}

guint16
parlor_monitor_get_port (ParlorMonitor *self)
{
  g_autoptr (GSocketAddress) address = parlor_listener_get_address (self->listener);

  return address ? g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)) : 0;
}
