/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-room.h"

G_BEGIN_DECLS

/*
 * ParlorRoom is in two files: parlor-room.c holds its members and passes on what they say, parlor-room-door.c is the lock, who
 * waits outside, and what the owners say of both.
 */

struct _ParlorRoom
{
  char *name;
  const ParlorRoomSurroundings *around;
  GPtrArray *members; /* (element-type ParlorMember), seated, in the order of joining */
  GPtrArray *outside; /* (element-type ParlorMember), at the door */
  ParlorRingLog *rings;
  ParlorTokenHash ticket;
  gboolean has_ticket;
  ParlorTokenHash owner; /* of who made it */
  gboolean has_owner;
  ParlorTokenHash heir; /* of the last one whom it passed on to */
  gboolean has_heir;
  gboolean is_locked;
};

/* Of parlor-room.c, for the door. */
void parlor_room_say_to_others (ParlorRoom *self, ParlorMember *member, const ParlorMessage *message);
void parlor_room_seat (ParlorRoom *self, ParlorMember *member, const char *owner_token);
gboolean parlor_room_is_full (ParlorRoom *self);
void parlor_room_unseat (ParlorRoom *self, ParlorMember *member, const char *reason);

/* Of parlor-room-door.c. */
void parlor_room_stand_outside (ParlorRoom *self, ParlorMember *member);
void parlor_room_walk_off (ParlorRoom *self, ParlorMember *member);
void parlor_room_refuse_all (ParlorRoom *self);
char *parlor_room_pass_on (ParlorRoom *self);
void parlor_room_keep_owner (ParlorRoom *self);
void parlor_room_tell_knocks (ParlorRoom *self, ParlorMember *owner);
void parlor_room_hear_outside (ParlorRoom *self, ParlorMember *member, const ParlorMessage *message);
gboolean parlor_room_hear_owner (ParlorRoom *self, ParlorMember *member, const ParlorMessage *message);

G_END_DECLS
