/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-relay.h"

#include "parlor-crowd.h"
#include "parlor-door.h"
#include "parlor-error.h"
#include "parlor-frame.h"
#include "parlor-guest.h"
#include "parlor-tls-handshake.h"
#include "parlor-listener.h"
#include "parlor-metrics.h"
#include "parlor-monitor.h"
#include "parlor-page.h"
#include "parlor-proxies.h"
#include "parlor-rooms.h"
#include "parlor-token.h"

#include <libsoup/soup.h>

/*
 * ParlorRelay: listens, answers requests, and holds the rooms and their guests.
 *
 * libsoup reads requests and makes the WebSocket handshake; connections come to it from a ParlorListener, and leave it
 * as a ParlorGuest each. All of it lives in the main context that was thread-default at parlor_relay_listen(), be that
 * a program's own or that of a thread inside the app. What it logs names no room, guest, id or address.
 */

#define DEFAULT_MAX_GUESTS 16
#define DEFAULT_MAX_CONNECTIONS 512 /* half of the usual 1,024 descriptors of a process */
#define DEFAULT_MAX_UNSENT (1024 * 1024)
#define DEFAULT_MAX_PER_ADDRESS 32
#define DEFAULT_REQUEST_MS 10000
#define DEFAULT_HELLO_MS 10000
#define DEFAULT_PING_MS 20000
#define DEFAULT_MESSAGES_PER_SECOND 60
#define DEFAULT_MESSAGES_BURST 200
#define DEFAULT_BYTES_PER_SECOND (256 * 1024)
#define DEFAULT_MAX_RINGS 3
#define DEFAULT_MAX_OPEN_RINGS 4
#define DEFAULT_AWAY_MS 90000
#define DEFAULT_MAX_KEPT 32
#define DEFAULT_KNOCK_MS 120000
#define SPARE_CONNECTIONS 64         /* for requests of the page, and to say 503 when the relay is full */
#define RETRY_AFTER "10"             /* seconds */
#define STATUS_TOO_MANY_REQUESTS 429 /* RFC 6585; libsoup has no name for it */
#define STRICT_TRANSPORT "max-age=31536000"

struct _ParlorRelay
{
  GObject parent_instance;

  ParlorRelayLimits limits;
  ParlorListener *listener; /* NULL = not listening */
  SoupServer *server;
  GTlsCertificate *certificate; /* NULL = plain HTTP */
  ParlorPoll *poll;
  ParlorAgenda *agenda;
  ParlorGuestHost host;
  gboolean strict_transport;
  gboolean draining;
  ParlorMonitor *monitor; /* NULL = nobody asks */
  ParlorProxies *proxies;
  gboolean seed_pages;
  gboolean seed_pages_set;   /* by the caller, so the address does not decide it */
  GHashTable *allowed_hosts; /* set of lower-case names */
  GHashTable *guests;        /* set of ParlorGuest: all upgraded connections, with and without hello */
  GHashTable *leaving;       /* set of ParlorGuest: gone, but their farewell is not over */
  ParlorIceServers *ice_servers;
  ParlorRooms *rooms; /* NULL = not listening */
  gboolean has_host_token;
  ParlorTokenHash host_token;
};

G_DEFINE_FINAL_TYPE (ParlorRelay, parlor_relay, G_TYPE_OBJECT)

/* Where @request comes from, as it is counted: (transfer full) (nullable), NULL when it is not. */
static char *
get_network (ParlorRelay *self, SoupServerMessage *request)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (request);
  const char *token = soup_message_headers_get_one (headers, "Parlor-Host");
  const ParlorTokenHash hash = parlor_token_hash (token);
  GSocketAddress *address = soup_server_message_get_remote_address (request);
  g_autoptr (GInetAddress) client = NULL;

  if (token != NULL && self->has_host_token && parlor_token_hash_equal (&self->host_token, &hash))
    return NULL;
  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return NULL;
  client = parlor_proxies_find_client (self->proxies,
                                       g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)),
                                       soup_message_headers_get_list (headers, "X-Forwarded-For"));
  return parlor_crowd_get_network (client);
}

