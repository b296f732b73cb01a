/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-webrtc-peer-private.h"

#include <gio/gio.h>
#include <ifaddrs.h>
#include <netinet/in.h>

/*
 * The ways of ParlorWebrtcPeer: which ones ICE may try, and the straight ones first.
 *
 * libnice (0.1.21) nominates once it knows two pairs that work, or one where no other is left to be tried, and stays with what it chose. So it is not
 * given the ways round by TURN while straight ones may still be found, nor the addresses of the other side's home while it is not
 * ours: checks of these fail only after seconds, and all that time the pair that works would wait. What a head start did not connect gets
 * them. TCP waits longer: where UDP loses packets, a check by TCP comes first, and the call would stay with what delivers all of them, late.
 *
 * A pair that was nominated and then failed, because the check that nominates was lost CHECK_TRIES times, is not followed by another
 * (conncheck.c, already_done): the call ends as not connected. Main thread only.
 */

#define HEAD_START_MS 300
#define TCP_WAIT_MS 2500 /* then TCP may be tried: it gets through where UDP is lost, and is a poor way for sound and pictures */

/*
 * STUN servers are asked after 0, 150, 450 and 1050 ms, given up after 1350. Checks between the two sides are repeated after 500, 1500 and 3500 ms,
 * whatever libnice (0.1.21, priv_compute_conncheck_timer()) is told: at 20 % loss one of three calls waits for that.
 */
#define CHECK_TIMEOUT_MS 150
#define CHECK_TRIES 4

/*
 * "turn:host:port?transport=udp" and its user -> "turn://user:password@host:port?transport=udp", as webrtcbin wants it.
 * libnice (0.1.21) speaks no TLS to a TURN server, whatever it is told: `turns` is left to browsers.
 */
void
parlor_webrtc_peer_take_ice_server (ParlorWebrtcPeer *self, const ParlorIceServer *server)
{
  const char *rest = strchr (server->url, ':');
  g_autofree char *scheme = rest ? g_strndup (server->url, (gsize) (rest - server->url)) : NULL;

  if (!scheme || rest[1] == '\0' || g_str_has_prefix (rest, "://"))
    return;
  rest++;
  if (g_str_equal (scheme, "stun") && !self->stun)
    self->stun = g_strconcat ("stun://", rest, NULL);
  else if (g_str_equal (scheme, "turn") && server->username && server->credential)
    {
      g_autofree char *user = g_uri_escape_string (server->username, NULL, FALSE);
      g_autofree char *password = g_uri_escape_string (server->credential, NULL, FALSE);

      g_ptr_array_add (self->turns, g_strdup_printf ("turn://%s:%s@%s", user, password, rest));
    }
}

static void
add_turn_servers (ParlorWebrtcPeer *self)
{
  for (guint i = 0; i < self->turns->len; i++)
    {
      gboolean added = FALSE;

      g_signal_emit_by_name (self->webrtc, "add-turn-server", g_ptr_array_index (self->turns, i), &added);
      if (!added)
        g_debug ("A TURN server was not taken");
    }
}

/* Before anything is gathered. UPnP costs 200 ms of gathering, and GUPnP's warnings. */
void
parlor_webrtc_peer_set_up_ice (ParlorWebrtcPeer *self)
{
  g_autoptr (GObject) ice = NULL, agent = NULL;
  gboolean relay_only = parlor_studio_get_relay_only (self->studio);

  g_object_get (self->webrtc, "ice-agent", &ice, NULL);
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (ice), "agent"))
    g_object_get (ice, "agent", &agent, NULL);
  if (agent)
    g_object_set (agent, "upnp", FALSE, "stun-initial-timeout", CHECK_TIMEOUT_MS, "stun-max-retransmissions", CHECK_TRIES, NULL);
  if (relay_only)
    g_object_set (self->webrtc, "ice-transport-policy", GST_WEBRTC_ICE_TRANSPORT_POLICY_RELAY, NULL);
  if (self->stun)
    g_object_set (self->webrtc, "stun-server", self->stun, NULL);
  /* The seed takes no candidates after its answer. */
  if (relay_only || self->dialect == PARLOR_DIALECT_SEED)
    {
      self->ways = PARLOR_WAYS_ALL;
      add_turn_servers (self);
    }
}

static const guint8 *
get_bytes (const struct sockaddr *native)
{
  return native->sa_family == AF_INET ? (const guint8 *) &((const struct sockaddr_in *) native)->sin_addr
                                      : (const guint8 *) &((const struct sockaddr_in6 *) native)->sin6_addr;
}

