/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-error.h"
#include "parlor-json-guard.h"
#include "parlor-message.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* The guard by itself; what it refuses is in vectors/invalid.json, which test-messages.c reads. */

static char *
compact (const char *text, const char *leave_out)
{
  g_autoptr (GError) error = NULL;
  char *result = NULL;

  parlor_json_guard_check (text, strlen (text), leave_out, &result, &error);
  g_assert_no_error (error);
  return result;
}

static void
test_compact (void)
{
  static const struct
  {
    const char *text, *leave_out, *compact;
  } cases[] = {
    { "{}", NULL, "{}" },
    { "\t{ }\n", NULL, "{}" },
    { "{ \"a\" : [ 1 , true , null , false , { } ] }", NULL, "{\"a\":[1,true,null,false,{}]}" },
    { "{\"a b\":\" c \"}", NULL, "{\"a b\":\" c \"}" },
    { "{\"x\":1}", "x", "{}" },
    { "{\"x\":1,\"a\":2}", "x", "{\"a\":2}" },
    { "{\"a\":2,\"x\":1}", "x", "{\"a\":2}" },
    { "{\"a\":2,\"x\":{\"y\":[1,{\"x\":2}]},\"b\":3}", "x", "{\"a\":2,\"b\":3}" },
    { "{\"a\":{\"x\":1},\"\\u0078\":[]}", "x", "{\"a\":{\"x\":1}}" }, /* the outermost alone, however it is spelled */
    { "{\"a\":0.10,\"b\":1E2,\"c\":-0.0}", NULL, "{\"a\":0.10,\"b\":1E2,\"c\":-0.0}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *result = compact (cases[i].text, cases[i].leave_out);

      g_assert_cmpstr (result, ==, cases[i].compact);
    }
}

/* (transfer full): an object of @n members. */
static char *
object_with (guint n)
{
  g_autoptr (GString) text = g_string_new ("{");

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s\"%u\":0", i ? "," : "", i);
  g_string_append_c (text, '}');
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
test_members (void)
{
  g_autofree char *most = object_with (PARLOR_JSON_MAX_MEMBERS);
  g_autofree char *too_many = object_with (PARLOR_JSON_MAX_MEMBERS + 1);
  g_autoptr (GError) error = NULL;

  g_assert_true (parlor_json_guard_check (most, strlen (most), NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (parlor_json_guard_check (too_many, strlen (too_many), NULL, NULL, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_MESSAGE);
}

/* Keys of siblings and of different levels may be equal. */
static void
test_equal_keys_elsewhere (void)
{
  g_autofree char *result = compact ("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":2}]}", NULL);

  g_assert_nonnull (result);
}

static void
test_says_where (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (parlor_json_guard_check ("{\"a\":1;}", 8, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "(at byte 6)"));
}

/* The text may end at any byte, and nothing behind it is read: run under ASan, the copy has no byte to spare. */
static void
test_every_prefix (void)
{
  const char *text = "{\"a\\u0041\\ud83d\\ude00\":[-1.5e+3,true,{\"b\":\"\xc3\xa9\\n\"}],\"c\":null}";
  gsize length = strlen (text);

  for (gsize n = 0; n <= length; n++)
    {
      g_autofree char *copy = g_memdup2 (text, n);
      gboolean good = parlor_json_guard_check (copy ? copy : "", n, NULL, NULL, NULL);

      g_assert_cmpint (good, ==, n == length);
    }
}

/* Whatever passes, json-glib reads, to the same meaning as what it forwards. */
static void
test_agrees_with_json_glib (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (20240611);
  static const char *const tokens[] = { "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\"", "1", "-2.5", "true", "null", " " };
  guint n_accepted = 0;

  for (guint i = 0; i < 300000; i++)
    {
      g_autoptr (GString) text = g_string_new ("{\"a\":");
      g_autofree char *result = NULL;

      for (gint n = g_rand_int_range (rand, 1, 7); n > 0; n--)
        g_string_append (text, tokens[g_rand_int_range (rand, 0, G_N_ELEMENTS (tokens))]);
      g_string_append_c (text, '}');
      if (parlor_json_guard_check (text->str, text->len, NULL, &result, NULL))
        {
          g_autoptr (JsonNode) one = NULL;
          g_autoptr (JsonNode) two = NULL;
          g_autoptr (GError) error = NULL;

          n_accepted++;
          one = json_from_string (text->str, &error);
          g_assert_no_error (error);
          two = json_from_string (result, &error);
          g_assert_no_error (error);
          g_assert_true (json_node_equal (one, two));
        }
    }
  g_assert_cmpuint (n_accepted, >, 1000);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guard/compact", test_compact);
  g_test_add_func ("/guard/members", test_members);
  g_test_add_func ("/guard/equal-keys-elsewhere", test_equal_keys_elsewhere);
  g_test_add_func ("/guard/says-where", test_says_where);
  g_test_add_func ("/guard/every-prefix", test_every_prefix);
  g_test_add_func ("/guard/agrees-with-json-glib", test_agrees_with_json_glib);
  return g_test_run ();
}