static void
on_guest_message (ParlorGuest *guest, ParlorMessage *message, gpointer user_data)
{
  ParlorRelay *self = user_data;
  gint64 start = g_get_monotonic_time ();
  gboolean is_member = parlor_guest_get_member (guest) != NULL;

  parlor_rooms_hear (self->rooms, guest, message);
  if (is_member)
    parlor_metrics_add_forwarding (g_get_monotonic_time () - start);
}

static void
on_guest_gone (ParlorGuest *guest, gpointer user_data)
{
  ParlorRelay *self = user_data;

  parlor_rooms_lose (self->rooms, guest);
  g_hash_table_add (self->leaving, g_object_ref (guest));
  g_hash_table_remove (self->guests, guest);
}

static void
on_guest_over (ParlorGuest *guest, gpointer user_data)
{
  ParlorRelay *self = user_data;

  g_hash_table_remove (self->leaving, guest);
}

static void
add_guest (ParlorRelay *self, GIOStream *stream, ParlorDialect dialect, const char *room_name, const char *network)
{
  gboolean is_crowded = parlor_rooms_are_crowded (self->rooms, network);
  g_autoptr (ParlorGuest) guest = parlor_guest_new (stream, dialect, room_name, network, &self->host);

  parlor_metrics_add (PARLOR_METRIC_UPGRADES, 1);
  g_hash_table_add (self->guests, g_object_ref (guest));
  parlor_rooms_take (self->rooms, guest);
  /* Others were upgraded since this one was let in. */
  if (is_crowded)
    {
      parlor_guest_say_error (guest, "rate", "Too many come from this address", NULL);
      parlor_guest_close (guest, PARLOR_CLOSE_RATE);
    }
}

static void
on_upgraded (SoupServerMessage *request, ParlorRelay *self)
{
  SoupMessageHeaders *response = soup_server_message_get_response_headers (request);
  gboolean is_parlor = soup_message_headers_get_one (response, "Sec-WebSocket-Protocol") != NULL;
  const char *room = parlor_door_get_room (g_uri_get_path (soup_server_message_get_uri (request)));
  g_autoptr (SoupServerMessage) alive = g_object_ref (request);
  g_autoptr (GIOStream) stream = soup_server_message_steal_connection (request);
  g_autofree char *network = get_network (self, request);

  if (self->listener == NULL)
    return;

  parlor_listener_admit (self->listener, G_IO_STREAM (parlor_tls_handshake_get_connection (stream)));
  add_guest (self, stream, is_parlor ? PARLOR_DIALECT_PARLOR : PARLOR_DIALECT_SEED, room, network);
}

static void
respond_busy (SoupServerMessage *request, guint status, const char *text)
{
  parlor_page_respond_status (request, status, text);
  soup_message_headers_replace (soup_server_message_get_response_headers (request), "Retry-After", RETRY_AFTER);
}

static void
upgrade (ParlorRelay *self, SoupServerMessage *request, gboolean is_foreign)
{
  static const char *subprotocols[] = { PARLOR_WIRE_SUBPROTOCOL, NULL };
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (request);
  gboolean is_seed = soup_message_headers_get_list (headers, "Sec-WebSocket-Protocol") == NULL;
  gboolean is_lobby = g_str_equal (g_uri_get_path (soup_server_message_get_uri (request)), "/");
  g_autofree char *network = get_network (self, request);

  if (is_foreign && !(is_seed && is_lobby && self->seed_pages))
    {
      parlor_page_respond_status (request, SOUP_STATUS_FORBIDDEN, "Pages of other sites may not call here.");
    }
  else if (g_hash_table_size (self->guests) >= self->limits.max_connections)
    {
      respond_busy (request, SOUP_STATUS_SERVICE_UNAVAILABLE, "This relay is full.");
    }
  else if (parlor_rooms_are_crowded (self->rooms, network))
    {
      respond_busy (request, STATUS_TOO_MANY_REQUESTS, "Too many come from this address.");
    }
  else if (soup_websocket_server_process_handshake (request, NULL, (char **) subprotocols, NULL, NULL))
    {
      g_signal_connect_object (request, "wrote-informational", G_CALLBACK (on_upgraded), self, 0);
    }
}

