/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-guest.h"

G_BEGIN_DECLS

/**
 * ParlorRoom:
 *
 * Guests that see each other, and what passes between them. It belongs to the relay and its main context.
 */
typedef struct _ParlorRoom ParlorRoom;

ParlorRoom *parlor_room_new (const char *name);
void parlor_room_free (ParlorRoom *self);
guint parlor_room_get_n_guests (ParlorRoom *self);
void parlor_room_add (ParlorRoom *self, ParlorGuest *guest);
gboolean parlor_room_remove (ParlorRoom *self, ParlorGuest *guest);
void parlor_room_hear (ParlorRoom *self, ParlorGuest *guest, ParlorMessage *message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorRoom, parlor_room_free)

G_END_DECLS
