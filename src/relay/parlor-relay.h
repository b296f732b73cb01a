/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ParlorRelayLimits: what one relay puts up with. parlor_relay_limits_init() fills in the protocol's defaults.
 */
typedef struct
{
  gsize max_message;         /* bytes of one message, all fragments together */
  gsize max_unsent;          /* bytes that wait for one slow reader */
  guint max_guests;          /* in one room, those who are away included; as many may wait at its door */
  guint max_connections;     /* in all */
  guint spare_connections;   /* besides, for requests of the page, and to say 503 when the relay is full */
  guint max_per_address;     /* connections and kept seats of one address (IPv6: of a /64), and as many not yet upgraded; 0 = no limit */
  guint request_ms;          /* connected -> request read and answered, or upgraded */
  guint hello_ms;            /* upgrade -> hello */
  guint ping_ms;             /* between pings */
  guint max_missed_pings;    /* ... that are not answered, one after the other: then it is gone */
  guint farewell_ms;         /* closing -> what is unsent is out, and the other end has closed */
  guint messages_per_second; /* of one connection; 0 = no limit */
  guint messages_burst;      /* ... and at once, after a rest */
  guint bytes_per_second;    /* of one connection; at once: these and one message; 0 = no limit */
  guint max_rings;           /* from one to another in a minute, until they accept; 0 = no limit */
  guint max_open_rings;      /* from one, not yet answered; 0 = no limit */
  guint max_knocks;          /* from one network at one locked room in a minute; 0 = no limit */
  guint away_ms;             /* how long a seat is kept when its connection is lost; 0 = it is not */
  guint max_kept;            /* messages for one who is away; together at most half of max_unsent */
  guint visit_ms;            /* until one who was sent here in place of another relay is sent back; 0 = it stays */
  guint knock_ms;            /* how long one may wait at the door of a locked room */
  guint turn_ms;             /* how long credentials for TURN are good; clients renew them every half hour */
} ParlorRelayLimits;

void parlor_relay_limits_init (ParlorRelayLimits *limits);

#define PARLOR_TYPE_RELAY (parlor_relay_get_type ())
G_DECLARE_FINAL_TYPE (ParlorRelay, parlor_relay, PARLOR, RELAY, GObject)

/**
 * parlor_relay_new:
 * @limits: (nullable): %NULL for the defaults
 *
 * The meeting point: rooms that forward messages between guests, in both dialects, and the guest page, on one URL. It
 * belongs to the main context that is thread-default when parlor_relay_listen() is called; every call must come from
 * that thread.
 *
 * Returns: (transfer full): a relay that does not listen yet
 */
ParlorRelay *parlor_relay_new (const ParlorRelayLimits *limits);

/**
 * parlor_relay_listen:
 * @address: an address literal, "127.0.0.1", "::1", "0.0.0.0"
 * @port: 0 for any
 * @error: PARLOR_ERROR_UNREACHABLE or a #GIOErrorEnum (address in use), with a message that says what to do
 */
gboolean parlor_relay_listen (ParlorRelay *self, const char *address, guint16 port, GError **error);
guint16 parlor_relay_get_port (ParlorRelay *self);
/* (transfer full): "http://ADDR:PORT", with a certificate "https://ADDR:PORT". */
char *parlor_relay_get_url (ParlorRelay *self);
/**
 * parlor_relay_set_certificate:
 * @certificate: (nullable): with its private key; %NULL for plain HTTP
 *
 * TLS for connections that are made from now on; those that stand keep what they have. Plain requests are answered with
 * 400 then. Before parlor_relay_listen() or at any time after it, as often as the certificate is renewed.
 */
void parlor_relay_set_certificate (ParlorRelay *self, GTlsCertificate *certificate);
/* Pages of foreign or null origins in the lobby, as seed only. Default: TRUE on a loopback address. */
void parlor_relay_set_seed_pages (ParlorRelay *self, gboolean allow);
/* A name under which the relay is reached, besides localhost and address literals; others get 421. */
void parlor_relay_allow_host (ParlorRelay *self, const char *host);
/**
 * parlor_relay_set_ice_servers:
 * @urls: (nullable): `stun:HOST:PORT`, `turn:HOST:PORT`, `turn:HOST:PORT?transport=tcp`, `turns:...`; what guests use to find each other
 * @turn_secret: (nullable): what the TURN servers among them share with the relay (`static-auth-secret` of coturn)
 * @error: PARLOR_ERROR_BAD_USAGE
 *
 * Before parlor_relay_listen(). TURN is for rooms with two people in them, with credentials that are good for turn_ms.
 */
gboolean parlor_relay_set_ice_servers (ParlorRelay *self, const char *const *urls, const char *turn_secret, GError **error);
/* What a client may show in the header "Parlor-Host" of its upgrade so that it is not counted by address: the host's own app, which
 * else would share the limit with whatever comes through a proxy. (nullable): nobody may; the default. */
void parlor_relay_set_host_token (ParlorRelay *self, const char *token);
/* A network ("10.0.0.0/8") or address whose X-Forwarded-For and X-Forwarded-Proto are believed; @error: #GIOErrorEnum. */
gboolean parlor_relay_trust_proxy (ParlorRelay *self, const char *network, GError **error);
/* Tell browsers that came over TLS, here or in front of a trusted proxy, never to come without. Default: FALSE. */
void parlor_relay_set_strict_transport (ParlorRelay *self, gboolean strict);
/* Who is in all rooms together, those who are away included; how many connections are upgraded; how many rooms there are:
 * for tests and metrics. */
guint parlor_relay_get_n_guests (ParlorRelay *self);
guint parlor_relay_get_n_connections (ParlorRelay *self);
guint parlor_relay_get_n_rooms (ParlorRelay *self);
/**
 * parlor_relay_listen_socket:
 * @socket: one of TCP that listens already, as systemd passes it
 *
 * As parlor_relay_listen().
 */
gboolean parlor_relay_listen_socket (ParlorRelay *self, GSocket *socket, GError **error);
/**
 * parlor_relay_listen_metrics:
 * @address: an address literal; whoever can reach it can read how many guests there are, and nothing else
 * @port: 0 for any
 * @error: as parlor_relay_listen()
 *
 * GET /metrics and /health, by plain HTTP on a port of their own. After parlor_relay_listen().
 */
gboolean parlor_relay_listen_metrics (ParlorRelay *self, const char *address, guint16 port, GError **error);
guint16 parlor_relay_get_metrics_port (ParlorRelay *self);
/* No room begins from now on: 503, and /health says so too. Those that there are stay whole until parlor_relay_close(). */
void parlor_relay_drain (ParlorRelay *self);
/* Closes every connection (1012, "draining") and stops listening. Idempotent. */
void parlor_relay_close (ParlorRelay *self);

G_END_DECLS
