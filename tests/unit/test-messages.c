/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-error.h"
#include "parlor-message.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* The vectors of tests/unit/vectors, byte by byte, and what a table cannot say. */

typedef struct
{
  char *name;
  ParlorDialect dialect;
  char *text;
  char *type;    /* valid ones */
  char *again;   /* nullable: what serializing it gives */
  char *forward; /* what a relay sends on, stamped r1 */
  char *says;    /* invalid ones: part of the error */
} Vector;

static void
vector_free (Vector *self)
{
  g_free (self->name);
  g_free (self->text);
  g_free (self->type);
  g_free (self->again);
  g_free (self->forward);
  g_free (self->says);
  g_free (self);
}

static char *
dup_member (JsonObject *object, const char *name)
{
  return g_strdup (json_object_get_string_member_with_default (object, name, NULL));
}

static void
add_vectors (GPtrArray *vectors, const char *file)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "vectors", file, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  JsonArray *array;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  array = json_node_get_array (json_parser_get_root (parser));
  g_assert_cmpuint (json_array_get_length (array), >, 0);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonObject *object = json_array_get_object_element (array, i);
      g_autofree char *dialect = dup_member (object, "dialect");
      Vector *vector = g_new0 (Vector, 1);

      vector->name = dup_member (object, "name");
      vector->dialect = g_str_equal (dialect, "seed") ? PARLOR_DIALECT_SEED : PARLOR_DIALECT_PARLOR;
      vector->text = dup_member (object, "text");
      vector->type = dup_member (object, "type");
      vector->again = dup_member (object, "again");
      vector->forward = dup_member (object, "forward");
      vector->says = dup_member (object, "says");
      g_ptr_array_add (vectors, vector);
    }
}

static GPtrArray *
read_vectors (const char *first, const char *second)
{
  GPtrArray *vectors = g_ptr_array_new_with_free_func ((GDestroyNotify) vector_free);

  add_vectors (vectors, first);
  if (second)
    add_vectors (vectors, second);
  return vectors;
}

static void
test_valid (void)
{
  g_autoptr (GPtrArray) vectors = read_vectors ("valid.json", NULL);

  for (guint i = 0; i < vectors->len; i++)
    {
      const Vector *vector = vectors->pdata[i];
      g_autoptr (GError) error = NULL;
      g_autoptr (ParlorMessage) message = parlor_message_parse (vector->text, -1, vector->dialect, &error);
      g_autoptr (ParlorMessage) copy = NULL;
      g_autofree char *again = NULL;
      g_autofree char *forward = NULL;

      g_test_message ("%s", vector->name);
      g_assert_no_error (error);
      g_assert_cmpstr (parlor_message_type_to_string (message->type), ==, vector->type);
      copy = parlor_message_copy (message);
      g_clear_pointer (&message, parlor_message_free);

      again = parlor_message_serialize (copy, vector->dialect);
      g_assert_cmpstr (again, ==, vector->again);
      forward = parlor_message_forward (copy, "r1");
      g_assert_cmpstr (forward, ==, vector->forward);
    }
}

static void
test_invalid (void)
{
  g_autoptr (GPtrArray) vectors = read_vectors ("invalid.json", NULL);

  for (guint i = 0; i < vectors->len; i++)
    {
      const Vector *vector = vectors->pdata[i];
      g_autoptr (GError) error = NULL;
      g_autoptr (ParlorMessage) message = parlor_message_parse (vector->text, -1, vector->dialect, &error);

      g_test_message ("%s: %s", vector->name, error ? error->message : "accepted");
      g_assert_null (message);
      g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_MESSAGE);
      g_assert_nonnull (strstr (error->message, vector->says));
    }
}

/* What JSON in JSON cannot hold. */
static void
test_bytes (void)
{
  static const struct
  {
    const char *bytes;
    gssize length;
  } cases[] = {
    { "{\"type\":\"bye\",\"x\":\"\xff\"}", -1 },
    { "{\"type\":\"bye\",\"x\":\"\xc0\x80\"}", -1 },
    { "{\"type\":\"bye\",\"x\":\"\xed\xa0\x80\"}", -1 },
    { "{\"type\":\"bye\"}\0", 15 },
    { "{\"type\":\"b\0e\"}", 14 },
    { "\0", 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (parlor_message_parse (cases[i].bytes, cases[i].length, PARLOR_DIALECT_PARLOR, &error));
      g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_MESSAGE);
    }
}

