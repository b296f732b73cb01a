/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The three ways to ask a router, in the order in which they are tried. Everything here blocks and belongs to the mapping's own thread. */

typedef enum
{
  PARLOR_ROUTER_MAPPED,
  PARLOR_ROUTER_ABSENT,  /* nobody answers */
  PARLOR_ROUTER_REFUSED, /* it answered, and said no */
} ParlorRouterAnswer;

typedef struct
{
  char address[64]; /* of the router, outside */
  guint16 port;     /* outside */
  guint lease_s;    /* granted; 0 = without end */
} ParlorMapping;

#define PARLOR_PCP_NONCE_SIZE 12

/* In all of these, @wanted is the port outside; another may be given. */

/* Over IPv6, a firewall lets the port in at our own address. @nonce: the same for all that is asked about one mapping. */
void parlor_pcp_make_nonce (guint8 nonce[PARLOR_PCP_NONCE_SIZE]);
ParlorRouterAnswer parlor_pcp_map (const guint8 *nonce, GSocketFamily family, guint16 port, guint16 wanted, guint lease_s, GCancellable *cancellable, ParlorMapping *mapping);
void parlor_pcp_unmap (const guint8 *nonce, GSocketFamily family, guint16 port);

ParlorRouterAnswer parlor_natpmp_map (guint16 port, guint16 wanted, guint lease_s, GCancellable *cancellable, ParlorMapping *mapping);
void parlor_natpmp_unmap (guint16 port);

typedef struct _ParlorUpnp ParlorUpnp;

/* (nullable): no router; over IPv6 a firewall lets the port in at our own address. */
ParlorUpnp *parlor_upnp_open (GSocketFamily family);
ParlorRouterAnswer parlor_upnp_map (ParlorUpnp *self, guint16 port, guint16 wanted, guint lease_s, ParlorMapping *mapping);
void parlor_upnp_unmap (ParlorUpnp *self, guint16 outside);
void parlor_upnp_free (ParlorUpnp *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorUpnp, parlor_upnp_free)

G_END_DECLS
