/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-relay.h"

#include "parlor-crowd.h"
#include "parlor-door.h"
#include "parlor-error.h"
#include "parlor-frame.h"
#include "parlor-guest.h"
#include "parlor-listener.h"
#include "parlor-metrics.h"
#include "parlor-monitor.h"
#include "parlor-page.h"
#include "parlor-proxies.h"
#include "parlor-rooms.h"
#include "parlor-token.h"

/*
 * ParlorRelay: listens, answers requests, and holds the rooms and their guests.
 *
 * Connections come from a ParlorListener, as visitors who ask for something: they get an answer, or become a ParlorGuest
 * each. All of it lives in the main context that was thread-default at parlor_relay_listen(), be that
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
#define DEFAULT_MAX_KNOCKS 6
#define DEFAULT_AWAY_MS 90000
#define DEFAULT_MAX_KEPT 32
#define DEFAULT_MAX_MISSED_PINGS 2
#define DEFAULT_FAREWELL_MS 2000
#define DEFAULT_SPARE_CONNECTIONS 64
#define DEFAULT_TURN_MS (60 * 60 * 1000)
#define DEFAULT_VISIT_MS 30000
#define DEFAULT_KNOCK_MS 120000
#define RETRY_AFTER "10" /* seconds */
#define STRICT_TRANSPORT "max-age=31536000"

struct _ParlorRelay
{
  GObject parent_instance;

