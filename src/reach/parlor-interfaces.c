/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-reach"

#include "config.h"

#include "parlor-interfaces.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

/*
 * This machine's addresses, and which of them is worth telling somebody. No state; any thread.
 */

/* RFC 6598: what providers use behind a router of their own; GInetAddress does not know it. */
static gboolean
is_shared (GInetAddress *address)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);

  return g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4 && bytes[0] == 100 && (bytes[1] & 0xc0) == 64;
}

/* RFC 4193: the private addresses of IPv6. */
static gboolean
is_unique_local (GInetAddress *address)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);

  return g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 && (bytes[0] & 0xfe) == 0xfc;
}

gboolean
parlor_interfaces_classify (GInetAddress *address, ParlorScope *scope)
{
  if (g_inet_address_get_is_link_local (address) || g_inet_address_get_is_any (address) || g_inet_address_get_is_multicast (address))
    return FALSE;

  if (g_inet_address_get_is_loopback (address))
    *scope = PARLOR_SCOPE_COMPUTER;
  else if (g_inet_address_get_is_site_local (address) || is_shared (address) || is_unique_local (address))
    *scope = PARLOR_SCOPE_NETWORK;
  else
    *scope = PARLOR_SCOPE_INTERNET;
  return TRUE;
}

gboolean
parlor_interfaces_is_public (const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);
  ParlorScope scope;

  return address && g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4
         && parlor_interfaces_classify (address, &scope) && scope == PARLOR_SCOPE_INTERNET;
}

static gboolean
contains (GPtrArray *addresses, GInetAddress *address)
{
  return g_ptr_array_find_with_equal_func (addresses, address, (GEqualFunc) g_inet_address_equal, NULL);
}

static int
rank (GInetAddress *address, GPtrArray *preferred)
{
  gboolean is_ipv4 = g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4;
  ParlorScope scope = PARLOR_SCOPE_COMPUTER;
  int kind;

  parlor_interfaces_classify (address, &scope);
  if (scope == PARLOR_SCOPE_INTERNET)
    kind = is_ipv4 ? 0 : 2;
  else if (scope == PARLOR_SCOPE_NETWORK)
    kind = is_ipv4 ? 1 : 3;
  else
    kind = is_ipv4 ? 4 : 5;
  return kind * 2 + !contains (preferred, address);
}

static int
compare (gconstpointer a, gconstpointer b, gpointer preferred)
{
  return rank (*(GInetAddress *const *) a, preferred) - rank (*(GInetAddress *const *) b, preferred);
}

void
parlor_interfaces_sort (GPtrArray *addresses, GPtrArray *preferred)
{
  g_ptr_array_sort_with_data (addresses, compare, preferred);
}

static GInetAddress *
from_native (const struct sockaddr *native)
{
  if (native->sa_family == AF_INET)
    return g_inet_address_new_from_bytes ((const guint8 *) &((const struct sockaddr_in *) native)->sin_addr, G_SOCKET_FAMILY_IPV4);
  if (native->sa_family == AF_INET6)
    return g_inet_address_new_from_bytes ((const guint8 *) &((const struct sockaddr_in6 *) native)->sin6_addr, G_SOCKET_FAMILY_IPV6);
  return NULL;
}

/* A connected UDP socket has the address that the way to somewhere leaves from, and sends nothing. */
static GInetAddress *
get_preferred (GSocketFamily family)
{
  const char *nobody = family == G_SOCKET_FAMILY_IPV4 ? "192.0.2.1" : "2001:db8::1"; /* RFC 5737 and 3849 */
  g_autoptr (GSocketAddress) target = g_inet_socket_address_new_from_string (nobody, 9);
  g_autoptr (GSocket) socket = g_socket_new (family, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GSocketAddress) local = NULL;

  if (!socket || !g_socket_connect (socket, target, NULL, NULL))
    return NULL;
  local = g_socket_get_local_address (socket, NULL);
  return local ? g_object_ref (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (local))) : NULL;
}

GInetAddress *
parlor_interfaces_get_own (GSocketFamily family)
{
  g_autoptr (GInetAddress) own = get_preferred (family);
  ParlorScope scope;

  if (!own || !parlor_interfaces_classify (own, &scope) || (family == G_SOCKET_FAMILY_IPV6 && scope != PARLOR_SCOPE_INTERNET))
    return NULL;
  return g_steal_pointer (&own);
}

static void
add_preferred (GPtrArray *preferred, GSocketFamily family)
{
  GInetAddress *address = get_preferred (family);

  if (address)
    g_ptr_array_add (preferred, address);
}

GPtrArray *
parlor_interfaces_list (void)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) preferred = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  struct ifaddrs *interfaces = NULL;

  g_ptr_array_add (list, g_object_ref (loopback));
  if (getifaddrs (&interfaces) != 0)
    return list;

  for (struct ifaddrs *i = interfaces; i; i = i->ifa_next)
    {
      g_autoptr (GInetAddress) address = i->ifa_addr ? from_native (i->ifa_addr) : NULL;
      ParlorScope scope;

      /* Without a carrier nobody is there: the bridges of containers that do not run. Our own loopback is one address, once. */
      if (address && (i->ifa_flags & IFF_UP) && (i->ifa_flags & IFF_RUNNING) && parlor_interfaces_classify (address, &scope)
          && scope != PARLOR_SCOPE_COMPUTER && !contains (list, address))
        g_ptr_array_add (list, g_steal_pointer (&address));
    }
  freeifaddrs (interfaces);

  add_preferred (preferred, G_SOCKET_FAMILY_IPV4);
  add_preferred (preferred, G_SOCKET_FAMILY_IPV6);
  parlor_interfaces_sort (list, preferred);
  return list;
}