static void
answer (ParlorRelay *self, SoupServerMessage *request, const char *path, gboolean is_foreign)
{
  const char *method = soup_server_message_get_method (request);

  if (is_foreign)
    parlor_page_respond_status (request, SOUP_STATUS_FORBIDDEN, "Pages of other sites may not call here.");
  else if (method != SOUP_METHOD_GET && method != SOUP_METHOD_HEAD)
    {
      parlor_page_respond_status (request, SOUP_STATUS_METHOD_NOT_ALLOWED, "Only GET and HEAD.");
      soup_message_headers_replace (soup_server_message_get_response_headers (request), "Allow", "GET, HEAD");
    }
  else if (g_str_has_prefix (path, PARLOR_DOOR_PAGE_PATH))
    parlor_page_respond (request, path + strlen (PARLOR_DOOR_PAGE_PATH));
  else
    parlor_page_respond (request, "index.html");
}

static gboolean
is_over_tls (SoupServerMessage *request)
{
  return g_str_equal (g_uri_get_scheme (soup_server_message_get_uri (request)), "https");
}

static void
tell_strict_transport (ParlorRelay *self, SoupServerMessage *request)
{
  const char *proto = soup_message_headers_get_one (soup_server_message_get_request_headers (request),
                                                    "X-Forwarded-Proto");
  GSocketAddress *remote = soup_server_message_get_remote_address (request);
  gboolean by_proxy = g_strcmp0 (proto, "https") == 0 && G_IS_INET_SOCKET_ADDRESS (remote)
                      && parlor_proxies_trust (self->proxies,
                                               g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote)));

  if (self->strict_transport && (by_proxy || is_over_tls (request)))
    soup_message_headers_replace (soup_server_message_get_response_headers (request), "Strict-Transport-Security",
                                  STRICT_TRANSPORT);
}

static void
on_request (SoupServer *server, SoupServerMessage *request, const char *path, GHashTable *query, gpointer user_data)
{
  ParlorRelay *self = user_data;
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (request);
  /* As lists: two Hosts in one head make one that is no name at all. */
  const char *host = soup_message_headers_get_list (headers, "Host");
  const char *origin = soup_message_headers_get_list (headers, "Origin");
  gboolean is_foreign = origin != NULL && !parlor_door_origin_matches (origin, host ? host : "");
  gboolean is_upgrade = soup_server_message_get_method (request) == SOUP_METHOD_GET
                        && soup_message_headers_header_contains (headers, "Upgrade", "websocket");

  tell_strict_transport (self, request);
  if (self->certificate != NULL && !is_over_tls (request))
    parlor_page_respond_status (request, SOUP_STATUS_BAD_REQUEST, "This relay speaks TLS: use https, not http.");
  else if (g_str_equal (path, PARLOR_DOOR_HEALTH_PATH) && !is_upgrade)
    parlor_page_respond_health (request, self->draining);
  else if (!parlor_door_host_is_allowed (host, self->allowed_hosts))
    parlor_page_respond_status (request, SOUP_STATUS_MISDIRECTED_REQUEST, "This relay does not go by that name.");
  else if (parlor_door_get_room (path) == NULL && (is_upgrade || !g_str_has_prefix (path, PARLOR_DOOR_PAGE_PATH)))
    parlor_page_respond_status (request, SOUP_STATUS_NOT_FOUND, "There is no such room.");
  else if (self->draining)
    respond_busy (request, SOUP_STATUS_SERVICE_UNAVAILABLE, "This relay is closing.");
  else if (is_upgrade)
    upgrade (self, request, is_foreign);
  else
    answer (self, request, path, is_foreign);
  if (is_upgrade && soup_server_message_get_status (request) != SOUP_STATUS_SWITCHING_PROTOCOLS)
    parlor_metrics_add (PARLOR_METRIC_REFUSED, 1);
}