  ParlorRelayLimits limits;
  ParlorListener *listener; /* NULL = not listening */
  ParlorTls *tls;           /* NULL = plain HTTP */
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
get_network (ParlorRelay *self, const ParlorRequest *request)
{
  const char *token = soup_message_headers_get_one (request->headers, "Parlor-Host");
  g_autoptr (GInetAddress) client = NULL;

  if (token != NULL && self->has_host_token)
    {
      const ParlorTokenHash hash = parlor_token_hash (token);

      if (parlor_token_hash_equal (&self->host_token, &hash))
        return NULL;
    }
  client = parlor_proxies_find_client (self->proxies, request->peer,
                                       soup_message_headers_get_list (request->headers, "X-Forwarded-For"));
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
  parlor_listener_release (self->listener);
}

static void
add_guest (ParlorRelay *self, ParlorStream *stream, const ParlorRequest *request, ParlorDialect dialect, const char *network)
{
  gboolean is_crowded = parlor_rooms_are_crowded (self->rooms, network);
  g_autoptr (ParlorGuest) guest = parlor_guest_new (stream, dialect, parlor_door_get_room (request->path), network, &self->host);

  parlor_metrics_add (PARLOR_METRIC_UPGRADES, 1);
  g_hash_table_add (self->guests, g_object_ref (guest));
  parlor_rooms_take (self->rooms, guest);
  /* Who says so without a load balancer harms nobody else. */
  if (soup_message_headers_get_one (request->headers, "Parlor-Visit") != NULL)
    parlor_guest_visit (guest);
  /* Others were upgraded since this one was let in. */
  if (is_crowded)
    {
      parlor_guest_say_error (guest, "rate", "Too many come from this address", NULL);
      parlor_guest_close (guest, PARLOR_CLOSE_RATE);
    }
}

static void
respond_busy (ParlorResponse *response, guint status, const char *text)
{
  parlor_page_respond_status (response, status, text);
  soup_message_headers_replace (response->headers, "Retry-After", RETRY_AFTER);
}

/* A newcomer's socket takes so little at once, or it is no good. */
static void
let_in (ParlorRelay *self, ParlorVisitor *visitor, const ParlorRequest *request, const char *answer, ParlorDialect dialect, const char *network)
{
  ParlorStream stream = parlor_visitor_steal (visitor);

  if (parlor_stream_write (&stream, answer, strlen (answer)) == (gssize) strlen (answer))
    {
      add_guest (self, &stream, request, dialect, network);
    }
  else
    {
      parlor_stream_close (&stream);
      parlor_listener_release (self->listener);
    }
}

/* Lets it in, or fills in @response. */
static void
upgrade (ParlorRelay *self, ParlorVisitor *visitor, const ParlorRequest *request, gboolean is_foreign, ParlorResponse *response)
{
  gboolean is_seed = soup_message_headers_get_list (request->headers, "Sec-WebSocket-Protocol") == NULL;
  gboolean is_lobby = g_str_equal (request->path, "/");
  g_autofree char *network = get_network (self, request);
  g_autofree char *accepted = NULL;
  gboolean is_parlor;

  if (is_foreign && !(is_seed && is_lobby && self->seed_pages))
    parlor_page_respond_status (response, SOUP_STATUS_FORBIDDEN, "Pages of other sites may not call here.");
  else if (g_hash_table_size (self->guests) >= self->limits.max_connections)
    respond_busy (response, SOUP_STATUS_SERVICE_UNAVAILABLE, "This relay is full.");
  else if (parlor_rooms_are_crowded (self->rooms, network))
    respond_busy (response, PARLOR_STATUS_TOO_MANY_REQUESTS, "Too many come from this address.");
  else if (!(accepted = parlor_request_shake_hands (request, PARLOR_WIRE_SUBPROTOCOL, &is_parlor)))
    parlor_page_respond_status (response, SOUP_STATUS_BAD_REQUEST, "This is no WebSocket handshake of ours.");
  else
    let_in (self, visitor, request, accepted, is_parlor ? PARLOR_DIALECT_PARLOR : PARLOR_DIALECT_SEED, network);
}

static void
respond_page (const ParlorRequest *request, gboolean is_foreign, ParlorResponse *response)
{
  if (is_foreign)
    parlor_page_respond_status (response, SOUP_STATUS_FORBIDDEN, "Pages of other sites may not call here.");
  else if (!parlor_request_is_method (request, "GET") && !parlor_request_is_method (request, "HEAD"))
    {
      parlor_page_respond_status (response, SOUP_STATUS_METHOD_NOT_ALLOWED, "Only GET and HEAD.");
      soup_message_headers_replace (response->headers, "Allow", "GET, HEAD");
    }
  else if (g_str_has_prefix (request->path, PARLOR_DOOR_PAGE_PATH))
    parlor_page_respond (response, request->path + strlen (PARLOR_DOOR_PAGE_PATH), request->host);
  else
    parlor_page_respond (response, "index.html", request->host);
}

static void
tell_strict_transport (ParlorRelay *self, const ParlorRequest *request, ParlorResponse *response)
{
  const char *proto = soup_message_headers_get_one (request->headers, "X-Forwarded-Proto");
  gboolean by_proxy = g_strcmp0 (proto, "https") == 0 && parlor_proxies_trust (self->proxies, request->peer);

  if (self->strict_transport && (by_proxy || request->is_tls))
    soup_message_headers_replace (response->headers, "Strict-Transport-Security", STRICT_TRANSPORT);
}

/* Lets it in, or fills in @response. */
static void
hear_request (ParlorRelay *self, ParlorVisitor *visitor, const ParlorRequest *request, gboolean is_upgrade, ParlorResponse *response)
{
  const char *path = request->path;
  const char *origin = soup_message_headers_get_list (request->headers, "Origin");
  gboolean is_foreign = origin != NULL && !parlor_door_origin_matches (origin, request->host ? request->host : "");

  if (self->tls != NULL && !request->is_tls)
    parlor_page_respond_status (response, SOUP_STATUS_BAD_REQUEST, "This relay speaks TLS: use https, not http.");
  else if (g_str_equal (path, PARLOR_DOOR_HEALTH_PATH) && !is_upgrade)
    parlor_page_respond_health (response, self->draining);
  else if (!parlor_door_host_is_allowed (request->host, self->allowed_hosts))
    parlor_page_respond_status (response, SOUP_STATUS_MISDIRECTED_REQUEST, "This relay does not go by that name.");
  else if (parlor_door_get_room (path) == NULL && (is_upgrade || !g_str_has_prefix (path, PARLOR_DOOR_PAGE_PATH)))
    parlor_page_respond_status (response, SOUP_STATUS_NOT_FOUND, "There is no such room.");
  else if (self->draining && !(is_upgrade && parlor_rooms_have (self->rooms, parlor_door_get_room (path))))
    respond_busy (response, SOUP_STATUS_SERVICE_UNAVAILABLE, "This relay is closing.");
  else if (is_upgrade)
    upgrade (self, visitor, request, is_foreign, response);
  else
    respond_page (request, is_foreign, response);
}

static void
on_request (ParlorVisitor *visitor, const ParlorRequest *request, gpointer user_data)
{
  ParlorRelay *self = user_data;
  gboolean is_upgrade = parlor_request_wants_upgrade (request);
  g_auto (ParlorResponse) response = { 0 };

  hear_request (self, visitor, request, is_upgrade, &response);
  if (parlor_visitor_is_stolen (visitor))
    return;
  if (is_upgrade)
    parlor_metrics_add (PARLOR_METRIC_REFUSED, 1);
  tell_strict_transport (self, request, &response);
  parlor_visitor_answer (visitor, request, &response);
}

static ParlorListenerOptions
get_listener_options (ParlorRelay *self)
{
  return (ParlorListenerOptions){
    .poll = self->poll,
    .agenda = self->agenda,
    .max_connections = self->limits.max_connections + self->limits.spare_connections,
    .request_ms = self->limits.request_ms,
    .max_per_network = self->limits.max_per_address,
    .proxies = self->proxies,
    .is_counted = TRUE,
    .request = on_request,
    .user_data = self,
  };
}

static void
start_serving (ParlorRelay *self)
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
  parlor_listener_set_tls (self->listener, self->tls);
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

