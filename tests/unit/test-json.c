/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-error.h"
#include "parlor-json.h"
#include "parlor-message.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* The reader by itself; what it refuses is in vectors/invalid.json, which test-messages.c reads. */

static char *
compact (const char *text, const char *leave_out)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ParlorJsonText) json = parlor_json_read (text, strlen (text), leave_out, &error);

  g_assert_no_error (error);
  return g_strdup (json->compact);
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
  g_autoptr (ParlorJsonText) json = parlor_json_read (most, strlen (most), NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (parlor_json_text_get_root (json)->size, ==, PARLOR_JSON_MAX_MEMBERS + 1);
  g_assert_null (parlor_json_read (too_many, strlen (too_many), NULL, &error));
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

  g_assert_null (parlor_json_read ("{\"a\":1;}", 8, NULL, &error));
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
      g_autoptr (ParlorJsonText) json = parlor_json_read (copy ? copy : "", n, NULL, NULL);

      g_assert_cmpint (json != NULL, ==, n == length);
    }
}

/* The same value, and the same that comes after it. Returns what follows @value. */
static const ParlorJson *
assert_equal (const ParlorJson *value, JsonNode *node)
{
  const ParlorJson *inside = value + 1;

  switch (value->kind)
    {
    case PARLOR_JSON_OBJECT:
      {
        g_autoptr (GList) keys = json_object_get_members (json_node_get_object (node));

        for (GList *key = keys; key; key = key->next)
          {
            g_assert_cmpstr (inside->key, ==, key->data);
            g_assert_true (parlor_json_get (value, key->data) == inside);
            inside = assert_equal (inside, json_object_get_member (json_node_get_object (node), key->data));
          }
        break;
      }
    case PARLOR_JSON_ARRAY:
      for (guint i = 0; i < json_array_get_length (json_node_get_array (node)); i++)
        {
          g_assert_null (inside->key);
          inside = assert_equal (inside, json_array_get_element (json_node_get_array (node), i));
        }
      break;
    case PARLOR_JSON_TEXT:
      g_assert_cmpstr (value->text, ==, json_node_get_string (node));
      break;
    case PARLOR_JSON_WHOLE:
      g_assert_true (json_node_get_value_type (node) == G_TYPE_INT64);
      g_assert_cmpint (value->whole, ==, json_node_get_int (node));
      break;
    case PARLOR_JSON_NUMBER:
      g_assert_true (json_node_get_value_type (node) == G_TYPE_DOUBLE);
      break;
    case PARLOR_JSON_BOOLEAN:
      g_assert_cmpint (value->boolean, ==, json_node_get_boolean (node));
      break;
    case PARLOR_JSON_NULL:
    default:
      g_assert_true (JSON_NODE_HOLDS_NULL (node));
    }
  g_assert_cmpuint (value->size, ==, inside - value);
  return inside;
}

/* Whatever passes, json-glib reads, to the same values, and to the same meaning as what is forwarded. */
static void
test_agrees_with_json_glib (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (20240611);
  static const char *const tokens[] = { "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\\n\\u00e9\"", "1", "-9223372036854775808", "-2.5",
                                        "true", "false", "null", " " };
  guint n_accepted = 0;

  for (guint i = 0; i < 300000; i++)
    {
      g_autoptr (GString) text = g_string_new ("{\"a\":");
      g_autoptr (ParlorJsonText) json = NULL;

      for (gint n = g_rand_int_range (rand, 1, 12); n > 0; n--)
        g_string_append (text, tokens[g_rand_int_range (rand, 0, G_N_ELEMENTS (tokens))]);
      g_string_append_c (text, '}');
      json = parlor_json_read (text->str, text->len, NULL, NULL);
      if (json != NULL)
        {
          g_autoptr (JsonNode) one = NULL;
          g_autoptr (JsonNode) two = NULL;
          g_autoptr (GError) error = NULL;

          n_accepted++;
          one = json_from_string (text->str, &error);
          g_assert_no_error (error);
          assert_equal (parlor_json_text_get_root (json), one);
          two = json_from_string (json->compact, &error);
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
  g_test_add_func ("/json/compact", test_compact);
  g_test_add_func ("/json/members", test_members);
  g_test_add_func ("/json/equal-keys-elsewhere", test_equal_keys_elsewhere);
  g_test_add_func ("/json/says-where", test_says_where);
  g_test_add_func ("/json/every-prefix", test_every_prefix);
  g_test_add_func ("/json/agrees-with-json-glib", test_agrees_with_json_glib);
  return g_test_run ();
}
