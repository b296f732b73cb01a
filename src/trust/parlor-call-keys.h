/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorCallKeys:
 *
 * What an invite gives to prove with: its room, and the keys derived from what is behind its `#`. Immutable and counted; any thread.
 */
typedef struct _ParlorCallKeys ParlorCallKeys;

/* (transfer full): @key (nullable) is KEY, @guest_key (nullable) GUESTKEY, which is derived from KEY where there is one. @room is the
 * invite's, "" for the lobby. */
ParlorCallKeys *parlor_call_keys_new (const char *room, GBytes *key, GBytes *guest_key);
ParlorCallKeys *parlor_call_keys_ref (ParlorCallKeys *self);
void parlor_call_keys_unref (ParlorCallKeys *self);

const char *parlor_call_keys_get_room (const ParlorCallKeys *self);
GBytes *parlor_call_keys_get_app (const ParlorCallKeys *self);   /* (nullable): K, for proofs named "app" */
GBytes *parlor_call_keys_get_guest (const ParlorCallKeys *self); /* (nullable): Kg, for proofs named "guest"; never NULL beside K */
/* (transfer full) (nullable): the joining ticket, in base64url; NULL for a room without a key. */
char *parlor_call_keys_new_ticket (const ParlorCallKeys *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorCallKeys, parlor_call_keys_unref)

G_END_DECLS
