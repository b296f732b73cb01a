/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-base64url.h"
#include "parlor-call-keys.h"
#include "parlor-emoji.h"
#include "parlor-keys.h"
#include "parlor-proof.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* vectors/proof.json, which test-proof-vectors.py computes anew with Python's hashlib and hmac. */

static JsonObject *
load (JsonParser *parser)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "vectors", "proof.json", NULL);
  g_autoptr (GError) error = NULL;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  return json_node_get_object (json_parser_get_root (parser));
}

/* (transfer full) (nullable): NULL for an empty text. */
static GBytes *
bytes_of (JsonObject *object, const char *field, gsize size)
{
  const char *text = json_object_get_string_member (object, field);
  GBytes *bytes = *text ? parlor_base64url_decode (text, strlen (text), size) : NULL;

  g_assert_true (!*text || bytes);
  return bytes;
}

static void
assert_encoded (GBytes *bytes, JsonObject *object, const char *field)
{
  g_autofree char *text = bytes ? parlor_base64url_encode (bytes) : g_strdup ("");

  g_assert_cmpstr (text, ==, json_object_get_string_member (object, field));
}

static void
assert_macs (const ParlorCallKeys *keys, GBytes *transcript, JsonObject *macs)
{
  g_autoptr (GBytes) app = parlor_proof_mac (parlor_call_keys_get_app (keys), transcript);
  g_autoptr (GBytes) guest = parlor_proof_mac (parlor_call_keys_get_guest (keys), transcript);

  assert_encoded (app, macs, "app");
  assert_encoded (guest, macs, "guest");
  g_assert_true (parlor_proof_equal (app, app));
  g_assert_false (parlor_proof_equal (app, guest));
}

static ParlorCallKeys *
check_keys (JsonObject *given, JsonObject *then)
{
  g_autoptr (GBytes) key = bytes_of (given, "key", 16);
  g_autoptr (GBytes) guest_key = bytes_of (then, "guest_key", 16);
  g_autoptr (GBytes) derived = parlor_keys_derive_guest_key (key);
  g_autoptr (ParlorCallKeys) keys = parlor_call_keys_new (json_object_get_string_member (given, "room"), key, NULL);
  g_autoptr (ParlorCallKeys) guests = parlor_call_keys_new ("r", NULL, guest_key);
  g_autofree char *ticket = parlor_call_keys_new_ticket (keys);
  g_autofree char *guests_ticket = parlor_call_keys_new_ticket (guests);

  assert_encoded (derived, then, "guest_key");
  assert_encoded (parlor_call_keys_get_app (keys), then, "app_proof_key");
  assert_encoded (parlor_call_keys_get_guest (keys), then, "guest_proof_key");
  assert_encoded (parlor_call_keys_get_guest (guests), then, "guest_proof_key");
  g_assert_null (parlor_call_keys_get_app (guests));
  g_assert_cmpstr (ticket, ==, json_object_get_string_member (then, "ticket"));
  g_assert_cmpstr (guests_ticket, ==, ticket);
  return g_steal_pointer (&keys);
}

static void
check_emoji (GBytes *answer_hash, GBytes *nonce, JsonArray *expected)
{
  guint indices[PARLOR_PROOF_N_EMOJI];

  parlor_proof_emoji (answer_hash, nonce, indices);
  for (guint i = 0; i < PARLOR_PROOF_N_EMOJI; i++)
    g_assert_cmpuint (indices[i], ==, json_array_get_int_element (expected, i));
}

static void
check_identity_texts (GBytes *answer_hash, JsonObject *texts)
{
  for (guint offerer = 0; offerer < 2; offerer++)
    {
      g_autoptr (GBytes) text = parlor_proof_identity_text (answer_hash, offerer);
      g_autoptr (GString) hex = g_string_new (NULL);
      gsize size;
      const guint8 *data = g_bytes_get_data (text, &size);

      for (gsize i = 0; i < size; i++)
        g_string_append_printf (hex, "%02x", data[i]);
      g_assert_cmpstr (hex->str, ==, json_object_get_string_member (texts, offerer ? "offerer" : "answerer"));
    }
}

