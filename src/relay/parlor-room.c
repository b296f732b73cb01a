/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-room-private.h"

#include "parlor-frame.h"
#include "parlor-metrics.h"

/*
 * ParlorRoom: who is in it, and where a message goes.
 *
 * Members of parlor.1 speak to one of the others, seed pages to all of them; each hears it in its own dialect. A
 * member that loses its connection is away: its seat is kept for a while, and with it what others say to it. Of what the
 * relay itself says nothing is kept, since a welcome tells how things are now.
 * No guest emits anything while it is spoken to, so whoever speaks to all members may loop over them.
 */

static const char *
get_word (const ParlorMessage *message)
{
  return message->type == PARLOR_MESSAGE_UNKNOWN ? message->type_name : parlor_message_type_to_string (message->type);
}

/* What somebody said to another was not carried. It names the call, which may be over by the time they hear it. */
static void
say_not_carried (ParlorMember *member, const ParlorMessage *message, const char *code, const char *why)
{
  g_autoptr (ParlorMessage) error = parlor_message_new_error (code, why, get_word (message));

  error->call = g_strdup (message->call);
  parlor_metrics_add_error (code);
  parlor_member_say (member, error);
}

void
parlor_room_say_to_others (ParlorRoom *self, ParlorMember *member, const ParlorMessage *message)
{
  for (guint i = 0; i < self->members->len; i++)
    if (self->members->pdata[i] != member)
      parlor_member_say (self->members->pdata[i], message);
}

static void
tell_of (ParlorRoom *self, ParlorMember *member, ParlorMessageType away_or_back)
{
  g_autoptr (ParlorMessage) message = parlor_message_new (away_or_back);

  message->person.id = g_strdup (member->id);
  parlor_room_say_to_others (self, member, message);
}

static ParlorMember *
find_other (ParlorRoom *self, ParlorMember *member, const char *id)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      ParlorMember *other = self->members->pdata[i];

      if (other != member && g_str_equal (other->id, id)
          && (parlor_member_is_here (other) || parlor_member_will_return (other)))
        return other;
    }
  return NULL;
}

static void
pass_on (ParlorRoom *self, ParlorMember *from, ParlorMember *to, const ParlorMessage *message)
{
  g_autofree char *text = NULL;

  if (to->dialect == PARLOR_DIALECT_SEED)
    {
      parlor_member_say (to, message);
      return;
    }

  text = parlor_message_forward (message, from->id);
  if (parlor_member_is_here (to))
    parlor_guest_say_text (to->guest, text);
  else if (!parlor_member_say_later (to, text, self->around->limits) && message->type != PARLOR_MESSAGE_ERROR)
    say_not_carried (from, message, "no-such-peer", "They are away, and enough waits for them already");
}

static gboolean
may_ring (ParlorRoom *self, ParlorMember *from, ParlorMember *to, const ParlorMessage *message)
{
  switch (message->type)
    {
    case PARLOR_MESSAGE_RING:
      return parlor_ring_log_ring (self->rings, from, to, g_get_monotonic_time ());
    case PARLOR_MESSAGE_ACCEPT:
      parlor_ring_log_accept (self->rings, from, to);
      return TRUE;
    case PARLOR_MESSAGE_DECLINE:
    case PARLOR_MESSAGE_CANCEL:
    case PARLOR_MESSAGE_BYE:
      parlor_ring_log_end (self->rings, from, to);
      return TRUE;
    default:
      return TRUE;
    }
}

static void
hear_addressed (ParlorRoom *self, ParlorMember *member, const ParlorMessage *message)
{
  ParlorMember *other;

  if (message->to == NULL)
    parlor_member_say_error (member, "missing-to", "Say whom it is for", get_word (message));
  else if ((other = find_other (self, member, message->to)) == NULL)
    say_not_carried (member, message, "no-such-peer", "Nobody here has this id");
  else if (!may_ring (self, member, other, message))
    say_not_carried (member, message, "rate", "Too many rings; wait a minute");
  else
    pass_on (self, member, other, message);
}

/* Nobody answers an error: one that reaches nobody is forgotten. */
static void
hear_error (ParlorRoom *self, ParlorMember *member, const ParlorMessage *message)
{
  ParlorMember *other = message->to ? find_other (self, member, message->to) : NULL;

  if (other != NULL)
    pass_on (self, member, other, message);
}

