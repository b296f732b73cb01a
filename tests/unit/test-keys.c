/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-base64url.h"
#include "parlor-keys.h"

#include <string.h>

/* Vectors made with Python's hmac and hashlib; "parlor.1 proof" over 00..0f is also the one of PROTOCOL.md. */

static GBytes *
counting_bytes (guint8 n)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  for (guint8 i = 0; i < n; i++)
    g_byte_array_append (bytes, &i, 1);
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

static void
assert_hex (GBytes *bytes, const char *hex)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  for (gsize i = 0; i < size; i++)
    g_string_append_printf (text, "%02x", data[i]);
  g_assert_cmpstr (text->str, ==, hex);
}

static void
test_derive (void)
{
  g_autoptr (GBytes) key = counting_bytes (16);
  g_autoptr (GBytes) guest_key = parlor_keys_derive_guest_key (key);
  g_autoptr (GBytes) proof = parlor_keys_derive (key, "parlor.1 proof");
  g_autoptr (GBytes) join = parlor_keys_derive (guest_key, "parlor.1 join");
  g_autoptr (GBytes) guest_proof = parlor_keys_derive (guest_key, "parlor.1 proof");

  assert_hex (guest_key, "36a05f86294a0ad7e6e8a275b775037f");
  assert_hex (proof, "e414f36882ef23184ed2283c9eabadbaea728c0c36c2591b721b3823dcad9d2f");
  assert_hex (join, "71e528c9a0c5969d4cb4058967d9e924aab300c85393589f97911a9028302997");
  assert_hex (guest_proof, "133de6071a3f1b44e7308cbc772d513ed23f1229ddc503667d1eb7ec778fbd2d");
}

static void
test_new_keys (void)
{
  g_autoptr (GBytes) one = parlor_keys_new_key ();
  g_autoptr (GBytes) two = parlor_keys_new_key ();
  g_autofree char *call = parlor_keys_new_call_id ();
  g_autofree char *other = parlor_keys_new_call_id ();
  g_autoptr (GBytes) call_bytes = parlor_base64url_decode (call, strlen (call), 16);

  g_assert_cmpuint (g_bytes_get_size (one), ==, 16);
  g_assert_false (g_bytes_equal (one, two));
  g_assert_nonnull (call_bytes);
  g_assert_cmpstr (call, !=, other);
}

/* Every letter comes up at every place: no bit of the 80 is lost. 2000 draws miss one with p < 1e-24. */
static void
test_new_rooms (void)
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
  guint seen[19][32] = { 0 };

  for (guint i = 0; i < 2000; i++)
    {
      g_autofree char *room = parlor_keys_new_room ();

      g_assert_cmpuint (strlen (room), ==, 19);
      for (guint at = 0; at < 19; at++)
        {
          const char *letter = strchr (letters, room[at]);

          if (at % 5 == 4)
            {
              g_assert_cmpint (room[at], ==, '-');
              continue;
            }
          g_assert_nonnull (letter);
          seen[at][letter - letters]++;
        }
    }
  for (guint at = 0; at < 19; at++)
    for (guint i = 0; at % 5 != 4 && i < 32; i++)
      g_assert_cmpuint (seen[at][i], >, 0);
}

static void
test_base64url (void)
{
  static const struct
  {
    const char *text;
    gsize size;
  } good[] = {
    { "", 0 },
    { "_w", 1 },
    { "-_8", 2 },
    { "AAECAwQFBgcICQoLDA0ODw", 16 },
    { "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", 32 },
  };
  static const struct
  {
    const char *text;
    gsize size;
  } bad[] = {
    { "A", 0 },
    { "", 1 },
    { "_w==", 1 }, /* padding */
    { "_x", 1 },   /* bits left over: the same byte in another spelling */
    { "+/8", 2 },  /* the other alphabet */
    { "-_9", 2 },  /* bits left over */
    { " _w", 1 },
    { "_w\n", 1 },
    { "AAECAwQFBgcICQoLDA0OD", 16 },   /* one short */
    { "AAECAwQFBgcICQoLDA0ODwA", 16 }, /* one long */
    { "AAECAwQFBgcICQoLDA0OD\xc3", 16 },
    { "AAECAwQFBgc.CQoLDA0ODw", 16 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GBytes) bytes = parlor_base64url_decode (good[i].text, strlen (good[i].text), good[i].size);
      g_autofree char *again = NULL;

      g_assert_nonnull (bytes);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, good[i].size);
      again = parlor_base64url_encode (bytes);
      g_assert_cmpstr (again, ==, good[i].text);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_null (parlor_base64url_decode (bad[i].text, strlen (bad[i].text), bad[i].size));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/keys/derive", test_derive);
  g_test_add_func ("/keys/new-keys", test_new_keys);
  g_test_add_func ("/keys/new-rooms", test_new_rooms);
  g_test_add_func ("/keys/base64url", test_base64url);
  return g_test_run ();
}
