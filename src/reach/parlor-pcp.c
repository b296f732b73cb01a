/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-reach"

#include "config.h"

#include "parlor-pcp-private.h"

#include <errno.h>
#include <natpmp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "parlor-interfaces.h"

/*
 * The Port Control Protocol (RFC 6887), of which we need one message: MAP for one TCP port, over IPv4 to a NAT, over IPv6 to a firewall.
 * No library in Debian speaks it (libnatpmp knows its predecessor only).
 */

#define SERVER_PORT 5351
#define VERSION 2
#define OPCODE_MAP 1
#define RESPONSE 0x80
#define MAX_SIZE 1100 /* section 7 */
#define PATIENCE_US (4 * G_USEC_PER_SEC)
#define IRT_MS 3000 /* section 8.1.1 */
#define MRT_MS (1024 * 1000)

/* Where things are in a message: the header's, then MAP's. */
enum
{
  AT_VERSION = 0,
  AT_OPCODE = 1,
  AT_RESULT = 3,
  AT_LIFETIME = 4,
  AT_CLIENT = 8, /* in a request */
  HEADER_SIZE = 24,
  AT_NONCE = 24,
  AT_PROTOCOL = 36,
  AT_INTERNAL_PORT = 40,
  AT_EXTERNAL_PORT = 42,
  AT_EXTERNAL_ADDRESS = 44,
};

/* Result codes, section 7.4 */
enum
{
  SUCCESS = 0,
  UNSUPP_VERSION = 1,
  UNSUPP_OPCODE = 4,
};

/* --- messages --- */

static void
put16 (guint8 *at, guint16 value)
{
  value = GUINT16_TO_BE (value);
  memcpy (at, &value, sizeof value);
}

static void
put32 (guint8 *at, guint32 value)
{
  value = GUINT32_TO_BE (value);
  memcpy (at, &value, sizeof value);
}

static guint16
get16 (const guint8 *at)
{
  return (guint16) (at[0] << 8 | at[1]);
}

static guint32
get32 (const guint8 *at)
{
  return (guint32) get16 (at) << 16 | get16 (at + 2);
}

/* Section 5: sixteen bytes, those of IPv4 as ::ffff:0:0/96. @address: (nullable): any of that family */
static void
put_address (guint8 *at, GSocketFamily family, GInetAddress *address)
{
  gsize size = family == G_SOCKET_FAMILY_IPV4 ? 4 : 16;

  memset (at, 0, 16);
  if (family == G_SOCKET_FAMILY_IPV4)
    at[10] = at[11] = 0xff;
  if (address)
    memcpy (at + 16 - size, g_inet_address_to_bytes (address), size);
}

static char *
get_address (const guint8 *at)
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };
  gboolean is_ipv4 = memcmp (at, mapped, sizeof mapped) == 0;
  g_autoptr (GInetAddress) address = is_ipv4 ? g_inet_address_new_from_bytes (at + 12, G_SOCKET_FAMILY_IPV4)
                                             : g_inet_address_new_from_bytes (at, G_SOCKET_FAMILY_IPV6);

  return g_inet_address_to_string (address);
}

void
parlor_pcp_write_map (guint8 bytes[PARLOR_PCP_MAP_SIZE], const guint8 nonce[PARLOR_PCP_NONCE_SIZE], GInetAddress *client, guint16 port, guint16 wanted, guint lease_s)
{
  GSocketFamily family = g_inet_address_get_family (client);

  memset (bytes, 0, PARLOR_PCP_MAP_SIZE);
  bytes[AT_VERSION] = VERSION;
  bytes[AT_OPCODE] = OPCODE_MAP;
  put32 (bytes + AT_LIFETIME, lease_s);
  put_address (bytes + AT_CLIENT, family, client);
  memcpy (bytes + AT_NONCE, nonce, PARLOR_PCP_NONCE_SIZE);
  bytes[AT_PROTOCOL] = IPPROTO_TCP;
  put16 (bytes + AT_INTERNAL_PORT, port);
  put16 (bytes + AT_EXTERNAL_PORT, wanted);
  put_address (bytes + AT_EXTERNAL_ADDRESS, family, NULL);
}

/* From the nonce to our port, an answer repeats the question. */
static gboolean
is_answer_to (const guint8 *bytes, gsize size, const guint8 *request)
{
  return size >= PARLOR_PCP_MAP_SIZE && memcmp (bytes + AT_NONCE, request + AT_NONCE, AT_EXTERNAL_PORT - AT_NONCE) == 0;
}