static void
hear_in_call (ParlorRoom *self, ParlorMember *member, const ParlorMessage *message)
{
  g_autoptr (ParlorMessage) notice = NULL;

  if (member->in_call == message->in_call.in_call)
    return;

  member->in_call = message->in_call.in_call;
  notice = parlor_message_new (PARLOR_MESSAGE_IN_CALL);
  notice->in_call.id = g_strdup (member->id);
  notice->in_call.in_call = message->in_call.in_call;
  parlor_room_say_to_others (self, member, notice);
}

/* A TURN server carries traffic for others at the operator's cost: it is for people with an invite who have somebody to call. */
static gboolean
may_use_turn (ParlorRoom *self)
{
  return self->has_ticket && self->members->len >= 2;
}

static void
list_ice_servers (ParlorRoom *self, GPtrArray *list)
{
  parlor_ice_servers_list (self->around->ice_servers, may_use_turn (self) ? self->around->limits->turn_ms : 0, list);
}

static void
tell_ice_servers (ParlorRoom *self, ParlorMember *member)
{
  g_autoptr (ParlorMessage) message = parlor_message_new (PARLOR_MESSAGE_TURN);

  list_ice_servers (self, message->turn.ice_servers);
  parlor_member_say (member, message);
}

/* Who came when it was not yet allowed learns of TURN now. */
static void
tell_others_of_turn (ParlorRoom *self, ParlorMember *member)
{
  if (self->members->len != 2 || !may_use_turn (self) || !parlor_ice_servers_have_turn (self->around->ice_servers))
    return;
  for (guint i = 0; i < self->members->len; i++)
    if (self->members->pdata[i] != member)
      tell_ice_servers (self, self->members->pdata[i]);
}

static void
hear_parlor (ParlorRoom *self, ParlorMember *member, const ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_IN_CALL)
    hear_in_call (self, member, message);
  else if (message->type == PARLOR_MESSAGE_TURN)
    tell_ice_servers (self, member);
  else if (message->type == PARLOR_MESSAGE_ERROR)
    hear_error (self, member, message);
  else if (message->type == PARLOR_MESSAGE_UNKNOWN)
    parlor_member_say_error (member, "unknown-type", "This relay does not know this type", get_word (message));
  else if (parlor_message_type_is_relays (message->type))
    parlor_member_say_error (member, "forbidden-type", "Only a relay may say this", get_word (message));
  else if (parlor_message_type_is_addressed (message->type))
    hear_addressed (self, member, message);
  else if (!parlor_room_hear_owner (self, member, message))
    parlor_member_say_error (member, "unexpected", "This has no place here", get_word (message));
}

/* What a seed page says is for all others; to a client of parlor.1 it looks as if it were addressed to it. */
static void
hear_seed (ParlorRoom *self, ParlorMember *member, ParlorMessage *message)
{
  if (message->type != PARLOR_MESSAGE_OFFER && message->type != PARLOR_MESSAGE_ANSWER
      && message->type != PARLOR_MESSAGE_ICE)
    return;

  g_free (message->from);
  message->from = g_strdup (member->id);
  for (guint i = 0; i < self->members->len; i++)
    {
      ParlorMember *other = self->members->pdata[i];

      if (other == member)
        continue;
      g_free (message->to);
      message->to = g_strdup (other->id);
      parlor_member_say (other, message);
    }
}

/* @owner_token: (nullable): what it showed, or was given, to be an owner */
static void
welcome (ParlorRoom *self, ParlorMember *member, const char *owner_token)
{
  const ParlorRelayLimits *limits = self->around->limits;
  g_autoptr (ParlorMessage) message = parlor_message_new (PARLOR_MESSAGE_WELCOME);

  message->welcome.id = g_strdup (member->id);
  message->welcome.room = g_strdup (self->name);
  for (guint i = 0; i < self->members->len; i++)
    {
      ParlorMember *other = self->members->pdata[i];

      if (other != member && (parlor_member_is_here (other) || parlor_member_will_return (other)))
        g_ptr_array_add (message->welcome.peers, parlor_member_describe (other));
    }
  list_ice_servers (self, message->welcome.ice_servers);
  if (limits->away_ms > 0 && member->dialect == PARLOR_DIALECT_PARLOR)
    message->welcome.resume = parlor_member_renew (member);
  message->welcome.owner = member->is_owner ? g_strdup (owner_token) : NULL;
  message->welcome.locked = self->is_locked;
  message->welcome.limits.message = limits->max_message;
  message->welcome.limits.rate = limits->messages_per_second > 0 ? (gint64) limits->messages_per_second : -1;
  message->welcome.limits.away_ms = limits->away_ms;
  parlor_member_say (member, message);
}

