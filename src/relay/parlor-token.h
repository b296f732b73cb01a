/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PARLOR_TOKEN_HASH_SIZE 32 /* SHA-256 */

/**
 * ParlorTokenHash: what a relay keeps of a token. All zero = of no token.
 */
typedef struct
{
  guint8 bytes[PARLOR_TOKEN_HASH_SIZE];
} ParlorTokenHash;

/* (transfer full): 32 random bytes in base64url: what opens something to whoever shows it. */
char *parlor_token_new (void);
/* (transfer full): 16 random bytes in base64url: the name of somebody, no secret. */
char *parlor_token_new_id (void);

ParlorTokenHash parlor_token_hash (const char *token);
gboolean parlor_token_hash_equal (const ParlorTokenHash *a, const ParlorTokenHash *b);

G_END_DECLS