ParlorPcpAnswer
parlor_pcp_read_map (const guint8 *bytes, gsize size, const guint8 request[PARLOR_PCP_MAP_SIZE], ParlorMapping *mapping)
{
  g_autofree char *address = NULL;

  if (size <= AT_RESULT || size > MAX_SIZE || !(bytes[AT_OPCODE] & RESPONSE))
    return PARLOR_PCP_NOT_OURS;
  /* Of whatever version: NAT-PMP's own complaint (RFC 6886, section 3.5) has the code at the same place. */
  if (bytes[AT_RESULT] == UNSUPP_VERSION)
    return PARLOR_PCP_UNSUPPORTED;
  if (size < HEADER_SIZE || size % 4 != 0 || bytes[AT_VERSION] != VERSION || bytes[AT_OPCODE] != (RESPONSE | OPCODE_MAP))
    return PARLOR_PCP_NOT_OURS;
  if (bytes[AT_RESULT] == UNSUPP_OPCODE)
    return PARLOR_PCP_UNSUPPORTED;
  if (!is_answer_to (bytes, size, request))
    return PARLOR_PCP_NOT_OURS;
  if (bytes[AT_RESULT] != SUCCESS)
    return PARLOR_PCP_REFUSED;

  address = get_address (bytes + AT_EXTERNAL_ADDRESS);
  g_strlcpy (mapping->address, address, sizeof mapping->address);
  mapping->port = get16 (bytes + AT_EXTERNAL_PORT);
  mapping->lease_s = get32 (bytes + AT_LIFETIME);
  return PARLOR_PCP_GRANTED;
}

guint
parlor_pcp_next_wait_ms (guint previous_ms, double random)
{
  return (guint) ((1 + random) * (previous_ms ? MIN (2 * previous_ms, MRT_MS) : IRT_MS));
}

/* --- where the router is, and what it knows us as --- */

static GSocketAddress *
find_router_ipv4 (void)
{
  g_autoptr (GInetAddress) address = NULL;
  natpmp_t natpmp;

  if (initnatpmp (&natpmp, 0, 0) < 0)
    return NULL;
  address = g_inet_address_new_from_bytes ((const guint8 *) &natpmp.gateway, G_SOCKET_FAMILY_IPV4);
  closenatpmp (&natpmp);
  return g_inet_socket_address_new (address, SERVER_PORT);
}

/* A line of the kernel's table: destination, its prefix, source, its prefix, gateway, metric, references, uses, flags, interface. */
static GSocketAddress *
read_route (const char *line, guint *metric)
{
  char prefix[3], gateway[33], interface[17];
  guint8 bytes[16];
  g_autoptr (GInetAddress) address = NULL;

  if (sscanf (line, "00000000000000000000000000000000 %2s %*s %*s %32s %x %*s %*s %*s %16s", prefix, gateway, metric, interface) != 4
      || !g_str_equal (prefix, "00") || strlen (gateway) != 32)
    return NULL;
  for (guint i = 0; i < sizeof bytes; i++)
    bytes[i] = (guint8) (g_ascii_xdigit_value (gateway[2 * i]) << 4 | g_ascii_xdigit_value (gateway[2 * i + 1]));
  address = g_inet_address_new_from_bytes (bytes, G_SOCKET_FAMILY_IPV6);
  if (g_inet_address_get_is_any (address))
    return NULL;
  return g_object_new (G_TYPE_INET_SOCKET_ADDRESS, "address", address, "port", SERVER_PORT,
                       "scope-id", g_inet_address_get_is_link_local (address) ? if_nametoindex (interface) : 0, NULL);
}