static void
on_request_started (SoupServer *server, SoupServerMessage *request, gpointer user_data)
{
  /* Nobody has business sending a body; it would be kept whole. */
  soup_message_body_set_accumulate (soup_server_message_get_request_body (request), FALSE);
}

static void
on_handshake_done (ParlorTlsHandshake *handshake, GIOStream *stream, ParlorRelay *self)
{
  GSocketConnection *connection = parlor_tls_handshake_get_connection (stream);
  g_autoptr (GSocketAddress) local = g_socket_connection_get_local_address (connection, NULL);
  g_autoptr (GSocketAddress) remote = g_socket_connection_get_remote_address (connection, NULL);

  /* One that is closed already has no remote address: letting go of it closes our end. */
  if (self->listener != NULL && local != NULL && remote != NULL)
    soup_server_accept_iostream (self->server, stream, local, remote, NULL);
}

static void
on_connected (ParlorListener *listener, GSocketConnection *connection, ParlorRelay *self)
{
  g_autoptr (ParlorTlsHandshake) handshake = parlor_tls_handshake_new (connection, self->certificate);

  parlor_metrics_add (PARLOR_METRIC_CONNECTIONS, 1);
  g_signal_connect_object (handshake, "done", G_CALLBACK (on_handshake_done), self, 0);
}

static void
start_server (ParlorRelay *self)
{
  g_autoptr (GSocketAddress) address = parlor_listener_get_address (self->listener);
  GInetAddress *inet = address ? g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)) : NULL;

  self->host = (ParlorGuestHost){
    .poll = self->poll,
    .agenda = self->agenda,
    .limits = &self->limits,
    .user_data = self,
    .message = on_guest_message,
    .gone = on_guest_gone,
    .over = on_guest_over,
  };
  self->rooms = parlor_rooms_new (&self->limits, self->ice_servers);

  if (!self->seed_pages_set)
    self->seed_pages = inet != NULL && g_inet_address_get_is_loopback (inet);
  g_signal_connect_object (self->listener, "connected", G_CALLBACK (on_connected), self, 0);

  /* Raw paths: a room is what was written, not what some %2f decodes to. */
  self->server = soup_server_new ("raw-paths", TRUE, NULL);
  g_signal_connect_object (self->server, "request-started", G_CALLBACK (on_request_started), self, 0);
  soup_server_add_handler (self->server, NULL, on_request, self, NULL);
}

static void
parlor_relay_dispose (GObject *object)
{
  parlor_relay_close (PARLOR_RELAY (object));

  G_OBJECT_CLASS (parlor_relay_parent_class)->dispose (object);
}

static void
parlor_relay_finalize (GObject *object)
{
  ParlorRelay *self = PARLOR_RELAY (object);

  g_clear_object (&self->certificate);
  parlor_proxies_free (self->proxies);
  g_hash_table_unref (self->allowed_hosts);
  g_hash_table_unref (self->guests);
  g_hash_table_unref (self->leaving);
  parlor_ice_servers_free (self->ice_servers);

  G_OBJECT_CLASS (parlor_relay_parent_class)->finalize (object);
}

static void
parlor_relay_class_init (ParlorRelayClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = parlor_relay_dispose;
  G_OBJECT_CLASS (klass)->finalize = parlor_relay_finalize;
}

static void
parlor_relay_init (ParlorRelay *self)
{
  self->allowed_hosts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->proxies = parlor_proxies_new ();
  self->guests = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  self->leaving = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  self->ice_servers = parlor_ice_servers_new (NULL, NULL, NULL);
}

/**
 * parlor_relay_limits_init:
 * @limits: (out caller-allocates): set to the defaults of the protocol (src/wire/PROTOCOL.md)
 */
