/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ParlorPortMapState: how asking the router went.
 * @PARLOR_PORT_MAP_OFF: nobody is asked
 * @PARLOR_PORT_MAP_SEARCHING: a router is looked for and asked
 * @PARLOR_PORT_MAP_MAPPED: the router passes a port on to us; whether the world gets to the router is not known
 * @PARLOR_PORT_MAP_NO_ROUTER: no router answers PCP, NAT-PMP or UPnP
 * @PARLOR_PORT_MAP_REFUSED: the router said no
 * @PARLOR_PORT_MAP_NOT_PUBLIC: the router itself has no public address: another one is in front of it
 */
typedef enum
{
  PARLOR_PORT_MAP_OFF,
  PARLOR_PORT_MAP_SEARCHING,
  PARLOR_PORT_MAP_MAPPED,
  PARLOR_PORT_MAP_NO_ROUTER,
  PARLOR_PORT_MAP_REFUSED,
  PARLOR_PORT_MAP_NOT_PUBLIC,
} ParlorPortMapState;

#define PARLOR_PORT_MAP_LEASE_S 3600

#define PARLOR_TYPE_PORT_MAP (parlor_port_map_get_type ())
G_DECLARE_FINAL_TYPE (ParlorPortMap, parlor_port_map, PARLOR, PORT_MAP, GObject)

/**
 * ParlorPortMap:
 *
 * Asks the home router to pass a TCP port on to this computer, by PCP (RFC 6887), else NAT-PMP (RFC 6886) or UPnP-IGD, or, by PCP alone, to
 * let it through to our IPv6 address; renews that before it lapses, and takes it back in the end. Main thread only; nothing here waits but parlor_port_map_wait_released().
 *
 * Property (read-only, notify): "state" (#ParlorPortMapState).
 */
ParlorPortMap *parlor_port_map_new (GSocketFamily family, guint16 port, guint lease_s);
ParlorPortMapState parlor_port_map_get_state (ParlorPortMap *self);
const char *parlor_port_map_get_address (ParlorPortMap *self); /* (nullable): outside, while MAPPED */
guint16 parlor_port_map_get_port (ParlorPortMap *self);        /* outside, while MAPPED */
void parlor_port_map_start (ParlorPortMap *self);
void parlor_port_map_stop (ParlorPortMap *self);

/* Blocks until every mapping of this process that was stopped is taken back, at most @timeout_ms. For the end of the program. */
gboolean parlor_port_map_wait_released (guint timeout_ms);

G_END_DECLS