/* A frame need not end in NUL: what stands behind it is not read. */
static void
test_length (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ParlorMessage) message = parlor_message_parse ("{\"type\":\"bye\"}rest", 14, PARLOR_DIALECT_PARLOR, &error);

  g_assert_no_error (error);
  g_assert_cmpint (message->type, ==, PARLOR_MESSAGE_BYE);
}

/* (transfer full): a message of @size bytes, with @from in it if not NULL. */
static char *
message_of_size (gsize size, const char *from)
{
  g_autoptr (GString) text = g_string_new ("{");

  if (from)
    g_string_append_printf (text, "\"from\":\"%s\",", from);
  g_string_append (text, "\"type\":\"bye\",\"x\":\"");
  while (text->len < size - 2)
    g_string_append_c (text, 'x');
  g_string_append (text, "\"}");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
test_size (void)
{
  const char *longest_id = "abcdefghijklmnopqrstuvwxyz012345";
  g_autofree char *largest = message_of_size (PARLOR_WIRE_MAX_MESSAGE, NULL);
  g_autofree char *too_large = message_of_size (PARLOR_WIRE_MAX_MESSAGE + 1, NULL);
  g_autofree char *huge = message_of_size (4 * PARLOR_WIRE_MAX_MESSAGE, "a");
  g_autofree char *forwarded = NULL;
  g_autoptr (ParlorMessage) message = NULL;
  g_autoptr (ParlorMessage) received = NULL;
  g_autoptr (GError) error = NULL;

  message = parlor_message_parse (largest, -1, PARLOR_DIALECT_PARLOR, &error);
  g_assert_no_error (error);
  /* The relay's stamp never makes a message too large for the one who gets it. */
  forwarded = parlor_message_forward (message, longest_id);
  g_assert_cmpuint (strlen (forwarded), ==, PARLOR_WIRE_MAX_MESSAGE + 42);
  received = parlor_message_parse (forwarded, -1, PARLOR_DIALECT_PARLOR, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (received->from, ==, longest_id);

  g_assert_null (parlor_message_parse (too_large, -1, PARLOR_DIALECT_PARLOR, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_TOO_LARGE);
  g_clear_error (&error);
  g_assert_null (parlor_message_parse (huge, -1, PARLOR_DIALECT_PARLOR, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_TOO_LARGE);
}

static void
test_fields (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ParlorMessage) welcome = NULL;
  g_autoptr (ParlorMessage) ice = NULL;
  g_autoptr (ParlorMessage) unknown = NULL;
  const ParlorPeerInfo *peer;
  const ParlorIceServer *server;

  welcome = parlor_message_parse ("{\"type\":\"welcome\",\"id\":\"a1\",\"room\":\"r\",\"peers\":[{\"id\":\"b2\",\"name\":\"Bob\","
                                  "\"dialect\":\"seed\",\"in_call\":true}],\"ice_servers\":[{\"urls\":[\"turn:t:1\"],"
                                  "\"username\":\"u\",\"credential\":\"c\"}]}",
                                  -1, PARLOR_DIALECT_PARLOR, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (welcome->welcome.id, ==, "a1");
  g_assert_cmpstr (welcome->welcome.room, ==, "r");
  g_assert_cmpuint (welcome->welcome.peers->len, ==, 1);
  peer = welcome->welcome.peers->pdata[0];
  g_assert_cmpstr (peer->id, ==, "b2");
  g_assert_cmpstr (peer->name, ==, "Bob");
  g_assert_cmpint (peer->dialect, ==, PARLOR_DIALECT_SEED);
  g_assert_true (peer->in_call);
  server = welcome->welcome.ice_servers->pdata[0];
  g_assert_cmpstr (server->url, ==, "turn:t:1");
  g_assert_cmpstr (server->username, ==, "u");
  g_assert_cmpstr (server->credential, ==, "c");

  ice = parlor_message_parse ("{\"type\":\"ice\",\"from\":\"b2\",\"to\":\"a1\",\"call\":\"c\",\"generation\":3,"
                              "\"candidate\":{\"candidate\":\"x\"}}",
                              -1, PARLOR_DIALECT_PARLOR, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ice->from, ==, "b2");
  g_assert_cmpstr (ice->to, ==, "a1");
  g_assert_cmpstr (ice->call, ==, "c");
  g_assert_cmpuint (ice->generation, ==, 3);
  g_assert_cmpstr (ice->ice.candidate, ==, "x");
  g_assert_null (ice->ice.sdp_mid);
  g_assert_cmpint (ice->ice.sdp_mline_index, ==, -1);

  unknown = parlor_message_parse ("{\"type\":\"wave\",\"to\":\"b2\"}", -1, PARLOR_DIALECT_PARLOR, &error);
  g_assert_no_error (error);
  g_assert_cmpint (unknown->type, ==, PARLOR_MESSAGE_UNKNOWN);
  g_assert_cmpstr (unknown->type_name, ==, "wave");
  g_assert_cmpstr (unknown->to, ==, "b2");
}

static void
test_made_here (void)
{
  g_autoptr (ParlorMessage) accept = parlor_message_new_addressed (PARLOR_MESSAGE_ACCEPT, "b2", "c1");
  g_autoptr (ParlorMessage) error = parlor_message_new_error ("rate", NULL, "ring");
  g_autofree char *text = parlor_message_serialize (accept, PARLOR_DIALECT_PARLOR);
  g_autofree char *forwarded = parlor_message_forward (accept, "a1");
  g_autofree char *error_text = parlor_message_serialize (error, PARLOR_DIALECT_PARLOR);

  g_assert_cmpstr (text, ==, "{\"type\":\"accept\",\"to\":\"b2\",\"call\":\"c1\"}");
  g_assert_cmpstr (forwarded, ==, "{\"type\":\"accept\",\"from\":\"a1\",\"to\":\"b2\",\"call\":\"c1\"}");
  g_assert_cmpstr (error_text, ==, "{\"type\":\"error\",\"code\":\"rate\",\"about\":\"ring\"}");
  g_assert_null (parlor_message_serialize (accept, PARLOR_DIALECT_SEED));
  g_assert_null (parlor_message_serialize (error, PARLOR_DIALECT_SEED));
}

static void
test_unstamped (void)
{
  g_autoptr (ParlorMessage) message = parlor_message_parse ("{\"type\":\"bye\",\"from\":\"liar\",\"x\":1}", -1,
                                                            PARLOR_DIALECT_PARLOR, NULL);
  g_autofree char *text = parlor_message_forward (message, NULL);

  g_assert_cmpstr (text, ==, "{\"type\":\"bye\",\"x\":1}");
}

static void
test_rights (void)
{
  g_assert_true (parlor_message_type_is_relays (PARLOR_MESSAGE_WELCOME));
  g_assert_true (parlor_message_type_is_relays (PARLOR_MESSAGE_JOINED));
  g_assert_true (parlor_message_type_is_relays (PARLOR_MESSAGE_LEFT));
  g_assert_false (parlor_message_type_is_relays (PARLOR_MESSAGE_IN_CALL));
  g_assert_false (parlor_message_type_is_relays (PARLOR_MESSAGE_RING));
  g_assert_false (parlor_message_type_is_relays (PARLOR_MESSAGE_UNKNOWN));
  for (guint type = PARLOR_MESSAGE_RING; type <= PARLOR_MESSAGE_BYE; type++)
    g_assert_true (parlor_message_type_is_addressed (type));
  g_assert_false (parlor_message_type_is_addressed (PARLOR_MESSAGE_HELLO));
  g_assert_false (parlor_message_type_is_addressed (PARLOR_MESSAGE_IN_CALL));
  g_assert_false (parlor_message_type_is_addressed (PARLOR_MESSAGE_ERROR));
  g_assert_false (parlor_message_type_is_addressed (PARLOR_MESSAGE_STATE));
}

static void
test_alphabets (void)
{
  g_autofree char *id_32 = g_strnfill (32, 'Z');
  g_autofree char *id_33 = g_strnfill (33, 'Z');
  g_autofree char *room_64 = g_strnfill (64, 'z');
  g_autofree char *room_65 = g_strnfill (65, 'z');

  g_assert_true (parlor_wire_id_is_valid (id_32));
  g_assert_false (parlor_wire_id_is_valid (id_33));
  g_assert_true (parlor_wire_id_is_valid ("aZ09_-"));
  g_assert_false (parlor_wire_id_is_valid (""));
  g_assert_false (parlor_wire_id_is_valid (NULL));
  g_assert_false (parlor_wire_id_is_valid ("a.b"));
  g_assert_false (parlor_wire_id_is_valid ("\xc3\xa9"));
  g_assert_true (parlor_wire_room_is_valid (room_64));
  g_assert_false (parlor_wire_room_is_valid (room_65));
  g_assert_true (parlor_wire_room_is_valid ("test-room-2"));
  g_assert_false (parlor_wire_room_is_valid ("Test"));
  g_assert_false (parlor_wire_room_is_valid ("a_b"));
  g_assert_false (parlor_wire_room_is_valid (""));
  g_assert_false (parlor_wire_room_is_valid (NULL));
}

static void
test_clean_name (void)
{
  static const struct
  {
    const char *name, *clean;
  } cases[] = {
    { "Ada", "Ada" },
    { "  Ada Lovelace\n", "Ada Lovelace" },
    { "A\x01"
      "d\xe2\x80\xae"
      "a\xe2\x81\xa6",
      "Ada" },
    { "\xd7\x93\xd7\xa0\xd7\x94", "\xd7\x93\xd7\xa0\xd7\x94" },
    { "A\xff", "A\xef\xbf\xbd" },
    { "", "Guest" },
    { NULL, "Guest" },
    { " \t ", "Guest" },
    { "\xe2\x80\xae", "Guest" },
    { "\xe2\x80\x8b", "Guest" }, /* a space of no width */
    { "0123456789012345678901234567890123456789012345678901234567890123456789",
      "0123456789012345678901234567890123456789012345678901234567890123" },
    { "012345678901234567890123456789012345678901234567890123456789012 x",
      "012345678901234567890123456789012345678901234567890123456789012" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *clean = parlor_wire_clean_name (cases[i].name);

      g_assert_cmpstr (clean, ==, cases[i].clean);
    }
}

/* Bytes of vectors changed, doubled, cut and glued: nothing may crash, warn or leak out of the rules. */
static void
test_mutations (void)
{
  g_autoptr (GPtrArray) vectors = read_vectors ("valid.json", "invalid.json");
  g_autoptr (GRand) rand = g_rand_new_with_seed (20240611);
  static const char alphabet[] = "{}[]\",:\\u0019eE+-.\x01\x80\xff\xc3tnf ";
  guint n_accepted = 0;

  for (guint i = 0; i < 20000; i++)
    {
      const Vector *one = vectors->pdata[g_rand_int_range (rand, 0, vectors->len)];
      const Vector *two = vectors->pdata[g_rand_int_range (rand, 0, vectors->len)];
      g_autoptr (GString) text = g_string_new (one->text);
      ParlorDialect dialect = g_rand_boolean (rand) ? PARLOR_DIALECT_SEED : PARLOR_DIALECT_PARLOR;
      g_autoptr (ParlorMessage) message = NULL;

      for (gint n = g_rand_int_range (rand, 1, 4); n > 0 && text->len > 0; n--)
        {
          gsize at = g_rand_int_range (rand, 0, text->len);

          switch (g_rand_int_range (rand, 0, 5))
            {
            case 0:
              text->str[at] = alphabet[g_rand_int_range (rand, 0, sizeof alphabet - 1)];
              break;
            case 1:
              text->str[at] ^= 1 << g_rand_int_range (rand, 0, 8);
              break;
            case 2:
              g_string_erase (text, at, g_rand_int_range (rand, 0, text->len - at + 1));
              break;
            case 3:
              g_string_insert_c (text, at, alphabet[g_rand_int_range (rand, 0, sizeof alphabet - 1)]);
              break;
            default:
              g_string_truncate (text, at);
              g_string_append (text, two->text + MIN (at, strlen (two->text)));
            }
        }

      message = parlor_message_parse (text->str, text->len, dialect, NULL);
      if (message)
        {
          g_autofree char *forward = parlor_message_forward (message, "r1");
          g_autofree char *again = parlor_message_serialize (message, dialect);
          g_autoptr (ParlorMessage) received = NULL;
          g_autoptr (GError) error = NULL;

          n_accepted++;
          received = parlor_message_parse (forward, -1, PARLOR_DIALECT_PARLOR, &error);
          g_assert_no_error (error);
          g_assert_cmpstr (received->from, ==, "r1");
          if (again)
            {
              g_autoptr (ParlorMessage) reread = parlor_message_parse (again, -1, dialect, &error);

              g_assert_no_error (error);
              g_assert_cmpint (reread->type, ==, message->type);
            }
        }
    }
  g_assert_cmpuint (n_accepted, >, 100);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/messages/valid", test_valid);
  g_test_add_func ("/messages/invalid", test_invalid);
  g_test_add_func ("/messages/bytes", test_bytes);
  g_test_add_func ("/messages/length", test_length);
  g_test_add_func ("/messages/size", test_size);
  g_test_add_func ("/messages/fields", test_fields);
  g_test_add_func ("/messages/made-here", test_made_here);
  g_test_add_func ("/messages/unstamped", test_unstamped);
  g_test_add_func ("/messages/rights", test_rights);
  g_test_add_func ("/messages/alphabets", test_alphabets);
  g_test_add_func ("/messages/clean-name", test_clean_name);
  g_test_add_func ("/messages/mutations", test_mutations);
  return g_test_run ();
}
