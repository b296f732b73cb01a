/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-address.h"
#include "parlor-port-map.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_REACH (parlor_reach_get_type ())
G_DECLARE_FINAL_TYPE (ParlorReach, parlor_reach, PARLOR, REACH, GObject)

/**
 * ParlorReach:
 *
 * Where others can reach a port of this computer, kept true while networks come and go. Main thread only.
 *
 * Properties (read-only, notify): "addresses" (GListModel of #ParlorAddress, the most useful first; empty while stopped; one that stays keeps its object),
 * "router" (#ParlorPortMapState).
 */
ParlorReach *parlor_reach_new (void);
GListModel *parlor_reach_get_addresses (ParlorReach *self);
ParlorPortMapState parlor_reach_get_router (ParlorReach *self);
void parlor_reach_start (ParlorReach *self, guint16 port, gboolean ask_router);
void parlor_reach_stop (ParlorReach *self);

G_END_DECLS
