/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-base64url.h"
#include "parlor-error.h"
#include "parlor-identity.h"
#include "parlor-proof.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

/* The lasting key: kept, read again, never replaced by itself; signatures of ours and of OpenSSL's (vectors/proof.json). */

static char *
new_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("parlor-identity-XXXXXX", &error);

  g_assert_no_error (error);
  return folder;
}

static void
remove_folder (char *folder)
{
  g_autofree char *path = g_build_filename (folder, "identity.pem", NULL);

  g_remove (path);
  g_assert_cmpint (g_rmdir (folder), ==, 0); /* and nothing else was left there */
  g_free (folder);
}

static ParlorIdentity *
load (const char *folder)
{
  g_autoptr (GError) error = NULL;
  ParlorIdentity *identity = parlor_identity_load (folder, &error);

  g_assert_no_error (error);
  return identity;
}

static void
assert_same (ParlorIdentity *one, ParlorIdentity *other, gboolean same)
{
  g_assert_true (g_bytes_equal (parlor_identity_get_key (one), parlor_identity_get_key (other)) == same);
}

static void
test_kept (void)
{
  char *folder = new_folder ();
  g_autofree char *path = g_build_filename (folder, "identity.pem", NULL);
  g_autoptr (ParlorIdentity) first = load (folder);
  g_autoptr (ParlorIdentity) second = load (folder);
  g_autoptr (ParlorIdentity) reset = parlor_identity_reset (folder, NULL);
  g_autoptr (ParlorIdentity) third = load (folder);
  GStatBuf info;

  g_assert_cmpuint (g_bytes_get_size (parlor_identity_get_key (first)), ==, PARLOR_IDENTITY_KEY_SIZE);
  assert_same (first, second, TRUE);
  assert_same (first, reset, FALSE);
  assert_same (reset, third, TRUE);
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0600);
  remove_folder (folder);
}

static void
test_new_folder (void)
{
  char *folder = new_folder ();
  g_autofree char *inner = g_build_filename (folder, "deeper", NULL);
  g_autofree char *path = g_build_filename (inner, "identity.pem", NULL);
  g_autoptr (ParlorIdentity) identity = load (inner);
  GStatBuf info;

  g_assert_cmpint (g_stat (inner, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0700);
  g_remove (path);
  g_assert_cmpint (g_rmdir (inner), ==, 0);
  remove_folder (folder);
}

/* What cannot be read is an error, and stays as it is. */
static void
test_spoiled (void)
{
  static const char *const texts[] = {
    "",
    "nonsense",
    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    /* A key, but of another curve. */
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n",
  };
  char *folder = new_folder ();
  g_autofree char *path = g_build_filename (folder, "identity.pem", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *after = NULL;

      g_assert_true (g_file_set_contents (path, texts[i], -1, NULL));
      g_assert_null (parlor_identity_load (folder, &error));
      g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_FAILED);
      g_assert_true (g_file_get_contents (path, &after, NULL, NULL));
      g_assert_cmpstr (after, ==, texts[i]);
    }
  remove_folder (folder);
}

