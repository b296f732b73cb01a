/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* All of these are pure but for the system's random numbers, and may be called from any thread. */

/* (transfer full): 16 random bytes, from the system's generator. */
GBytes *parlor_keys_new_key (void);

/* (transfer full): HKDF-SHA256(@key, no salt, @info, 32) (RFC 5869): 32 bytes. */
GBytes *parlor_keys_derive (GBytes *key, const char *info);

/* (transfer full): GUESTKEY, the first 16 bytes of HKDF-SHA256(KEY, no salt, "parlor.1 guest", 32) (RFC 5869).
 * @key has 16 bytes. */
GBytes *parlor_keys_derive_guest_key (GBytes *key);

/* (transfer full): a room name nobody guesses: [a-z2-7], 80 bits, in groups: "k3q2-x7fa-...". */
char *parlor_keys_new_room (void);

/* (transfer full): 16 random bytes in base64url, the name of a call. */
char *parlor_keys_new_call_id (void);

G_END_DECLS
