/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-trust"

#include "config.h"

#include "parlor-keys.h"

#include "parlor-base64url.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

/*
 * Keys and names that nobody guesses, and what is derived from them (PROTOCOL.md, "Invites"). Pure functions, any
 * thread; GnuTLS keeps its own lock. Without random numbers or SHA-256 there is no safe way on, so their absence aborts:
 * neither can be brought about from the network.
 */

#define KEY_SIZE 16
#define DIGEST_SIZE 32 /* SHA-256 */
#define ROOM_SIZE 10   /* 80 bits: 16 letters of 5 bits */
#define ROOM_GROUP 4   /* letters between hyphens, to be read aloud */

static void
fill_random (guint8 *bytes, gsize size)
{
  int status = gnutls_rnd (GNUTLS_RND_KEY, bytes, size);

  if (status < 0)
    g_error ("No random numbers: %s", gnutls_strerror (status));
}

GBytes *
parlor_keys_new_key (void)
{
  guint8 key[KEY_SIZE];

  fill_random (key, sizeof key);
  return g_bytes_new (key, sizeof key);
}

GBytes *
parlor_keys_derive (GBytes *key, const char *info)
{
  guint8 pseudo_random_key[DIGEST_SIZE];
  guint8 result[DIGEST_SIZE];
  gnutls_datum_t key_datum = { (guint8 *) g_bytes_get_data (key, NULL), g_bytes_get_size (key) };
  gnutls_datum_t prk_datum = { pseudo_random_key, sizeof pseudo_random_key };
  gnutls_datum_t info_datum = { (guint8 *) info, strlen (info) };
  gnutls_datum_t no_salt = { NULL, 0 };
  int status;

  status = gnutls_hkdf_extract (GNUTLS_MAC_SHA256, &key_datum, &no_salt, pseudo_random_key);
  if (status >= 0)
    status = gnutls_hkdf_expand (GNUTLS_MAC_SHA256, &prk_datum, &info_datum, result, sizeof result);
  if (status < 0)
    g_error ("No HKDF-SHA256: %s", gnutls_strerror (status));
  return g_bytes_new (result, sizeof result);
}

GBytes *
parlor_keys_derive_guest_key (GBytes *key)
{
  g_autoptr (GBytes) derived = NULL;

  g_return_val_if_fail (g_bytes_get_size (key) == KEY_SIZE, NULL);

  derived = parlor_keys_derive (key, "parlor.1 guest");
  return g_bytes_new_from_bytes (derived, 0, KEY_SIZE);
}

char *
parlor_keys_new_room (void)
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567"; /* RFC 4648, section 6 */
  g_autoptr (GString) room = g_string_new (NULL);
  guint8 bytes[ROOM_SIZE];

  fill_random (bytes, sizeof bytes);
  for (guint i = 0; i < ROOM_SIZE * 8 / 5; i++)
    {
      guint first = i * 5;
      guint pair = bytes[first / 8] << 8 | bytes[MIN (first / 8 + 1, ROOM_SIZE - 1)];

      if (i > 0 && i % ROOM_GROUP == 0)
        g_string_append_c (room, '-');
      g_string_append_c (room, letters[pair >> (11 - first % 8) & 31]);
    }
  return g_string_free (g_steal_pointer (&room), FALSE);
}

char *
parlor_keys_new_call_id (void)
{
  g_autoptr (GBytes) id = parlor_keys_new_key ();

  return parlor_base64url_encode (id);
}