static GSocketAddress *
find_router_ipv6 (void)
{
  g_autofree char *table = NULL;
  g_auto (GStrv) lines = NULL;
  GSocketAddress *best = NULL;
  guint best_metric = G_MAXUINT, metric;

  if (!g_file_get_contents ("/proc/net/ipv6_route", &table, NULL, NULL))
    return NULL;
  lines = g_strsplit (table, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    {
      g_autoptr (GSocketAddress) router = read_route (lines[i], &metric);

      if (router && metric < best_metric)
        {
          best_metric = metric;
          g_set_object (&best, router);
        }
    }
  return best;
}

/* Connected, so that only the router is heard (section 8.3), and from the address that is asked for. */
static GSocket *
open_socket (GSocketFamily family, GInetAddress *client)
{
  g_autoptr (GSocketAddress) router = family == G_SOCKET_FAMILY_IPV4 ? find_router_ipv4 () : find_router_ipv6 ();
  g_autoptr (GSocketAddress) own = g_inet_socket_address_new (client, 0);
  g_autoptr (GSocket) socket = g_socket_new (family, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);

  if (!router || !socket || !g_socket_bind (socket, own, FALSE, NULL) || !g_socket_connect (socket, router, NULL, NULL))
    return NULL;
  return g_steal_pointer (&socket);
}

/* --- asking --- */

/* One try: until something for us comes, or @wait_us is over (NOT_OURS). FALSE when nobody will answer. */
static gboolean
try_once (GSocket *socket, const guint8 *request, gint64 wait_us, GCancellable *cancellable, ParlorPcpAnswer *answer, ParlorMapping *mapping)
{
  gint64 end = g_get_monotonic_time () + wait_us;
  guint8 bytes[MAX_SIZE + 1];

  *answer = PARLOR_PCP_NOT_OURS;
  if (g_socket_send (socket, (const char *) request, PARLOR_PCP_MAP_SIZE, cancellable, NULL) < 0)
    return FALSE;
  while (*answer == PARLOR_PCP_NOT_OURS)
    {
      g_autoptr (GError) error = NULL;
      gint64 left_us = MAX (end - g_get_monotonic_time (), 0);
      gssize size;

      if (!g_socket_condition_timed_wait (socket, G_IO_IN, left_us, cancellable, &error))
        return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
      size = g_socket_receive (socket, (char *) bytes, sizeof bytes, cancellable, NULL);
      if (size < 0)
        return FALSE; /* nobody listens there */
      *answer = parlor_pcp_read_map (bytes, size, request, mapping);
    }
  return TRUE;
}

static ParlorPcpAnswer
ask (GSocket *socket, const guint8 *request, GCancellable *cancellable, ParlorMapping *mapping)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_US;
  ParlorPcpAnswer answer = PARLOR_PCP_NOT_OURS;
  guint wait_ms = 0;
  gint64 left_us;

  while (answer == PARLOR_PCP_NOT_OURS && (left_us = end - g_get_monotonic_time ()) > 0)
    {
      wait_ms = parlor_pcp_next_wait_ms (wait_ms, g_random_double_range (-0.1, 0.1));
      if (!try_once (socket, request, MIN (wait_ms * (gint64) 1000, left_us), cancellable, &answer, mapping))
        break;
    }
  return answer;
}

static ParlorPcpAnswer
send_map (const guint8 *nonce, GSocketFamily family, guint16 port, guint16 wanted, guint lease_s, GCancellable *cancellable, ParlorMapping *mapping)
{
  g_autoptr (GInetAddress) client = parlor_interfaces_get_own (family);
  g_autoptr (GSocket) socket = client ? open_socket (family, client) : NULL;
  guint8 request[PARLOR_PCP_MAP_SIZE];

  if (!socket)
    return PARLOR_PCP_UNSUPPORTED;
  parlor_pcp_write_map (request, nonce, client, port, wanted, lease_s);
  return ask (socket, request, cancellable, mapping);
}

void
parlor_pcp_make_nonce (guint8 nonce[PARLOR_PCP_NONCE_SIZE])
{
  while (getrandom (nonce, PARLOR_PCP_NONCE_SIZE, 0) < 0 && errno == EINTR)
    ;
}

ParlorRouterAnswer
parlor_pcp_map (const guint8 *nonce, GSocketFamily family, guint16 port, guint16 wanted, guint lease_s, GCancellable *cancellable, ParlorMapping *mapping)
{
  ParlorPcpAnswer answer = send_map (nonce, family, port, wanted, lease_s, cancellable, mapping);

  g_debug ("PCP over %s: %d", family == G_SOCKET_FAMILY_IPV4 ? "IPv4" : "IPv6", answer);
  switch (answer)
    {
    case PARLOR_PCP_GRANTED:
      return PARLOR_ROUTER_MAPPED;
    case PARLOR_PCP_REFUSED:
      return PARLOR_ROUTER_REFUSED;
    case PARLOR_PCP_NOT_OURS:
    case PARLOR_PCP_UNSUPPORTED:
      break;
    }
  return PARLOR_ROUTER_ABSENT;
}

void
parlor_pcp_unmap (const guint8 *nonce, GSocketFamily family, guint16 port)
{
  ParlorMapping mapping;

  send_map (nonce, family, port, 0, 0, NULL, &mapping);
}
