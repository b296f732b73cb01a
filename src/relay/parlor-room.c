/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-room.h"

/*
 * ParlorRoom: who is in it, and where a message goes.
 *
 * Guests of parlor.1 speak to one of the others, seed pages to all of them; each hears it in its own dialect. A room
 * keeps nothing but its list of guests: what a guest is called and whether it is in a call is asked of the guest.
 * No function in here can change the list but add and remove, as no guest emits anything while it is spoken to.
 */

struct _ParlorRoom
{
  char *name;
  GPtrArray *guests; /* (element-type ParlorGuest), in the order of joining */
};

static const char *
get_word (const ParlorMessage *message)
{
  return message->type == PARLOR_MESSAGE_UNKNOWN ? message->type_name : parlor_message_type_to_string (message->type);
}

static ParlorPeerInfo *
describe (ParlorGuest *guest)
{
  return parlor_peer_info_new (parlor_guest_get_id (guest), parlor_guest_get_name (guest),
                               parlor_guest_get_dialect (guest), parlor_guest_get_in_call (guest));
}

static void
say_to_others (ParlorRoom *self, ParlorGuest *guest, const ParlorMessage *message)
{
  for (guint i = 0; i < self->guests->len; i++)
    if (self->guests->pdata[i] != guest)
      parlor_guest_say (self->guests->pdata[i], message);
}

static ParlorGuest *
find_other (ParlorRoom *self, ParlorGuest *guest, const char *id)
{
  for (guint i = 0; i < self->guests->len; i++)
    {
      ParlorGuest *other = self->guests->pdata[i];

      if (other != guest && !parlor_guest_is_gone (other) && g_str_equal (parlor_guest_get_id (other), id))
        return other;
    }
  return NULL;
}

static void
pass_on (ParlorGuest *from, ParlorGuest *to, const ParlorMessage *message)
{
  g_autofree char *text = NULL;

  if (parlor_guest_get_dialect (to) == PARLOR_DIALECT_SEED)
    {
      parlor_guest_say (to, message);
      return;
    }
  text = parlor_message_forward (message, parlor_guest_get_id (from));
  parlor_guest_say_text (to, text);
}

static void
hear_addressed (ParlorRoom *self, ParlorGuest *guest, const ParlorMessage *message)
{
  ParlorGuest *other;

  if (message->to == NULL)
    parlor_guest_say_error (guest, "missing-to", "Say whom it is for", get_word (message));
  else if ((other = find_other (self, guest, message->to)) == NULL)
    parlor_guest_say_error (guest, "no-such-peer", "Nobody here has this id", get_word (message));
  else
    pass_on (guest, other, message);
}

/* Nobody answers an error: one that reaches nobody is forgotten. */
static void
hear_error (ParlorRoom *self, ParlorGuest *guest, const ParlorMessage *message)
{
  ParlorGuest *other = message->to ? find_other (self, guest, message->to) : NULL;

  if (other != NULL)
    pass_on (guest, other, message);
}

static void
hear_in_call (ParlorRoom *self, ParlorGuest *guest, const ParlorMessage *message)
{
  g_autoptr (ParlorMessage) notice = NULL;

  if (parlor_guest_get_in_call (guest) == message->in_call.in_call)
    return;

  parlor_guest_set_in_call (guest, message->in_call.in_call);
  notice = parlor_message_new (PARLOR_MESSAGE_IN_CALL);
  notice->in_call.id = g_strdup (parlor_guest_get_id (guest));
  notice->in_call.in_call = message->in_call.in_call;
  say_to_others (self, guest, notice);
}