gboolean
parlor_room_is_full (ParlorRoom *self)
{
  return self->members->len >= self->around->limits->max_guests;
}

static gboolean
is_the_owner (ParlorRoom *self, const char *owner_token)
{
  const ParlorTokenHash hash = parlor_token_hash (owner_token);

  return owner_token != NULL
         && ((self->has_owner && parlor_token_hash_equal (&self->owner, &hash))
             || (self->has_heir && parlor_token_hash_equal (&self->heir, &hash)));
}

/* Welcomes @member, who is in no list, and tells the others. @owner_token: (nullable) */
void
parlor_room_seat (ParlorRoom *self, ParlorMember *member, const char *owner_token)
{
  g_autoptr (ParlorMessage) joined = parlor_message_new (PARLOR_MESSAGE_JOINED);

  member->room = self;
  member->is_seated = TRUE;
  g_ptr_array_add (self->members, member);
  welcome (self, member, owner_token);
  joined->joined.peer = parlor_member_describe (member);
  parlor_room_say_to_others (self, member, joined);
  tell_others_of_turn (self, member);
  if (member->is_owner)
    parlor_room_tell_knocks (self, member);
  parlor_room_keep_owner (self);
}

/* Tells the others, with a @reason (nullable) why, and frees @member. What becomes of its connection is not decided here. */
void
parlor_room_unseat (ParlorRoom *self, ParlorMember *member, const char *reason)
{
  g_autoptr (ParlorMessage) left = parlor_message_new (PARLOR_MESSAGE_LEFT);

  if (member->guest == NULL)
    parlor_crowd_remove (self->around->away, member->network);
  parlor_line_leave (self->around->away_line, &member->place);
  parlor_ring_log_forget (self->rings, member);
  left->left.id = g_strdup (member->id);
  left->left.reason = g_strdup (reason);
  g_ptr_array_remove (self->members, member);
  parlor_room_say_to_others (self, NULL, left);
  parlor_room_keep_owner (self);
  if (self->members->len == 0)
    parlor_room_refuse_all (self);
}

/**
 * parlor_room_new:
 * @name: its name; "" for the lobby
 * @ticket: (nullable): what everybody must show who comes in; %NULL: nobody may have one
 * @surroundings: of all rooms
 *
 * Returns: (transfer full): an empty room
 */
ParlorRoom *
parlor_room_new (const char *name, const char *ticket, const ParlorRoomSurroundings *surroundings)
{
  ParlorRoom *self = g_new0 (ParlorRoom, 1);

  self->name = g_strdup (name);
  self->around = surroundings;
  self->members = g_ptr_array_new_with_free_func ((GDestroyNotify) parlor_member_free);
  self->outside = g_ptr_array_new_with_free_func ((GDestroyNotify) parlor_member_free);
  self->rings = parlor_ring_log_new (surroundings->limits);
  self->ticket = parlor_token_hash (ticket);
  self->has_ticket = ticket != NULL;
  return self;
}

void
parlor_room_free (ParlorRoom *self)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      ParlorMember *member = self->members->pdata[i];

      if (member->guest == NULL)
        parlor_crowd_remove (self->around->away, member->network);
      parlor_line_leave (self->around->away_line, &member->place);
    }
  for (guint i = 0; i < self->outside->len; i++)
    parlor_line_leave (self->around->door_line, &((ParlorMember *) self->outside->pdata[i])->place);
  g_ptr_array_unref (self->members);
  g_ptr_array_unref (self->outside);
  parlor_ring_log_free (self->rings);
  g_free (self->name);
  g_free (self);
}

const char *
parlor_room_get_name (ParlorRoom *self)
{
  return self->name;
}

/* Seats, those of people who are away included. */
guint
parlor_room_get_n_members (ParlorRoom *self)
{
  return self->members->len;
}

gboolean
parlor_room_takes_ticket (ParlorRoom *self, const char *ticket)
{
  const ParlorTokenHash hash = parlor_token_hash (ticket);

  return parlor_token_hash_equal (&self->ticket, &hash);
}

/**
 * parlor_room_enter:
 * @self: a room whose ticket @guest has
 * @guest: a connection that said hello
 * @name: (nullable): what it calls itself
 * @owner_token: (nullable): what it says makes it an owner
 *
 * Seats it, and makes the first one of parlor.1 the owner of a room that is somebody's; or lets it stand at the door; or closes it.
 */