void
parlor_relay_limits_init (ParlorRelayLimits *limits)
{
  *limits = (ParlorRelayLimits){
    .max_message = PARLOR_WIRE_MAX_MESSAGE,
    .max_unsent = DEFAULT_MAX_UNSENT,
    .max_guests = DEFAULT_MAX_GUESTS,
    .max_connections = DEFAULT_MAX_CONNECTIONS,
    .max_per_address = DEFAULT_MAX_PER_ADDRESS,
    .request_ms = DEFAULT_REQUEST_MS,
    .hello_ms = DEFAULT_HELLO_MS,
    .ping_ms = DEFAULT_PING_MS,
    .messages_per_second = DEFAULT_MESSAGES_PER_SECOND,
    .messages_burst = DEFAULT_MESSAGES_BURST,
    .bytes_per_second = DEFAULT_BYTES_PER_SECOND,
    .max_rings = DEFAULT_MAX_RINGS,
    .max_open_rings = DEFAULT_MAX_OPEN_RINGS,
    .away_ms = DEFAULT_AWAY_MS,
    .max_kept = DEFAULT_MAX_KEPT,
    .knock_ms = DEFAULT_KNOCK_MS,
  };
}

ParlorRelay *
parlor_relay_new (const ParlorRelayLimits *limits)
{
  ParlorRelay *self = g_object_new (PARLOR_TYPE_RELAY, NULL);

  if (limits != NULL)
    self->limits = *limits;
  else
    parlor_relay_limits_init (&self->limits);
  return self;
}

gboolean
parlor_relay_listen (ParlorRelay *self, const char *address, guint16 port, GError **error)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (address);
  g_autoptr (GSocketAddress) socket_address = NULL;
  g_autoptr (ParlorPoll) poll = NULL;
  g_autoptr (ParlorAgenda) agenda = NULL;

  g_return_val_if_fail (self->listener == NULL, FALSE);

  if (inet == NULL)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_UNREACHABLE, "'%s' is not an IPv4 or IPv6 address", address);
      return FALSE;
    }
  socket_address = g_inet_socket_address_new (inet, port);
  poll = parlor_poll_new (error);
  agenda = parlor_agenda_new ();
  if (poll != NULL)
    self->listener = parlor_listener_new (socket_address, agenda, self->limits.max_connections + SPARE_CONNECTIONS,
                                          self->limits.request_ms, error);
  if (self->listener == NULL)
    {
      g_prefix_error (error, "Cannot listen on %s port %u: ", address, port);
      return FALSE;
    }
  self->poll = g_steal_pointer (&poll);
  self->agenda = g_steal_pointer (&agenda);
  start_server (self);
  return TRUE;
}

gboolean
parlor_relay_listen_socket (ParlorRelay *self, GSocket *socket, GError **error)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, error);
  g_autoptr (ParlorPoll) poll = NULL;

  g_return_val_if_fail (self->listener == NULL, FALSE);

  if (address == NULL)
    return FALSE;
  if (!G_IS_INET_SOCKET_ADDRESS (address))
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_UNREACHABLE, "The socket is not one of TCP");
      return FALSE;
    }
  poll = parlor_poll_new (error);
  if (poll == NULL)
    return FALSE;
  self->poll = g_steal_pointer (&poll);
  self->agenda = parlor_agenda_new ();
  self->listener = parlor_listener_new_from_socket (
    socket, self->agenda, self->limits.max_connections + SPARE_CONNECTIONS, self->limits.request_ms);
  start_server (self);
  return TRUE;
}

static void
on_ask (ParlorMetricsNow *now, gpointer user_data)
{
  ParlorRelay *self = user_data;

  now->connections = parlor_relay_get_n_connections (self);
  now->guests = parlor_relay_get_n_guests (self);
  now->rooms = parlor_relay_get_n_rooms (self);
  now->draining = self->draining;
}

gboolean
parlor_relay_listen_metrics (ParlorRelay *self, const char *address, guint16 port, GError **error)
{
  g_autoptr (GSocketAddress) socket_address = g_inet_socket_address_new_from_string (address, port);

  g_return_val_if_fail (self->listener != NULL && self->monitor == NULL, FALSE);

  if (socket_address == NULL)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_UNREACHABLE, "'%s' is not an IPv4 or IPv6 address", address);
      return FALSE;
    }
  self->monitor = parlor_monitor_new (socket_address, self->allowed_hosts, on_ask, self, error);
  if (self->monitor == NULL)
    g_prefix_error (error, "Cannot listen on %s port %u: ", address, port);
  return self->monitor != NULL;
}