static void
hear_parlor (ParlorRoom *self, ParlorGuest *guest, const ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_IN_CALL)
    hear_in_call (self, guest, message);
  else if (message->type == PARLOR_MESSAGE_ERROR)
    hear_error (self, guest, message);
  else if (message->type == PARLOR_MESSAGE_UNKNOWN)
    parlor_guest_say_error (guest, "unknown-type", "This relay does not know this type", get_word (message));
  else if (parlor_message_type_is_relays (message->type))
    parlor_guest_say_error (guest, "forbidden-type", "Only a relay may say this", get_word (message));
  else if (parlor_message_type_is_addressed (message->type))
    hear_addressed (self, guest, message);
  else
    parlor_guest_say_error (guest, "unexpected", "This has no place here", get_word (message));
}

/* What a seed page says is for all others; to a client of parlor.1 it looks as if it were addressed to it. */
static void
hear_seed (ParlorRoom *self, ParlorGuest *guest, ParlorMessage *message)
{
  if (message->type != PARLOR_MESSAGE_OFFER && message->type != PARLOR_MESSAGE_ANSWER
      && message->type != PARLOR_MESSAGE_ICE)
    return;

  g_free (message->from);
  message->from = g_strdup (parlor_guest_get_id (guest));
  for (guint i = 0; i < self->guests->len; i++)
    {
      ParlorGuest *other = self->guests->pdata[i];

      if (other == guest)
        continue;
      g_free (message->to);
      message->to = g_strdup (parlor_guest_get_id (other));
      parlor_guest_say (other, message);
    }
}

/**
 * parlor_room_new:
 * @name: its name; "" for the lobby
 *
 * Returns: (transfer full): an empty room
 */
ParlorRoom *
parlor_room_new (const char *name)
{
  ParlorRoom *self = g_new0 (ParlorRoom, 1);

  self->name = g_strdup (name);
  self->guests = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

void
parlor_room_free (ParlorRoom *self)
{
  g_ptr_array_unref (self->guests);
  g_free (self->name);
  g_free (self);
}

guint
parlor_room_get_n_guests (ParlorRoom *self)
{
  return self->guests->len;
}

/**
 * parlor_room_add:
 * @self: a room that is not full
 * @guest: a guest with a name
 *
 * Welcomes @guest and tells the others.
 */
void
parlor_room_add (ParlorRoom *self, ParlorGuest *guest)
{
  g_autoptr (ParlorMessage) welcome = parlor_message_new (PARLOR_MESSAGE_WELCOME);
  g_autoptr (ParlorMessage) joined = parlor_message_new (PARLOR_MESSAGE_JOINED);

  welcome->welcome.id = g_strdup (parlor_guest_get_id (guest));
  welcome->welcome.room = g_strdup (self->name);
  for (guint i = 0; i < self->guests->len; i++)
    if (!parlor_guest_is_gone (self->guests->pdata[i]))
      g_ptr_array_add (welcome->welcome.peers, describe (self->guests->pdata[i]));
  parlor_guest_say (guest, welcome);

  g_ptr_array_add (self->guests, g_object_ref (guest));
  joined->joined.peer = describe (guest);
  say_to_others (self, guest, joined);
}

/**
 * parlor_room_remove:
 * @self: a room
 * @guest: who left
 *
 * Tells the others.
 *
 * Returns: %FALSE when it was not in the room
 */
gboolean
parlor_room_remove (ParlorRoom *self, ParlorGuest *guest)
{
  g_autoptr (ParlorMessage) left = NULL;

  if (!g_ptr_array_remove (self->guests, guest))
    return FALSE;

  left = parlor_message_new (PARLOR_MESSAGE_LEFT);
  left->left.id = g_strdup (parlor_guest_get_id (guest));
  say_to_others (self, guest, left);
  return TRUE;
}

/**
 * parlor_room_hear:
 * @self: a room
 * @guest: one of its guests
 * @message: what it said
 *
 * Passes @message on, or answers it.
 */
void
parlor_room_hear (ParlorRoom *self, ParlorGuest *guest, ParlorMessage *message)
{
  if (parlor_guest_get_dialect (guest) == PARLOR_DIALECT_SEED)
    hear_seed (self, guest, message);
  else
    hear_parlor (self, guest, message);
}
