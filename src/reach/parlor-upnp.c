/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-reach"

#include "config.h"

#include "parlor-port-map-private.h"

#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <miniupnpc/upnperrors.h>

/*
 * UPnP-IGD by libminiupnpc: a router found by multicast, whose answers are XML that the library reads. Blocks for
 * seconds, and cannot be cancelled.
 */

#define DISCOVERY_MS 2000
#define TTL 2
#define OTHER_PORTS 8 /* tried when the wanted one is somebody else's */

#define CONFLICT 718              /* UPnP's error codes: ConflictInMappingEntry, */
#define ONLY_PERMANENT_LEASES 725 /* OnlyPermanentLeasesSupported */
#define DESCRIPTION "Parlor"      /* shown in the router's own pages */

struct _ParlorUpnp
{
  struct UPNPUrls urls;
  struct IGDdatas data;
  char lan_address[64]; /* ours, as the router sees it */
};

ParlorUpnp *
parlor_upnp_open (void)
{
  ParlorUpnp *self = g_new0 (ParlorUpnp, 1);
  int error = 0;
  struct UPNPDev *devices = upnpDiscover (DISCOVERY_MS, NULL, NULL, UPNP_LOCAL_PORT_ANY, FALSE, TTL, &error);
  int found = devices ? UPNP_GetValidIGD (devices, &self->urls, &self->data, self->lan_address, sizeof self->lan_address) : 0;

  freeUPNPDevlist (devices);
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

ParlorRouterAnswer
parlor_upnp_map (ParlorUpnp *self, guint16 port, guint16 wanted, guint lease_s, ParlorMapping *mapping)
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

  g_debug ("UPnP: %d (%s)", status, strupnperror (status) ? strupnperror (status) : "");
  return status == UPNPCOMMAND_SUCCESS ? PARLOR_ROUTER_MAPPED : PARLOR_ROUTER_REFUSED;
}

void
parlor_upnp_unmap (ParlorUpnp *self, guint16 outside)
{
  g_autofree char *out = g_strdup_printf ("%u", outside);

  UPNP_DeletePortMapping (self->urls.controlURL, self->data.first.servicetype, out, "TCP", NULL);
}
