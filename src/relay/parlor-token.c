/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-token.h"

#include "parlor-base64url.h"

#include <errno.h>
#include <unistd.h>

/*
 * Tokens and ids. Pure but for the kernel's random numbers; any thread.
 *
 * A relay keeps hashes only, so that its memory opens nothing. Two hashes are compared in a time that does not depend
 * on where they differ.
 */

#define TOKEN_BYTES 32
#define ID_BYTES 16 /* 128 bits: not to be guessed, and never the same twice */

static char *
make (gsize size)
{
  guint8 random[TOKEN_BYTES];
  g_autoptr (GBytes) bytes = NULL;

  if (getentropy (random, size) != 0)
    g_error ("The kernel gives no randomness: %s", g_strerror (errno));
  bytes = g_bytes_new (random, size);
  return parlor_base64url_encode (bytes);
}

char *
parlor_token_new (void)
{
  return make (TOKEN_BYTES);
}

char *
parlor_token_new_id (void)
{
  return make (ID_BYTES);
}

/**
 * parlor_token_hash:
 * @token: (nullable): as it is spelled on the wire, where a token has one spelling
 *
 * Returns: its SHA-256, or zero for %NULL
 */
ParlorTokenHash
parlor_token_hash (const char *token)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  ParlorTokenHash hash = { { 0 } };
  gsize size = sizeof hash.bytes;

  if (token != NULL)
    {
      g_checksum_update (checksum, (const guchar *) token, -1);
      g_checksum_get_digest (checksum, hash.bytes, &size);
    }
  return hash;
}

gboolean
parlor_token_hash_equal (const ParlorTokenHash *a, const ParlorTokenHash *b)
{
  guint8 difference = 0;

  for (guint i = 0; i < PARLOR_TOKEN_HASH_SIZE; i++)
    difference |= a->bytes[i] ^ b->bytes[i];
  return difference == 0;
}
