/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-guest.h"
#include "parlor-ice-servers.h"

G_BEGIN_DECLS

/**
 * ParlorRooms:
 *
 * All rooms of a relay, and the way into them. It belongs to the main context that was thread-default when it was made.
 */
typedef struct _ParlorRooms ParlorRooms;

ParlorRooms *parlor_rooms_new (const ParlorRelayLimits *limits, const ParlorIceServers *ice_servers);
void parlor_rooms_free (ParlorRooms *self);
gboolean parlor_rooms_are_crowded (ParlorRooms *self, const char *network);
void parlor_rooms_take (ParlorRooms *self, ParlorGuest *guest);
void parlor_rooms_hear (ParlorRooms *self, ParlorGuest *guest, ParlorMessage *message);
void parlor_rooms_lose (ParlorRooms *self, ParlorGuest *guest);
gboolean parlor_rooms_have (ParlorRooms *self, const char *name);
guint parlor_rooms_get_n_members (ParlorRooms *self);
guint parlor_rooms_get_n_rooms (ParlorRooms *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorRooms, parlor_rooms_free)

G_END_DECLS
