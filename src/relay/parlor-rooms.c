/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-rooms.h"

#include "parlor-door.h"
#include "parlor-frame.h"
#include "parlor-room.h"

/*
 * ParlorRooms: finds the room that a guest asked for, checks what it shows at its hello, and forgets a room that is
 * empty. Two lines, of people who are away and of people at a door, have one timer each for all rooms.
 */

struct _ParlorRooms
{
  const ParlorRelayLimits *limits;
  GHashTable *rooms;      /* name -> ParlorRoom; none of them empty */
  ParlorCrowd *connected; /* connections, by network */
  ParlorRoomSurroundings around;
};

static ParlorRoom *
get_room (ParlorRooms *self, ParlorGuest *guest)
{
  return g_hash_table_lookup (self->rooms, parlor_guest_get_room_name (guest));
}

static void
forget_if_empty (ParlorRooms *self, ParlorRoom *room)
{
  if (parlor_room_get_n_members (room) == 0)
    g_hash_table_remove (self->rooms, parlor_room_get_name (room));
}

static void
on_away_too_long (gpointer person, gpointer user_data)
{
  ParlorMember *member = person;
  ParlorRoom *room = member->room;

  parlor_room_give_up (room, member);
  forget_if_empty (user_data, room);
}

static void
on_outside_too_long (gpointer person, gpointer user_data)
{
  ParlorMember *member = person;

  parlor_room_turn_away (member->room, member);
}

/* The seats of a network: those that are kept for it, and its connections. @guest is one of the latter. */
static gboolean
has_too_many (ParlorRooms *self, ParlorGuest *guest)
{
  const char *network = parlor_guest_get_network (guest);
  guint n = parlor_crowd_count (self->connected, network) + parlor_crowd_count (self->around.away, network);

  return self->limits->max_per_address > 0 && n > self->limits->max_per_address;
}

static void
refuse (ParlorGuest *guest, const char *code, const char *explanation, guint16 close_code)
{
  parlor_guest_say_error (guest, code, explanation, "hello");
  parlor_guest_close (guest, close_code);
}

static void
enter (ParlorRooms *self, ParlorGuest *guest, const char *name, const char *ticket, const char *owner_token)
{
  ParlorRoom *room = get_room (self, guest);

  if (has_too_many (self, guest))
    {
      refuse (guest, "rate", "Too many come from this address", PARLOR_CLOSE_RATE);
      return;
    }
  if (room == NULL)
    {
      room = parlor_room_new (parlor_guest_get_room_name (guest), ticket, &self->around);
      g_hash_table_insert (self->rooms, g_strdup (parlor_room_get_name (room)), room);
    }
  parlor_room_enter (room, guest, name, owner_token);
  forget_if_empty (self, room);
}

static void
hear_hello (ParlorRooms *self, ParlorGuest *guest, const ParlorMessage *message)
{
  ParlorRoom *room = get_room (self, guest);
  ParlorMember *member = parlor_guest_get_member (guest);
  const char *ticket = parlor_door_room_has_ticket (parlor_guest_get_room_name (guest)) ? message->hello.ticket : NULL;

  /* Told that the room is locked, it tries again. */
  if (member != NULL)
    parlor_room_lose (member->room, member);

  if (room != NULL && !parlor_room_takes_ticket (room, ticket))
    refuse (guest, "not-invited", "This room is for those who have its invite", PARLOR_CLOSE_POLICY);
  else if (message->hello.resume == NULL)
    enter (self, guest, message->hello.name, ticket, message->hello.owner);
  else if (room == NULL || !parlor_room_resume (room, guest, message->hello.resume, message->hello.owner))
    parlor_guest_say_error (guest, "resume-expired", "No seat is kept for this token; say hello without it", "hello");

  if (parlor_guest_get_member (guest) != NULL)
    parlor_guest_end_hello_deadline (guest);
}

/**
 * parlor_rooms_new:
 * @limits: of the relay; they outlive the rooms
 * @ice_servers: so do they
 *
 * Returns: (transfer full): no rooms yet
 */
