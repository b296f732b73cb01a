/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-member.h"

#include <string.h>

/**
 * parlor_member_new:
 * @guest: a connection that said who it is
 * @name: (nullable): what it calls itself
 *
 * Returns: (transfer full): somebody with an id of its own, in no room
 */
ParlorMember *
parlor_member_new (ParlorGuest *guest, const char *name)
{
  ParlorMember *self = g_new0 (ParlorMember, 1);

  self->id = parlor_token_new_id ();
  self->name = parlor_wire_clean_name (name);
  self->dialect = parlor_guest_get_dialect (guest);
  g_queue_init (&self->kept);
  parlor_member_take (self, guest);
  return self;
}

/* It must be in no line any more. */
void
parlor_member_free (ParlorMember *self)
{
  parlor_member_take (self, NULL);
  g_queue_clear_full (&self->kept, g_free);
  g_free (self->id);
  g_free (self->name);
  g_free (self->network);
  g_free (self);
}

/**
 * parlor_member_take:
 * @self: a member
 * @guest: (nullable): the connection that it has from now on
 *
 * The old one forgets the member, and is otherwise left as it is.
 */
void
parlor_member_take (ParlorMember *self, ParlorGuest *guest)
{
  if (self->guest != NULL)
    parlor_guest_set_member (self->guest, NULL);
  g_set_object (&self->guest, guest);
  if (guest == NULL)
    return;

  parlor_guest_set_member (guest, self);
  g_free (self->network);
  self->network = g_strdup (parlor_guest_get_network (guest));
}

/**
 * parlor_member_renew:
 * @self: a member
 *
 * Returns: (transfer full): the one token by which it can be resumed from now on
 */
char *
parlor_member_renew (ParlorMember *self)
{
  char *token = parlor_token_new ();

  self->can_resume = TRUE;
  self->resume = parlor_token_hash (token);
  return token;
}

gboolean
parlor_member_is_here (ParlorMember *self)
{
  return self->guest != NULL && !parlor_guest_is_gone (self->guest);
}

/* Whether it is, or is about to be, away: its connection is lost, and it did not say goodbye. */
gboolean
parlor_member_will_return (ParlorMember *self)
{
  return self->can_resume && !parlor_member_is_here (self)
         && (self->guest == NULL || !parlor_guest_said_goodbye (self->guest));
}

ParlorPeerInfo *
parlor_member_describe (ParlorMember *self)
{
  ParlorPeerInfo *info = parlor_peer_info_new (self->id, self->name, self->dialect, self->in_call);

  info->away = self->guest == NULL;
  return info;
}

/* Says it to one who is here: to others it would be no news once they are back. */
void
parlor_member_say (ParlorMember *self, const ParlorMessage *message)
{
  if (self->guest != NULL)
    parlor_guest_say (self->guest, message);
}

void
parlor_member_say_error (ParlorMember *self, const char *code, const char *explanation, const char *about)
{
  if (self->guest != NULL)
    parlor_guest_say_error (self->guest, code, explanation, about);
}

/**
 * parlor_member_say_later:
 * @self: a member who will return
 * @text: what to say then
 * @limits: of the relay
 *
 * Returns: %FALSE when nothing more is kept
 */
gboolean
parlor_member_say_later (ParlorMember *self, const char *text, const ParlorRelayLimits *limits)
{
  gsize length = strlen (text);

  /* Half: all of it will be queued at once, behind the welcome. */
  if (self->kept.length >= limits->max_kept || self->kept_bytes + length > limits->max_unsent / 2)
    return FALSE;

  self->kept_bytes += length;
  g_queue_push_tail (&self->kept, g_strdup (text));
  return TRUE;
}

void
parlor_member_say_kept (ParlorMember *self)
{
  char *text;

  while ((text = g_queue_pop_head (&self->kept)) != NULL)
    {
      parlor_guest_say_text (self->guest, text);
      g_free (text);
    }
  self->kept_bytes = 0;
}