static void
check_exchange (JsonObject *given, JsonObject *then)
{
  g_autoptr (ParlorCallKeys) keys = check_keys (given, then);
  const ParlorProofContext context = {
    .room = parlor_call_keys_get_room (keys),
    .call = json_object_get_string_member (given, "call"),
    .offerer = json_object_get_string_member (given, "offerer"),
    .answerer = json_object_get_string_member (given, "answerer"),
    .generation = json_object_get_int_member (given, "generation"),
  };
  g_autoptr (GBytes) nonce_a = bytes_of (given, "offerer_nonce", PARLOR_PROOF_DIGEST_SIZE);
  g_autoptr (GBytes) nonce_b = bytes_of (given, "answerer_nonce", PARLOR_PROOF_DIGEST_SIZE);
  g_autoptr (GBytes) commit = nonce_a ? parlor_proof_commit (nonce_a) : NULL;
  g_autoptr (GBytes) offer = parlor_proof_offer_transcript (&context, json_object_get_string_member (given, "offer_sdp"), commit);
  g_autoptr (GBytes) answer = parlor_proof_answer_transcript (&context, json_object_get_string_member (given, "answer_sdp"),
                                                              nonce_b, offer);
  g_autoptr (GBytes) offer_hash = parlor_proof_hash (offer);
  g_autoptr (GBytes) answer_hash = parlor_proof_hash (answer);

  assert_encoded (commit, then, "commit");
  assert_encoded (offer_hash, then, "offer_hash");
  assert_encoded (answer_hash, then, "answer_hash");
  assert_macs (keys, offer, json_object_get_object_member (then, "offer_proof"));
  assert_macs (keys, answer, json_object_get_object_member (then, "answer_proof"));
  check_identity_texts (answer_hash, json_object_get_object_member (then, "identity_texts"));
  if (nonce_a)
    check_emoji (answer_hash, nonce_a, json_object_get_array_member (then, "emoji"));
}

static void
test_vectors (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *exchanges = json_object_get_array_member (load (parser), "exchanges");

  g_assert_cmpuint (json_array_get_length (exchanges), >, 5);
  for (guint i = 0; i < json_array_get_length (exchanges); i++)
    {
      JsonObject *exchange = json_array_get_object_element (exchanges, i);

      g_test_message ("%s", json_object_get_string_member (exchange, "name"));
      check_exchange (json_object_get_object_member (exchange, "given"), json_object_get_object_member (exchange, "then"));
    }
}

/* Whatever is changed, the proof is another one: a relay can exchange nothing. */
static void
test_everything_counts (void)
{
  static const struct
  {
    ParlorProofContext context;
    const char *sdp;
    gboolean nonce;
  } rows[] = {
    { { "room", "call", "a", "b", 1 }, "v=0", TRUE },
    { { "mood", "call", "a", "b", 1 }, "v=0", TRUE },
    { { "room", "ball", "a", "b", 1 }, "v=0", TRUE },
    { { "room", "call", "c", "b", 1 }, "v=0", TRUE },
    { { "room", "call", "a", "c", 1 }, "v=0", TRUE },
    { { "room", "call", "b", "a", 1 }, "v=0", TRUE },
    { { "room", "call", "a", "b", 2 }, "v=0", TRUE },
    { { "room", "call", "a", "b", 1 }, "v=1", TRUE },
    { { "room", "call", "a", "b", 1 }, "v=0\r\n", TRUE },
    { { "room", "call", "a", "b", 1 }, "v=0", FALSE },
    { { "roomc", "all", "a", "b", 1 }, "v=0", TRUE },
    { { "room", "call", "ab", "", 1 }, "v=0", TRUE },
  };
  g_autoptr (GHashTable) hashes = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  g_autoptr (GBytes) nonce = g_bytes_new_static ("0123456789abcdef0123456789abcdef", PARLOR_PROOF_DIGEST_SIZE);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      GBytes *extra = rows[i].nonce ? nonce : NULL;
      g_autoptr (GBytes) offer = parlor_proof_offer_transcript (&rows[i].context, rows[i].sdp, extra);
      g_autoptr (GBytes) answer = parlor_proof_answer_transcript (&rows[i].context, rows[i].sdp, extra, offer);

      /* An offer is no answer either. */
      g_assert_true (g_hash_table_add (hashes, parlor_proof_hash (offer)));
      g_assert_true (g_hash_table_add (hashes, parlor_proof_hash (answer)));
    }
}