void
parlor_room_enter (ParlorRoom *self, ParlorGuest *guest, const char *name, const char *owner_token)
{
  g_autoptr (ParlorMember) member = parlor_member_new (guest, name);
  g_autofree char *new_token = NULL;

  member->is_owner = is_the_owner (self, owner_token);
  if (self->is_locked && !member->is_owner)
    {
      parlor_room_stand_outside (self, g_steal_pointer (&member));
      return;
    }
  if (parlor_room_is_full (self))
    {
      parlor_guest_say_error (guest, "room-full", "Nobody else fits into this room", NULL);
      parlor_guest_close (guest, PARLOR_CLOSE_TRY_AGAIN_LATER);
      return;
    }
  /* Nobody makes the lobby: it is everybody's. */
  if (self->members->len == 0 && *self->name && member->dialect == PARLOR_DIALECT_PARLOR)
    {
      owner_token = new_token = parlor_token_new ();
      self->owner = parlor_token_hash (new_token);
      self->has_owner = TRUE;
      member->is_owner = TRUE;
    }
  parlor_room_seat (self, g_steal_pointer (&member), owner_token);
}

/**
 * parlor_room_resume:
 * @self: a room whose ticket @guest has
 * @guest: a connection that said hello
 * @resume_token: what it was given in the last welcome
 * @owner_token: (nullable): what it says makes it an owner
 *
 * The seat is @guest's from now on. A connection that still has it is closed.
 *
 * Returns: %FALSE when no seat is kept for this token
 */
gboolean
parlor_room_resume (ParlorRoom *self, ParlorGuest *guest, const char *resume_token, const char *owner_token)
{
  const ParlorTokenHash hash = parlor_token_hash (resume_token);
  ParlorMember *member = NULL;
  g_autoptr (ParlorGuest) old = NULL;
  g_autofree char *new_token = NULL;
  gboolean was_away;

  for (guint i = 0; i < self->members->len && member == NULL; i++)
    {
      ParlorMember *other = self->members->pdata[i];

      if (other->can_resume && parlor_token_hash_equal (&other->resume, &hash))
        member = other;
    }
  if (member == NULL)
    return FALSE;

  was_away = member->guest == NULL;
  if (was_away)
    parlor_crowd_remove (self->around->away, member->network);
  parlor_line_leave (self->around->away_line, &member->place);
  g_set_object (&old, member->guest);
  parlor_member_take (member, guest);
  if (old != NULL)
    parlor_guest_close (old, PARLOR_CLOSE_REPLACED);

  member->is_owner = member->is_owner || is_the_owner (self, owner_token);
  /* What told it so may have been lost with the connection. */
  if (member->is_owner && !is_the_owner (self, owner_token))
    owner_token = new_token = parlor_room_pass_on (self);
  welcome (self, member, owner_token);
  parlor_member_say_kept (member);
  if (was_away)
    tell_of (self, member, PARLOR_MESSAGE_BACK);
  if (member->is_owner)
    parlor_room_tell_knocks (self, member);
  parlor_room_keep_owner (self);
  return TRUE;
}

/**
 * parlor_room_hear:
 * @self: a room
 * @member: who sits in it, or stands at its door
 * @message: what it said
 *
 * Passes @message on, or answers it. @member may be gone afterwards, and the room empty.
 */
void
parlor_room_hear (ParlorRoom *self, ParlorMember *member, ParlorMessage *message)
{
  if (!member->is_seated)
    parlor_room_hear_outside (self, member, message);
  else if (member->dialect == PARLOR_DIALECT_SEED)
    hear_seed (self, member, message);
  else
    hear_parlor (self, member, message);
}

/**
 * parlor_room_lose:
 * @self: a room
 * @member: whose connection is gone
 *
 * It is away now, or has left. The room may be empty afterwards.
 */
void
parlor_room_lose (ParlorRoom *self, ParlorMember *member)
{
  if (!member->is_seated)
    {
      parlor_room_walk_off (self, member);
    }
  else if (parlor_member_will_return (member))
    {
      parlor_member_take (member, NULL);
      parlor_crowd_add (self->around->away, member->network);
      parlor_line_join (self->around->away_line, &member->place, member);
      tell_of (self, member, PARLOR_MESSAGE_AWAY);
    }
  else
    {
      parlor_room_unseat (self, member, NULL);
    }
}

/* @member was away for too long. The room may be empty afterwards. */
void
parlor_room_give_up (ParlorRoom *self, ParlorMember *member)
{
  parlor_room_unseat (self, member, "lost");
}
