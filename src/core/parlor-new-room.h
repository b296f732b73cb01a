/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-invite.h"

G_BEGIN_DECLS

/* Rooms of one's own making: a name nobody guesses and a key, on a relay that is known. Pure, apart from random numbers. */

/* (transfer full): @pin: (nullable). */
ParlorInvite *parlor_new_room (const char *host, guint16 port, gboolean tls, GBytes *pin);

/**
 * parlor_new_room_at:
 * @url: a relay, `https://HOST[:PORT]` or `HOST[:PORT]`, which means the same; `http://` only on this computer
 * @error: PARLOR_ERROR_BAD_INVITE with a message that says what is wrong with it
 *
 * Returns: (transfer full) (nullable): an invite to a new room there
 */
ParlorInvite *parlor_new_room_at (const char *url, GError **error);

G_END_DECLS