static void
test_nonces (void)
{
  g_autoptr (GBytes) one = parlor_proof_new_nonce ();
  g_autoptr (GBytes) two = parlor_proof_new_nonce ();
  g_autoptr (GBytes) half = g_bytes_new_from_bytes (one, 0, 16);

  g_assert_cmpuint (g_bytes_get_size (one), ==, PARLOR_PROOF_DIGEST_SIZE);
  g_assert_false (parlor_proof_equal (one, two));
  g_assert_false (parlor_proof_equal (one, half));
  g_assert_true (parlor_proof_equal (half, half));
}

/* Every bit of the 30 counts, and every picture comes up: of 64, one is missed in 2000 draws of five with p < 1e-66. */
static void
test_emoji (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *table = json_object_get_array_member (load (parser), "emoji");
  g_autoptr (GBytes) answer_hash = parlor_proof_new_nonce ();
  guint seen[PARLOR_PROOF_N_EMOJI][PARLOR_EMOJI_COUNT] = { 0 };

  g_assert_cmpuint (json_array_get_length (table), ==, PARLOR_EMOJI_COUNT);
  for (guint i = 0; i < PARLOR_EMOJI_COUNT; i++)
    {
      JsonArray *entry = json_array_get_array_element (table, i);

      g_assert_cmpstr (parlor_emoji_get (i)->glyph, ==, json_array_get_string_element (entry, 0));
      g_assert_cmpstr (parlor_emoji_get (i)->name, ==, json_array_get_string_element (entry, 1));
    }
  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (GBytes) nonce = parlor_proof_new_nonce ();
      guint indices[PARLOR_PROOF_N_EMOJI];

      parlor_proof_emoji (answer_hash, nonce, indices);
      for (guint at = 0; at < PARLOR_PROOF_N_EMOJI; at++)
        {
          g_assert_cmpuint (indices[at], <, PARLOR_EMOJI_COUNT);
          seen[at][indices[at]]++;
        }
    }
  for (guint at = 0; at < PARLOR_PROOF_N_EMOJI; at++)
    for (guint i = 0; i < PARLOR_EMOJI_COUNT; i++)
      g_assert_cmpuint (seen[at][i], >, 0);
}

static void
test_no_key (void)
{
  g_autoptr (ParlorCallKeys) keys = parlor_call_keys_new ("", NULL, NULL);
  g_autoptr (ParlorCallKeys) again = parlor_call_keys_ref (keys);

  g_assert_cmpstr (parlor_call_keys_get_room (again), ==, "");
  g_assert_null (parlor_call_keys_get_app (keys));
  g_assert_null (parlor_call_keys_get_guest (keys));
  g_assert_null (parlor_call_keys_new_ticket (keys));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/proofs/vectors", test_vectors);
  g_test_add_func ("/proofs/everything-counts", test_everything_counts);
  g_test_add_func ("/proofs/nonces", test_nonces);
  g_test_add_func ("/proofs/emoji", test_emoji);
  g_test_add_func ("/proofs/no-key", test_no_key);
  return g_test_run ();
}