static gboolean
is_in_network (GInetAddress *address, const struct ifaddrs *interface)
{
  const guint8 *bytes = g_inet_address_to_bytes (address), *own, *mask;

  if (!interface->ifa_addr || !interface->ifa_netmask
      || interface->ifa_addr->sa_family != (sa_family_t) g_inet_address_get_family (address))
    return FALSE;
  own = get_bytes (interface->ifa_addr);
  mask = get_bytes (interface->ifa_netmask);
  for (gsize i = 0; i < g_inet_address_get_native_size (address); i++)
    if ((bytes[i] ^ own[i]) & mask[i])
      return FALSE;
  return TRUE;
}

static gboolean
is_in_our_networks (GInetAddress *address)
{
  struct ifaddrs *interfaces = NULL;
  gboolean found = FALSE;

  if (getifaddrs (&interfaces) != 0)
    return FALSE;
  for (struct ifaddrs *i = interfaces; i && !found; i = i->ifa_next)
    found = is_in_network (address, i);
  freeifaddrs (interfaces);
  return found;
}

/* RFC 1918, 4193 and 6598. */
static gboolean
is_private (GInetAddress *address)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6)
    return (bytes[0] & 0xfe) == 0xfc;
  return g_inet_address_get_is_site_local (address) || (bytes[0] == 100 && (bytes[1] & 0xc0) == 64);
}

/* @candidate: one of theirs, with a literal address */
static gboolean
is_straight (const ParlorCandidate *candidate)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (candidate->address);

  if (!g_str_equal (candidate->transport, "udp") || g_str_equal (candidate->type, "relay") || !address)
    return FALSE;
  return !g_str_equal (candidate->type, "host") || !is_private (address) || is_in_our_networks (address);
}

static gboolean
may_use (ParlorWebrtcPeer *self, const ParlorCandidate *candidate)
{
  switch (self->ways)
    {
    case PARLOR_WAYS_STRAIGHT:
      return is_straight (candidate);
    case PARLOR_WAYS_UDP:
      return g_str_equal (candidate->transport, "udp");
    case PARLOR_WAYS_ALL:
    default:
      return TRUE;
    }
}

static void
give_candidate (ParlorWebrtcPeer *self, const ParlorCandidate *candidate)
{
  g_autofree char *text = parlor_candidate_write (candidate, NULL);

  g_signal_emit_by_name (self->webrtc, "add-ice-candidate", (guint) self->remote->leader, text);
}

/* @candidate: (transfer full) (nullable): one of theirs, with a literal address; webrtcbin gets it now or later. */
void
parlor_webrtc_peer_offer_way (ParlorWebrtcPeer *self, ParlorCandidate *candidate)
{
  if (!candidate)
    return;
  g_ptr_array_add (self->remote_candidates, candidate);
  if (may_use (self, candidate))
    give_candidate (self, candidate);
  else
    g_ptr_array_add (self->other_ways, candidate);
}

static gboolean
is_connected (ParlorWebrtcPeer *self)
{
  GstWebRTCICEConnectionState state;

  g_object_get (self->webrtc, "ice-connection-state", &state, NULL);
  return state == GST_WEBRTC_ICE_CONNECTION_STATE_CONNECTED || state == GST_WEBRTC_ICE_CONNECTION_STATE_COMPLETED;
}

/* Candidates that waited for it are given to webrtcbin. */
static void
open_ways (ParlorWebrtcPeer *self, ParlorWays ways)
{
  self->ways = ways;
  for (guint i = self->other_ways->len; i > 0; i--)
    {
      ParlorCandidate *candidate = g_ptr_array_index (self->other_ways, i - 1);

      if (may_use (self, candidate))
        {
          give_candidate (self, candidate);
          g_ptr_array_remove_index (self->other_ways, i - 1);
        }
    }
}

static gboolean
on_head_start_over (gpointer user_data)
{
  ParlorWebrtcPeer *self = user_data;

  self->head_start = 0;
  if (is_connected (self))
    return G_SOURCE_REMOVE;
  if (self->ways == PARLOR_WAYS_UDP)
    {
      open_ways (self, PARLOR_WAYS_ALL);
      return G_SOURCE_REMOVE;
    }
  add_turn_servers (self);
  open_ways (self, PARLOR_WAYS_UDP);
  self->head_start = g_timeout_add (TCP_WAIT_MS - HEAD_START_MS, on_head_start_over, self);
  return G_SOURCE_REMOVE;
}

/* Once both descriptions are there: the checks begin. */
void
parlor_webrtc_peer_start_ways (ParlorWebrtcPeer *self)
{
  if (self->ways == PARLOR_WAYS_STRAIGHT && !self->head_start)
    self->head_start = g_timeout_add (HEAD_START_MS, on_head_start_over, self);
}