ParlorRooms *
parlor_rooms_new (const ParlorRelayLimits *limits, const ParlorIceServers *ice_servers)
{
  ParlorRooms *self = g_new0 (ParlorRooms, 1);

  self->limits = limits;
  self->rooms = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) parlor_room_free);
  self->connected = parlor_crowd_new ();
  self->around.limits = limits;
  self->around.ice_servers = ice_servers;
  self->around.away = parlor_crowd_new ();
  self->around.away_line = parlor_line_new (limits->away_ms, on_away_too_long, self);
  self->around.door_line = parlor_line_new (limits->knock_ms, on_outside_too_long, self);
  return self;
}

/* Nobody is told who left: all of them are leaving. */
void
parlor_rooms_free (ParlorRooms *self)
{
  g_hash_table_unref (self->rooms);
  parlor_line_free (self->around.away_line);
  parlor_line_free (self->around.door_line);
  parlor_crowd_free (self->around.away);
  parlor_crowd_free (self->connected);
  g_free (self);
}

/**
 * parlor_rooms_are_crowded:
 * @self: all rooms
 * @network: (nullable): where a connection comes from, see parlor_crowd_get_network()
 *
 * Returns: %TRUE when that is one too many. Seats that are kept for people who are away do not count here: one of them may be the
 *   reason why it comes. They do at its hello, if it wants another seat.
 */
gboolean
parlor_rooms_are_crowded (ParlorRooms *self, const char *network)
{
  return self->limits->max_per_address > 0
         && parlor_crowd_count (self->connected, network) >= self->limits->max_per_address;
}

/**
 * parlor_rooms_take:
 * @self: all rooms
 * @guest: a new connection
 *
 * Until parlor_rooms_lose(). A seed page says no hello: it is seated, or closed, at once.
 */
void
parlor_rooms_take (ParlorRooms *self, ParlorGuest *guest)
{
  ParlorRoom *room = get_room (self, guest);

  parlor_crowd_add (self->connected, parlor_guest_get_network (guest));
  if (parlor_guest_get_dialect (guest) != PARLOR_DIALECT_SEED)
    return;
  if (room != NULL && !parlor_room_takes_ticket (room, NULL))
    parlor_guest_close (guest, PARLOR_CLOSE_POLICY);
  else
    enter (self, guest, NULL, NULL, NULL);
}

void
parlor_rooms_hear (ParlorRooms *self, ParlorGuest *guest, ParlorMessage *message)
{
  ParlorMember *member = parlor_guest_get_member (guest);
  ParlorRoom *room = member ? member->room : NULL;

  /* Who has knocked cannot begin anew, and knock again. */
  if (message->type == PARLOR_MESSAGE_HELLO && (member == NULL || !(member->is_seated || member->has_knocked)))
    {
      hear_hello (self, guest, message);
    }
  else if (room != NULL)
    {
      parlor_room_hear (room, member, message);
      forget_if_empty (self, room);
    }
  else if (message->type != PARLOR_MESSAGE_ERROR)
    {
      parlor_guest_say_error (guest, "unexpected", "Say hello first", NULL);
    }
}

/* @guest's connection is gone. */
void
parlor_rooms_lose (ParlorRooms *self, ParlorGuest *guest)
{
  ParlorMember *member = parlor_guest_get_member (guest);
  ParlorRoom *room = member ? member->room : NULL;

  parlor_crowd_remove (self->connected, parlor_guest_get_network (guest));
  if (room == NULL)
    return;
  parlor_room_lose (room, member);
  forget_if_empty (self, room);
}

/* Whether somebody is in the room of this @name, or away from it. */
gboolean
parlor_rooms_have (ParlorRooms *self, const char *name)
{
  return g_hash_table_contains (self->rooms, name);
}

/* Who is in all rooms together, those who are away included. */
guint
parlor_rooms_get_n_members (ParlorRooms *self)
{
  GHashTableIter iter;
  gpointer room;
  guint n = 0;

  g_hash_table_iter_init (&iter, self->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &room))
    n += parlor_room_get_n_members (room);
  return n;
}

guint
parlor_rooms_get_n_rooms (ParlorRooms *self)
{
  return g_hash_table_size (self->rooms);
}
