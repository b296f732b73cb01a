/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-guest.h"
#include "parlor-line.h"
#include "parlor-token.h"

G_BEGIN_DECLS

/**
 * ParlorMember:
 *
 * A seat in a room, which outlives the connection of whoever sits on it; or, while it is not seated, somebody at the
 * door of a locked room. It belongs to its room, which alone changes its fields.
 */
typedef struct _ParlorRoom ParlorRoom;

struct _ParlorMember
{
  char *id;
  char *name;
  char *network; /* nullable: is not counted */
  ParlorRoom *room;
  ParlorDialect dialect;
  gboolean is_seated;
  gboolean has_knocked;
  gboolean is_owner;
  gboolean in_call;

  ParlorGuest *guest; /* its connection; NULL while it is away */
  gboolean can_resume;
  ParlorTokenHash resume;
  ParlorLinePlace place; /* away, or at the door */
  GQueue kept;           /* of texts, said to it while it was away */
  gsize kept_bytes;
};

ParlorMember *parlor_member_new (ParlorGuest *guest, const char *name);
void parlor_member_free (ParlorMember *self);
void parlor_member_take (ParlorMember *self, ParlorGuest *guest);
char *parlor_member_renew (ParlorMember *self);
gboolean parlor_member_is_here (ParlorMember *self);
gboolean parlor_member_will_return (ParlorMember *self);
ParlorPeerInfo *parlor_member_describe (ParlorMember *self);
void parlor_member_say (ParlorMember *self, const ParlorMessage *message);
void parlor_member_say_error (ParlorMember *self, const char *code, const char *explanation, const char *about);
gboolean parlor_member_say_later (ParlorMember *self, const char *text, const ParlorRelayLimits *limits);
void parlor_member_say_kept (ParlorMember *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorMember, parlor_member_free)

G_END_DECLS