guint16
parlor_relay_get_metrics_port (ParlorRelay *self)
{
  return self->monitor ? parlor_monitor_get_port (self->monitor) : 0;
}

void
parlor_relay_drain (ParlorRelay *self)
{
  self->draining = TRUE;
}

guint
parlor_relay_get_n_connections (ParlorRelay *self)
{
  return g_hash_table_size (self->guests);
}

guint16
parlor_relay_get_port (ParlorRelay *self)
{
  g_autoptr (GSocketAddress) address = self->listener ? parlor_listener_get_address (self->listener) : NULL;

  return address ? g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)) : 0;
}

char *
parlor_relay_get_url (ParlorRelay *self)
{
  g_autoptr (GSocketAddress) address = self->listener ? parlor_listener_get_address (self->listener) : NULL;
  g_autofree char *text = address ? g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address)) : NULL;

  return g_strconcat (self->certificate ? "https://" : "http://", text ? text : "", NULL);
}

void
parlor_relay_set_certificate (ParlorRelay *self, GTlsCertificate *certificate)
{
  g_set_object (&self->certificate, certificate);
}

void
parlor_relay_set_seed_pages (ParlorRelay *self, gboolean allow)
{
  self->seed_pages = allow;
  self->seed_pages_set = TRUE;
}

void
parlor_relay_allow_host (ParlorRelay *self, const char *host)
{
  g_hash_table_add (self->allowed_hosts, g_ascii_strdown (host, -1));
}

gboolean
parlor_relay_set_ice_servers (ParlorRelay *self, const char *const *urls, const char *turn_secret, GError **error)
{
  ParlorIceServers *ice_servers;

  g_return_val_if_fail (self->listener == NULL, FALSE);

  ice_servers = parlor_ice_servers_new (urls, turn_secret, error);
  if (ice_servers == NULL)
    return FALSE;
  parlor_ice_servers_free (self->ice_servers);
  self->ice_servers = ice_servers;
  return TRUE;
}

void
parlor_relay_set_host_token (ParlorRelay *self, const char *token)
{
  self->has_host_token = token != NULL;
  self->host_token = parlor_token_hash (token);
}

gboolean
parlor_relay_trust_proxy (ParlorRelay *self, const char *network, GError **error)
{
  return parlor_proxies_add (self->proxies, network, error);
}

void
parlor_relay_set_strict_transport (ParlorRelay *self, gboolean strict)
{
  self->strict_transport = strict;
}

guint
parlor_relay_get_n_guests (ParlorRelay *self)
{
  return self->rooms ? parlor_rooms_get_n_members (self->rooms) : 0;
}

guint
parlor_relay_get_n_rooms (ParlorRelay *self)
{
  return self->rooms ? parlor_rooms_get_n_rooms (self->rooms) : 0;
}

void
parlor_relay_close (ParlorRelay *self)
{
  GHashTableIter iter;
  gpointer guest;

  if (self->listener == NULL)
    return;

  /* First, so that nobody is told who left. */
  g_clear_pointer (&self->rooms, parlor_rooms_free);
  g_hash_table_iter_init (&iter, self->guests);
  while (g_hash_table_iter_next (&iter, &guest, NULL))
    {
      parlor_guest_say_error (guest, "draining", "The relay is closing", NULL);
      parlor_guest_close (guest, PARLOR_CLOSE_SERVICE_RESTART);
      parlor_guest_abandon (guest);
    }
  g_hash_table_iter_init (&iter, self->leaving);
  while (g_hash_table_iter_next (&iter, &guest, NULL))
    parlor_guest_abandon (guest);
  g_hash_table_remove_all (self->guests);
  g_hash_table_remove_all (self->leaving);

  g_clear_object (&self->monitor);
  parlor_listener_close (self->listener);
  soup_server_disconnect (self->server);
  g_clear_object (&self->server);
  g_clear_object (&self->listener);
  g_clear_pointer (&self->agenda, parlor_agenda_free);
  g_clear_pointer (&self->poll, parlor_poll_free);
}
