/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-trust"

#include "config.h"

#include "parlor-proof.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

/*
 * Proofs: what is hashed and what is compared when two prove to each other that they hold an invite's key
 * (PROTOCOL.md, "Trust"). Pure functions, any thread. As in parlor-keys.c, a machine without SHA-256 or random numbers
 * has no safe way on and aborts.
 */

#define EMOJI_BITS 6

/* L(): each field with its length before it, so that no two lists of fields give the same bytes. */
static void
append_field (GByteArray *list, gconstpointer data, gsize size)
{
  guint32 length = GUINT32_TO_BE ((guint32) size);

  g_byte_array_append (list, (const guint8 *) &length, sizeof length);
  if (size)
    g_byte_array_append (list, data, size);
}

static void
append_text (GByteArray *list, const char *text)
{
  append_field (list, text, strlen (text));
}

/* @bytes may be %NULL: an empty field. */
static void
append_bytes (GByteArray *list, GBytes *bytes)
{
  gsize size = 0;
  gconstpointer data = bytes ? g_bytes_get_data (bytes, &size) : NULL;

  append_field (list, data, size);
}

static GByteArray *
new_list (const char *purpose)
{
  GByteArray *list = g_byte_array_new ();

  append_text (list, "parlor.1");
  append_text (list, purpose);
  return list;
}

static GBytes *
hash (gconstpointer data, gsize size)
{
  guint8 digest[PARLOR_PROOF_DIGEST_SIZE];
  int status = gnutls_hash_fast (GNUTLS_DIG_SHA256, data, size, digest);

  if (status < 0)
    g_error ("No SHA-256: %s", gnutls_strerror (status));
  return g_bytes_new (digest, sizeof digest);
}

/* What offer and answer have in common: who says what to whom, where and in which call. */
static GByteArray *
new_transcript (const ParlorProofContext *context, const char *purpose, const char *from, const char *to, const char *sdp)
{
  GByteArray *list = new_list (purpose);
  g_autoptr (GBytes) sdp_hash = hash (sdp, strlen (sdp));
  char generation[16];

  g_snprintf (generation, sizeof generation, "%u", context->generation);
  append_text (list, context->room);
  append_text (list, context->call);
  append_text (list, from);
  append_text (list, to);
  append_text (list, generation);
  append_bytes (list, sdp_hash);
  return list;
}

GBytes *
parlor_proof_new_nonce (void)
{
  guint8 nonce[PARLOR_PROOF_DIGEST_SIZE];
  int status = gnutls_rnd (GNUTLS_RND_KEY, nonce, sizeof nonce);

  if (status < 0)
    g_error ("No random numbers: %s", gnutls_strerror (status));
  return g_bytes_new (nonce, sizeof nonce);
}

GBytes *
parlor_proof_commit (GBytes *nonce)
{
  g_autoptr (GByteArray) list = new_list ("commit");

  append_bytes (list, nonce);
  return hash (list->data, list->len);
}

GBytes *
parlor_proof_offer_transcript (const ParlorProofContext *context, const char *sdp, GBytes *commit)
{
  GByteArray *list = new_transcript (context, "offer", context->offerer, context->answerer, sdp);

  append_bytes (list, commit);
  return g_byte_array_free_to_bytes (list);
}

GBytes *
parlor_proof_answer_transcript (const ParlorProofContext *context,
                                const char *sdp,
                                GBytes *nonce,
                                GBytes *offer_transcript)
{
  GByteArray *list = new_transcript (context, "answer", context->answerer, context->offerer, sdp);
  g_autoptr (GBytes) offer_hash = parlor_proof_hash (offer_transcript);

  append_bytes (list, nonce);
  append_bytes (list, offer_hash);
  return g_byte_array_free_to_bytes (list);
}

GBytes *
parlor_proof_hash (GBytes *transcript)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (transcript, &size);

  return hash (data, size);
}

GBytes *
parlor_proof_mac (GBytes *key, GBytes *transcript)
{
  guint8 mac[PARLOR_PROOF_DIGEST_SIZE];
  int status = gnutls_hmac_fast (GNUTLS_MAC_SHA256, g_bytes_get_data (key, NULL), g_bytes_get_size (key),
                                 g_bytes_get_data (transcript, NULL), g_bytes_get_size (transcript), mac);

  if (status < 0)
    g_error ("No HMAC-SHA256: %s", gnutls_strerror (status));
  return g_bytes_new (mac, sizeof mac);
}

gboolean
parlor_proof_equal (GBytes *one, GBytes *other)
{
  gsize size = g_bytes_get_size (one);

  return size == g_bytes_get_size (other)
         && gnutls_memcmp (g_bytes_get_data (one, NULL), g_bytes_get_data (other, NULL), size) == 0;
}

void
parlor_proof_emoji (GBytes *answer_hash, GBytes *offerer_nonce, guint *indices)
{
  g_autoptr (GByteArray) list = new_list ("emoji");
  g_autoptr (GBytes) digest = NULL;
  const guint8 *bytes;
  guint32 bits;

  append_bytes (list, answer_hash);
  append_bytes (list, offerer_nonce);
  digest = hash (list->data, list->len);
  bytes = g_bytes_get_data (digest, NULL);
  bits = (guint32) bytes[0] << 24 | (guint32) bytes[1] << 16 | (guint32) bytes[2] << 8 | bytes[3];
  for (guint i = 0; i < PARLOR_PROOF_N_EMOJI; i++)
    indices[i] = bits >> (32 - EMOJI_BITS * (i + 1)) & ((1u << EMOJI_BITS) - 1);
}

GBytes *
parlor_proof_identity_text (GBytes *answer_hash, gboolean offerer)
{
  GByteArray *list = new_list ("identity");

  append_bytes (list, answer_hash);
  append_text (list, offerer ? "offerer" : "answerer");
  return g_byte_array_free_to_bytes (list);
}
