/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-crowd.h"
#include "parlor-ice-servers.h"
#include "parlor-member.h"
#include "parlor-ring-log.h"

G_BEGIN_DECLS

/**
 * ParlorRoom:
 *
 * Members that see each other, what passes between them, and who waits at the door while it is locked. It belongs to
 * ParlorRooms and its main context.
 */

/**
 * ParlorRoomSurroundings: what all rooms of a relay share. They outlive the rooms.
 */
typedef struct
{
  const ParlorRelayLimits *limits;
  const ParlorIceServers *ice_servers;
  ParlorCrowd *away;     /* seats that nobody sits on, by network */
  ParlorLine *away_line; /* ... and until when they are kept */
  ParlorLine *door_line; /* who waits to be let in */
} ParlorRoomSurroundings;

ParlorRoom *parlor_room_new (const char *name, const char *ticket, const ParlorRoomSurroundings *surroundings);
void parlor_room_free (ParlorRoom *self);
const char *parlor_room_get_name (ParlorRoom *self);
guint parlor_room_get_n_members (ParlorRoom *self);
gboolean parlor_room_takes_ticket (ParlorRoom *self, const char *ticket);

/* A guest comes. */
void parlor_room_enter (ParlorRoom *self, ParlorGuest *guest, const char *name, const char *owner_token);
gboolean parlor_room_resume (ParlorRoom *self, ParlorGuest *guest, const char *resume_token, const char *owner_token);

/* A member speaks, loses its connection, or has waited long enough. */
void parlor_room_hear (ParlorRoom *self, ParlorMember *member, ParlorMessage *message);
void parlor_room_lose (ParlorRoom *self, ParlorMember *member);
void parlor_room_give_up (ParlorRoom *self, ParlorMember *member);
void parlor_room_turn_away (ParlorRoom *self, ParlorMember *member);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorRoom, parlor_room_free)

G_END_DECLS
