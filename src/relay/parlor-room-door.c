/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-room-private.h"

#include "parlor-frame.h"
#include "parlor-token.h"

/*
 * The door of a ParlorRoom. While it is locked, who comes is told so and stays connected, outside; who knocks is shown to
 * the owners, and one of them decides. Who is outside is nobody's peer: it hears nothing of the room, and nobody in it but its
 * owners hears of it. All who are outside wait in the door line of the relay, which ends their time. A knock too many is no
 * knock: it ends as if it had not been said, also that time.
 */

static void
tell_owners (ParlorRoom *self, const ParlorMessage *message)
{
  for (guint i = 0; i < self->members->len; i++)
    if (((ParlorMember *) self->members->pdata[i])->is_owner)
      parlor_member_say (self->members->pdata[i], message);
}

static ParlorMessage *
new_knock (ParlorMember *member)
{
  ParlorMessage *message = parlor_message_new (PARLOR_MESSAGE_KNOCK);

  message->knock.id = g_strdup (member->id);
  message->knock.name = g_strdup (member->name);
  return message;
}

/* @member is in no list of the room any more, and alive. */
static void
take_from_door (ParlorRoom *self, ParlorMember *member)
{
  guint i;

  parlor_line_leave (self->around->door_line, &member->place);
  if (g_ptr_array_find (self->outside, member, &i))
    g_ptr_array_steal_index (self->outside, i);
}

static void
let_in (ParlorRoom *self, ParlorMember *member)
{
  take_from_door (self, member);
  parlor_room_seat (self, member, NULL);
}

static void
send_away (ParlorRoom *self, ParlorMember *member, const char *code, const char *explanation)
{
  g_autoptr (ParlorGuest) guest = g_object_ref (member->guest);

  parlor_guest_say_error (guest, code, explanation, "knock");
  parlor_room_walk_off (self, member);
  parlor_guest_close (guest, PARLOR_CLOSE_POLICY);
}

/* @member: (transfer full): who may not come in now */
void
parlor_room_stand_outside (ParlorRoom *self, ParlorMember *member)
{
  ParlorGuest *guest = member->guest;

  if (member->dialect == PARLOR_DIALECT_SEED)
    {
      /* It has no word to knock with. */
      parlor_guest_close (guest, PARLOR_CLOSE_POLICY);
      parlor_member_free (member);
      return;
    }
  if (self->outside->len >= self->around->limits->max_guests)
    {
      parlor_guest_say_error (guest, "room-full", "Too many wait at this door already", NULL);
      parlor_guest_close (guest, PARLOR_CLOSE_TRY_AGAIN_LATER);
      parlor_member_free (member);
      return;
    }

  member->room = self;
  g_ptr_array_add (self->outside, member);
  parlor_line_join (self->around->door_line, &member->place, member);
  parlor_guest_say_error (guest, "locked", "This room is locked; knock, and wait", "hello");
}

/* @member, who stands outside, does so no longer. Frees it. */
void
parlor_room_walk_off (ParlorRoom *self, ParlorMember *member)
{
  take_from_door (self, member);
  if (member->has_knocked)
    {
      g_autoptr (ParlorMessage) left = parlor_message_new (PARLOR_MESSAGE_LEFT);

      left->left.id = g_strdup (member->id);
      tell_owners (self, left);
    }
  parlor_member_free (member);
}

/* The room is empty: there is nobody left who could let them in. */
void
parlor_room_refuse_all (ParlorRoom *self)
{
  while (self->outside->len > 0)
    send_away (self, self->outside->pdata[0], "refused", "Everybody has left");
}

/* @member was outside for too long, and nobody let it in. Frees it. */
void
parlor_room_turn_away (ParlorRoom *self, ParlorMember *member)
{
  send_away (self, member, "locked", "Nobody let you in");
}

void
parlor_room_tell_knocks (ParlorRoom *self, ParlorMember *owner)
{
  for (guint i = 0; i < self->outside->len; i++)
    {
      ParlorMember *member = self->outside->pdata[i];
      g_autoptr (ParlorMessage) message = member->has_knocked ? new_knock (member) : NULL;

      if (message != NULL)
        parlor_member_say (owner, message);
    }
}

void
parlor_room_hear_outside (ParlorRoom *self, ParlorMember *member, const ParlorMessage *message)
{
  g_autoptr (ParlorMessage) knock = NULL;

  if (message->type == PARLOR_MESSAGE_ERROR)
    return;
  if (message->type != PARLOR_MESSAGE_KNOCK || member->has_knocked)
    {
      parlor_member_say_error (member, "unexpected", "The room is locked; knock once, and wait",
                               message->type == PARLOR_MESSAGE_UNKNOWN ? message->type_name
                                                                       : parlor_message_type_to_string (message->type));
      return;
    }

  if (!self->is_locked && !parlor_room_is_full (self))
    {
      let_in (self, member);
      return;
    }
  if (!parlor_ring_log_knock (self->rings, member->network, g_get_monotonic_time ()))
    {
      parlor_member_say_error (member, "rate", "Too many knocks; wait a minute", "knock");
      return;
    }
  member->has_knocked = TRUE;
  parlor_line_join (self->around->door_line, &member->place, member);
  knock = new_knock (member);
  tell_owners (self, knock);
}