static void
test_no_folder (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (parlor_identity_load ("/dev/null/parlor", &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_FAILED);
}

static GBytes *
flipped (GBytes *bytes, gsize at)
{
  g_autoptr (GByteArray) copy = g_byte_array_new ();

  g_byte_array_append (copy, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  copy->data[at] ^= 1;
  return g_byte_array_free_to_bytes (g_steal_pointer (&copy));
}

/* Any bit of text, key or signature counts; nothing that is not a key or a signature gets far. */
static void
assert_tight (GBytes *key, GBytes *text, GBytes *signature)
{
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
  g_autoptr (GBytes) zeros = g_bytes_new_take (g_malloc0 (PARLOR_IDENTITY_KEY_SIZE), PARLOR_IDENTITY_KEY_SIZE);
  g_autoptr (GBytes) no_numbers = g_bytes_new_from_bytes (zeros, 0, PARLOR_IDENTITY_SIGNATURE_SIZE);
  g_autoptr (GBytes) long_signature = g_bytes_new_from_bytes (key, 0, PARLOR_IDENTITY_KEY_SIZE);

  g_assert_true (parlor_identity_verify (key, text, signature));
  for (gsize i = 0; i < PARLOR_IDENTITY_KEY_SIZE; i++)
    {
      g_autoptr (GBytes) wrong = flipped (key, i);

      g_assert_false (parlor_identity_verify (wrong, text, signature));
    }
  for (gsize i = 0; i < PARLOR_IDENTITY_SIGNATURE_SIZE; i++)
    {
      g_autoptr (GBytes) wrong = flipped (signature, i);

      g_assert_false (parlor_identity_verify (key, text, wrong));
    }
  for (gsize i = 0; i < g_bytes_get_size (text); i++)
    {
      g_autoptr (GBytes) wrong = flipped (text, i);

      g_assert_false (parlor_identity_verify (key, wrong, signature));
    }
  g_assert_false (parlor_identity_verify (key, nothing, signature));
  g_assert_false (parlor_identity_verify (nothing, text, signature));
  g_assert_false (parlor_identity_verify (zeros, text, signature));
  g_assert_false (parlor_identity_verify (key, text, nothing));
  g_assert_false (parlor_identity_verify (key, text, no_numbers));
  g_assert_false (parlor_identity_verify (key, text, long_signature));
}

/* Often enough for numbers that begin with a zero byte: one in 128 signatures has one. */
static void
test_signatures (void)
{
  g_autoptr (GBytes) text = g_bytes_new_static ("What is signed", 14);
  g_autoptr (GError) error = NULL;
  guint short_numbers = 0;

  for (guint i = 0; i < 1500; i++)
    {
      g_autoptr (ParlorIdentity) identity = parlor_identity_new (&error);
      g_autoptr (GBytes) signature = parlor_identity_sign (identity, text);
      const guint8 *numbers = g_bytes_get_data (signature, NULL);
      const guint8 *point = g_bytes_get_data (parlor_identity_get_key (identity), NULL);

      g_assert_true (parlor_identity_verify (parlor_identity_get_key (identity), text, signature));
      short_numbers += numbers[0] == 0 || numbers[32] == 0 || point[1] == 0 || point[33] == 0;
      if (i == 0)
        assert_tight (parlor_identity_get_key (identity), text, signature);
    }
  g_assert_cmpuint (short_numbers, >, 0); /* 1 - (1 - 1/64)^1500: else p < 1e-10 */
}

static GBytes *
bytes_of (JsonObject *object, const char *field, gsize size)
{
  const char *text = json_object_get_string_member (object, field);

  return parlor_base64url_decode (text, strlen (text), size);
}

static void
test_vectors (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "vectors", "proof.json", NULL);
  JsonObject *root;
  JsonArray *identities, *exchanges;

  g_assert_true (json_parser_load_from_file (parser, path, NULL));
  root = json_node_get_object (json_parser_get_root (parser));
  identities = json_object_get_array_member (root, "identities");
  exchanges = json_object_get_array_member (root, "exchanges");
  for (guint i = 0; i < json_array_get_length (identities); i++)
    {
      JsonObject *vector = json_array_get_object_element (identities, i);
      JsonObject *exchange = json_array_get_object_element (exchanges, json_object_get_int_member (vector, "exchange"));
      gboolean offerer = g_str_equal (json_object_get_string_member (vector, "role"), "offerer");
      g_autoptr (GBytes) answer_hash = bytes_of (json_object_get_object_member (exchange, "then"), "answer_hash", 32);
      g_autoptr (GBytes) text = parlor_proof_identity_text (answer_hash, offerer);
      g_autoptr (GBytes) other_text = parlor_proof_identity_text (answer_hash, !offerer);
      g_autoptr (GBytes) key = bytes_of (vector, "key", PARLOR_IDENTITY_KEY_SIZE);
      g_autoptr (GBytes) signature = bytes_of (vector, "signature", PARLOR_IDENTITY_SIGNATURE_SIZE);

      assert_tight (key, text, signature);
      g_assert_false (parlor_identity_verify (key, other_text, signature));
    }
  g_assert_cmpuint (json_array_get_length (identities), ==, 2);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identity/kept", test_kept);
  g_test_add_func ("/identity/new-folder", test_new_folder);
  g_test_add_func ("/identity/spoiled", test_spoiled);
  g_test_add_func ("/identity/no-folder", test_no_folder);
  g_test_add_func ("/identity/signatures", test_signatures);
  g_test_add_func ("/identity/vectors", test_vectors);
  return g_test_run ();
}
