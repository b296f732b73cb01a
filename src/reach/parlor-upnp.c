/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-reach"

#include "config.h"

#include "parlor-interfaces.h"
#include "parlor-port-map-private.h"

#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <miniupnpc/upnperrors.h>

/*
 * UPnP-IGD by libminiupnpc: a router found by multicast, whose answers are XML that the library reads. Blocks for
 * seconds, and cannot be cancelled.
 *
 * Over IPv4 the router passes a port of its own on (WANIPConnection); over IPv6 its firewall lets one of ours in, a "pinhole"
 * (WANIPv6FirewallControl:1, which only routers of the second version of IGD have). They want to be asked for that by IPv6, and from the address
 * that it is for.
 */

#define DISCOVERY_MS 2000
#define TTL 2
#define OTHER_PORTS 8 /* tried when the wanted one is somebody else's */

#define CONFLICT 718              /* UPnP's error codes: ConflictInMappingEntry, */
#define ONLY_PERMANENT_LEASES 725 /* OnlyPermanentLeasesSupported */
#define DESCRIPTION "Parlor"      /* shown in the router's own pages */

#define ANYBODY "" /* who may come in, by address or port */
#define TCP "6"    /* its number, which pinholes are told */

struct _ParlorUpnp
{
  GSocketFamily family;
  struct UPNPUrls urls;
  struct IGDdatas data;
  char lan_address[64]; /* ours, as the router sees it */
  char pinhole[16];     /* the router's name for it */
};

ParlorUpnp *
parlor_upnp_open (GSocketFamily family)
{
  ParlorUpnp *self = g_new0 (ParlorUpnp, 1);
  int error = 0;
  struct UPNPDev *devices = upnpDiscover (DISCOVERY_MS, NULL, NULL, UPNP_LOCAL_PORT_ANY, family == G_SOCKET_FAMILY_IPV6, TTL, &error);
  int found = devices ? UPNP_GetValidIGD (devices, &self->urls, &self->data, self->lan_address, sizeof self->lan_address) : 0;

  freeUPNPDevlist (devices);
  self->family = family;
  g_debug ("UPnP: discovery %d, router %d", error, found);
  /* 1 is a router that is connected; newer libraries say 2 for one without a public address, older ones for one that is not
   * connected. The address that it names decides about both. */
  if (found == 1 || found == 2)
    return self;
  parlor_upnp_free (self);
  return NULL;
}

void
parlor_upnp_free (ParlorUpnp *self)
{
  FreeUPNPUrls (&self->urls);
  g_free (self);
}

static int
add (ParlorUpnp *self, guint16 port, guint16 outside, guint lease_s)
{
  g_autofree char *in = g_strdup_printf ("%u", port);
  g_autofree char *out = g_strdup_printf ("%u", outside);
  g_autofree char *lease = g_strdup_printf ("%u", lease_s);

  return UPNP_AddPortMapping (self->urls.controlURL, self->data.first.servicetype, out, in, self->lan_address, DESCRIPTION, "TCP", NULL, lease);
}

static int
map_port (ParlorUpnp *self, guint16 port, guint16 wanted, guint lease_s, ParlorMapping *mapping)
{
  char address[40] = "";
  int status = UPNP_GetExternalIPAddress (self->urls.controlURL, self->data.first.servicetype, address);

  g_strlcpy (mapping->address, address, sizeof mapping->address);
  mapping->port = wanted;
  mapping->lease_s = lease_s;
  if (status == UPNPCOMMAND_SUCCESS)
    status = add (self, port, mapping->port, lease_s);
  for (guint i = 0; status == CONFLICT && i < OTHER_PORTS; i++)
    {
      mapping->port = g_random_int_range (49152, 65536);
      status = add (self, port, mapping->port, lease_s);
    }
  if (status == ONLY_PERMANENT_LEASES)
    {
      mapping->lease_s = 0;
      status = add (self, port, mapping->port, 0);
    }
  return status;
}

/* Asked for again, it is the same one with a new lease. */
static int
open_pinhole (ParlorUpnp *self, guint16 port, guint lease_s, ParlorMapping *mapping)
{
  g_autoptr (GInetAddress) own = parlor_interfaces_get_own (G_SOCKET_FAMILY_IPV6);
  g_autofree char *address = own ? g_inet_address_to_string (own) : NULL;
  g_autofree char *in = g_strdup_printf ("%u", port);
  g_autofree char *lease = g_strdup_printf ("%u", lease_s);

  if (!address)
    return UPNPCOMMAND_INVALID_ARGS;
  g_strlcpy (mapping->address, address, sizeof mapping->address);
  mapping->port = port;
  mapping->lease_s = lease_s;
  return UPNP_AddPinhole (self->urls.controlURL_6FC, self->data.IPv6FC.servicetype, ANYBODY, "0", address, in, TCP, lease, self->pinhole);
}

/* @wanted counts over IPv4 only. */
ParlorRouterAnswer
parlor_upnp_map (ParlorUpnp *self, guint16 port, guint16 wanted, guint lease_s, ParlorMapping *mapping)
{
  int status;

  if (self->family == G_SOCKET_FAMILY_IPV4)
    status = map_port (self, port, wanted, lease_s, mapping);
  else if (self->urls.controlURL_6FC && *self->urls.controlURL_6FC && *self->data.IPv6FC.servicetype)
    status = open_pinhole (self, port, lease_s, mapping);
  else
    return PARLOR_ROUTER_ABSENT;

  g_debug ("UPnP: %d (%s)", status, strupnperror (status) ? strupnperror (status) : "");
  return status == UPNPCOMMAND_SUCCESS ? PARLOR_ROUTER_MAPPED : PARLOR_ROUTER_REFUSED;
}

void
parlor_upnp_unmap (ParlorUpnp *self, guint16 outside)
{
  g_autofree char *out = g_strdup_printf ("%u", outside);

  if (self->family == G_SOCKET_FAMILY_IPV4)
    UPNP_DeletePortMapping (self->urls.controlURL, self->data.first.servicetype, out, "TCP", NULL);
  else
    UPNP_DeletePinhole (self->urls.controlURL_6FC, self->data.IPv6FC.servicetype, self->pinhole);
}
