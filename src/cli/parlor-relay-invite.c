/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-relay-invite.h"

#include "parlor-invite.h"
#include "parlor-keys.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

/*
 * An invite to a room that nobody guesses, under the best name for the relay that is known: its public URL, an allowed
 * host, the address on which it listens, or else one of the machine's own.
 */

#define HTTPS_PORT 443

/* (transfer full) (nullable): an address of @family under which others may reach this machine. */
static char *
find_own_address (GSocketFamily family)
{
  struct ifaddrs *all = NULL;
  char *found = NULL;

  if (getifaddrs (&all) != 0)
    return NULL;
  for (struct ifaddrs *one = all; one && !found; one = one->ifa_next)
    {
      g_autoptr (GSocketAddress) address = NULL;
      GInetAddress *inet;

      if (one->ifa_addr == NULL || one->ifa_addr->sa_family != (int) family || !(one->ifa_flags & IFF_UP))
        continue;
      address = g_socket_address_new_from_native (one->ifa_addr, family == G_SOCKET_FAMILY_IPV4
                                                                   ? sizeof (struct sockaddr_in)
                                                                   : sizeof (struct sockaddr_in6));
      inet = address ? g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)) : NULL;
      if (inet && !g_inet_address_get_is_loopback (inet) && !g_inet_address_get_is_link_local (inet))
        found = g_inet_address_to_string (inet);
    }
  freeifaddrs (all);
  return found;
}

static char *
get_host (const ParlorRelayOptions *options)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (options->address);
  char *own = NULL;

  if (options->allowed_hosts->len > 0)
    return g_strdup (options->allowed_hosts->pdata[0]);
  if (!g_inet_address_get_is_any (inet))
    return g_strdup (options->address);
  own = find_own_address (G_SOCKET_FAMILY_IPV4);
  if (own == NULL && g_inet_address_get_family (inet) == G_SOCKET_FAMILY_IPV6)
    own = find_own_address (G_SOCKET_FAMILY_IPV6);
  return own ? own : g_strdup ("localhost");
}

char *
parlor_relay_invite_new (const ParlorRelayOptions *options, guint16 port, GBytes *pin)
{
  g_autofree char *room = parlor_keys_new_room ();
  g_autoptr (GBytes) key = parlor_keys_new_key ();
  g_autoptr (GBytes) guest_key = parlor_keys_derive_guest_key (key);
  g_autofree char *host = options->public_host ? g_strdup (options->public_host) : get_host (options);
  gboolean tls = options->public_url || parlor_relay_options_want_tls (options);
  g_autoptr (ParlorInvite) invite = NULL;
  g_autofree char *app = NULL;
  g_autofree char *web = NULL;

  if (options->public_url)
    port = options->public_port < 0 ? HTTPS_PORT : options->public_port;
  /* What is in front has a certificate of its own. */
  invite = parlor_invite_new (host, port, room, tls, key, guest_key, options->public_url ? NULL : pin);
  app = parlor_invite_to_app_link (invite);
  web = parlor_invite_to_web_link (invite);
  return app ? g_strconcat (app, "\n", web, NULL) : g_strdup (web);
}