static void
set_locked (ParlorRoom *self, gboolean is_locked)
{
  g_autoptr (ParlorMessage) notice = NULL;

  if (self->is_locked == is_locked)
    return;

  self->is_locked = is_locked;
  notice = parlor_message_new (is_locked ? PARLOR_MESSAGE_LOCK : PARLOR_MESSAGE_UNLOCK);
  parlor_room_say_to_others (self, NULL, notice);
  /* Those who asked to come in need ask no longer. */
  for (guint i = 0; !is_locked && i < self->outside->len;)
    {
      ParlorMember *member = self->outside->pdata[i];

      if (member->has_knocked && !parlor_room_is_full (self))
        let_in (self, member);
      else
        i++;
    }
}

/* (transfer full): a token of the room for somebody who did not make it; the last one of these is void. */
char *
parlor_room_pass_on (ParlorRoom *self)
{
  char *token = parlor_token_new ();

  self->heir = parlor_token_hash (token);
  self->has_heir = TRUE;
  return token;
}

/**
 * parlor_room_keep_owner:
 * @self: a room
 *
 * Sees to it that somebody can open a room that had an owner: when none of them has a seat any more, who has sat here longest, and is
 * here, is one from now on. Who made the room may come back with its token, and is one as well; another heir's is void. While all are away this
 * waits for the first who is back. Seed pages have no word for it; to them alone the room is opened.
 */
void
parlor_room_keep_owner (ParlorRoom *self)
{
  ParlorMember *heir = NULL;
  gboolean has_clients = FALSE;
  g_autoptr (ParlorMessage) message = NULL;

  if (!self->has_owner || self->members->len == 0)
    return;
  for (guint i = 0; i < self->members->len; i++)
    {
      ParlorMember *member = self->members->pdata[i];

      if (member->is_owner)
        return;
      has_clients = has_clients || member->dialect == PARLOR_DIALECT_PARLOR;
      if (heir == NULL && member->dialect == PARLOR_DIALECT_PARLOR && parlor_member_is_here (member))
        heir = member;
    }
  if (!has_clients)
    set_locked (self, FALSE);
  if (heir == NULL)
    return;

  message = parlor_message_new (PARLOR_MESSAGE_OWNER);
  message->owner.token = parlor_room_pass_on (self);
  heir->is_owner = TRUE;
  parlor_member_say (heir, message);
  parlor_room_tell_knocks (self, heir);
}

static ParlorMember *
find (GPtrArray *members, const char *id)
{
  for (guint i = 0; i < members->len; i++)
    if (g_str_equal (((ParlorMember *) members->pdata[i])->id, id))
      return members->pdata[i];
  return NULL;
}

static void
decide (ParlorRoom *self, ParlorMember *owner, const ParlorMessage *message)
{
  ParlorMember *member = find (self->outside, message->person.id);
  const char *about = parlor_message_type_to_string (message->type);

  if (member == NULL || !member->has_knocked)
    parlor_member_say_error (owner, "no-such-peer", "Nobody with this id waits at the door", about);
  else if (message->type == PARLOR_MESSAGE_REFUSE)
    send_away (self, member, "refused", "They did not let you in");
  else if (parlor_room_is_full (self))
    parlor_member_say_error (owner, "room-full", "Nobody else fits into this room", about);
  else
    let_in (self, member);
}

static void
remove_member (ParlorRoom *self, ParlorMember *owner, const char *id)
{
  ParlorMember *member = find (self->members, id);
  g_autoptr (ParlorGuest) guest = NULL;

  if (member == NULL || member == owner)
    {
      parlor_member_say_error (owner, "no-such-peer", "Nobody else here has this id", "remove");
      return;
    }

  g_set_object (&guest, member->guest);
  parlor_room_unseat (self, member, "removed");
  if (guest == NULL)
    return;
  parlor_guest_say_error (guest, "removed", "You were removed from the room", NULL);
  parlor_guest_close (guest, PARLOR_CLOSE_POLICY);
}

/**
 * parlor_room_hear_owner:
 * @self: a room
 * @member: who sits in it
 * @message: what it said
 *
 * Returns: %FALSE when it is none of the words of owners, who alone may say them
 */
gboolean
parlor_room_hear_owner (ParlorRoom *self, ParlorMember *member, const ParlorMessage *message)
{
  switch (message->type)
    {
    case PARLOR_MESSAGE_LOCK:
    case PARLOR_MESSAGE_UNLOCK:
    case PARLOR_MESSAGE_ADMIT:
    case PARLOR_MESSAGE_REFUSE:
    case PARLOR_MESSAGE_REMOVE:
      break;
    default:
      return FALSE;
    }

  if (!member->is_owner)
    parlor_member_say_error (member, "forbidden-type", "Only an owner of the room may say this",
                             parlor_message_type_to_string (message->type));
  else if (message->type == PARLOR_MESSAGE_REMOVE)
    remove_member (self, member, message->person.id);
  else if (message->type == PARLOR_MESSAGE_ADMIT || message->type == PARLOR_MESSAGE_REFUSE)
    decide (self, member, message);
  else
    set_locked (self, message->type == PARLOR_MESSAGE_LOCK);
  return TRUE;
}