  g_clear_pointer (&self->tls, parlor_tls_unref);
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
    .spare_connections = DEFAULT_SPARE_CONNECTIONS,
    .max_per_address = DEFAULT_MAX_PER_ADDRESS,
    .request_ms = DEFAULT_REQUEST_MS,
    .hello_ms = DEFAULT_HELLO_MS,
    .ping_ms = DEFAULT_PING_MS,
    .max_missed_pings = DEFAULT_MAX_MISSED_PINGS,
    .farewell_ms = DEFAULT_FAREWELL_MS,
    .messages_per_second = DEFAULT_MESSAGES_PER_SECOND,
    .messages_burst = DEFAULT_MESSAGES_BURST,
    .bytes_per_second = DEFAULT_BYTES_PER_SECOND,
    .max_rings = DEFAULT_MAX_RINGS,
    .max_open_rings = DEFAULT_MAX_OPEN_RINGS,
    .max_knocks = DEFAULT_MAX_KNOCKS,
    .away_ms = DEFAULT_AWAY_MS,
    .max_kept = DEFAULT_MAX_KEPT,
    .visit_ms = DEFAULT_VISIT_MS,
    .knock_ms = DEFAULT_KNOCK_MS,
    .turn_ms = DEFAULT_TURN_MS,
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

/* What the listener needs; it is kept when the relay listens in the end. */
static gboolean
prepare (ParlorRelay *self, GError **error)
{
  self->poll = parlor_poll_new (error);
  if (self->poll == NULL)
    return FALSE;
  self->agenda = parlor_agenda_new ();
  return TRUE;
}

static void
forget_sources (ParlorRelay *self)
{
  g_clear_pointer (&self->agenda, parlor_agenda_free);
  g_clear_pointer (&self->poll, parlor_poll_free);
}

gboolean
parlor_relay_listen (ParlorRelay *self, const char *address, guint16 port, GError **error)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (address);
  g_autoptr (GSocketAddress) socket_address = NULL;

  g_return_val_if_fail (self->listener == NULL, FALSE);

  if (inet == NULL)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_UNREACHABLE, "'%s' is not an IPv4 or IPv6 address", address);
      return FALSE;
    }
  socket_address = g_inet_socket_address_new (inet, port);
  if (prepare (self, error))
    {
      const ParlorListenerOptions options = get_listener_options (self);

      self->listener = parlor_listener_new_at (socket_address, &options, error);
    }
  if (self->listener == NULL)
    {
      forget_sources (self);
      g_prefix_error (error, "Cannot listen on %s port %u: ", address, port);
      return FALSE;
    }
  start_serving (self);
  return TRUE;
}

gboolean
parlor_relay_listen_socket (ParlorRelay *self, GSocket *socket, GError **error)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, error);

  g_return_val_if_fail (self->listener == NULL, FALSE);

  if (address == NULL)
    return FALSE;
  if (!G_IS_INET_SOCKET_ADDRESS (address))
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_UNREACHABLE, "The socket is not one of TCP");
      return FALSE;
    }
  if (prepare (self, error))
    {
      const ParlorListenerOptions options = get_listener_options (self);

      self->listener = parlor_listener_new (socket, &options, error);
    }
  if (self->listener == NULL)
    {
      forget_sources (self);
      return FALSE;
    }
  start_serving (self);
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
  const ParlorMonitorOptions options = {
    .poll = self->poll,
    .agenda = self->agenda,
    .allowed_hosts = self->allowed_hosts,
    .ask = on_ask,
    .user_data = self,
  };

  g_return_val_if_fail (self->listener != NULL && self->monitor == NULL, FALSE);

  if (socket_address == NULL)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_UNREACHABLE, "'%s' is not an IPv4 or IPv6 address", address);
      return FALSE;
    }
  self->monitor = parlor_monitor_new (socket_address, &options, error);
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

  return g_strconcat (self->tls ? "https://" : "http://", text ? text : "", NULL);
}

void
parlor_relay_set_certificate (ParlorRelay *self, GTlsCertificate *certificate)
{
  g_clear_pointer (&self->tls, parlor_tls_unref);
  self->tls = certificate ? parlor_tls_new (certificate) : NULL;
  if (self->listener != NULL)
    parlor_listener_set_tls (self->listener, self->tls);
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

  g_clear_pointer (&self->monitor, parlor_monitor_free);
  g_clear_pointer (&self->listener, parlor_listener_free);
  forget_sources (self);
}
