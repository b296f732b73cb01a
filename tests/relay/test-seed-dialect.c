/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lab.h"

#include <string.h>

/* The seed's dialect: pages that send three bare messages to all others, among themselves and beside parlor.1. */

#define CALL "AAAAAAAAAAAAAAAAAAAAAA"

/* The next message of a seed page, which must be exactly this one. */
static void
hear_exactly (Client *client, const char *type, const char *name, const char *value)
{
  g_autoptr (JsonObject) object = client_hear (client, type);

  g_assert_cmpuint (json_object_get_size (object), ==, 2);
  g_assert_cmpstr (field (object, name), ==, value);
}

static void
test_among_seeds (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Client) sender = client_join_seed (lab, "/");
  g_autoptr (Client) one = client_join_seed (lab, "/");
  g_autoptr (Client) two = client_join_seed (lab, "/");
  Client *const receivers[] = { one, two };

  g_assert_cmpuint (parlor_relay_get_n_rooms (lab->relay), ==, 1);
  client_say (sender, "{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\",\"extra\":1,\"to\":\"x\",\"from\":\"y\"}");
  client_say (sender, "{\"type\":\"ice\",\"ice\":\"{\\\"candidate\\\":\\\"candidate:1 1 udp 1 127.0.0.1 9 typ host\\\","
                      "\\\"sdpMid\\\":\\\"0\\\",\\\"sdpMLineIndex\\\":0}\"}");
  for (guint i = 0; i < G_N_ELEMENTS (receivers); i++)
    {
      g_autoptr (JsonObject) ice = NULL;
      g_autoptr (JsonNode) candidate = NULL;

      hear_exactly (receivers[i], "offer", "sdp", "v=0\r\n");
      ice = client_hear (receivers[i], "ice");
      g_assert_cmpuint (json_object_get_size (ice), ==, 2);
      candidate = json_from_string (field (ice, "ice"), NULL);
      g_assert_cmpstr (field (json_node_get_object (candidate), "candidate"), ==,
                       "candidate:1 1 udp 1 127.0.0.1 9 typ host");
      g_assert_cmpint (json_object_get_int_member (json_node_get_object (candidate), "sdpMLineIndex"), ==, 0);
    }

  client_say (two, "{\"type\":\"answer\",\"sdp\":\"v=1\\r\\n\"}");
  hear_exactly (sender, "answer", "sdp", "v=1\r\n");
  hear_exactly (one, "answer", "sdp", "v=1\r\n");
  g_assert_cmpuint (two->heard.length, ==, 0);
}

static void
test_seen_by_parlor (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Client) anna = client_join (lab, "/room", "Anna");
  g_autoptr (Client) page = client_join_seed (lab, "/room");
  g_autoptr (Client) ben = client_open (lab, "/room", "parlor.1", NULL, NULL);
  g_autoptr (JsonObject) joined = client_hear (anna, "joined");
  g_autoptr (JsonObject) welcome = NULL;
  JsonObject *peer = json_object_get_object_member (joined, "peer");
  g_autofree char *id = g_strdup (field (peer, "id"));
  g_autoptr (JsonObject) left = NULL;

  g_assert_cmpstr (field (peer, "dialect"), ==, "seed");
  g_assert_false (json_object_get_boolean_member (peer, "in_call"));
  g_assert_nonnull (field (peer, "name"));

  client_say (ben, "{\"type\":\"hello\",\"name\":\"Ben\"}");
  welcome = client_hear (ben, "welcome");
  peer = json_array_get_object_element (json_object_get_array_member (welcome, "peers"), 1);
  g_assert_cmpstr (field (peer, "id"), ==, id);
  g_assert_cmpstr (field (peer, "dialect"), ==, "seed");
  json_object_unref (client_hear (anna, "joined"));

  client_close (page);
  left = client_hear (anna, "left");
  g_assert_cmpstr (field (left, "id"), ==, id);
  g_assert_cmpuint (page->heard.length, ==, 0); /* of joined, welcome and left it was told nothing */
}

static void
test_from_seed_to_parlor (void)
{
  static const struct
  {
    const char *said;
    const char *heard; /* what is added to type, from and to */
  } cases[] = {
    { "{\"type\":\"offer\",\"sdp\":\"v=0\"}", "\"type\":\"offer\",\"sdp\":\"v=0\"" },
    { "{\"type\":\"answer\",\"sdp\":\"v=0\",\"call\":\"" CALL "\"}", "\"type\":\"answer\",\"sdp\":\"v=0\"" },
    { "{\"type\":\"ice\",\"ice\":\"{\\\"candidate\\\":\\\"candidate:1\\\",\\\"sdpMid\\\":\\\"0\\\"}\"}",
      "\"type\":\"ice\",\"candidate\":{\"candidate\":\"candidate:1\",\"sdpMid\":\"0\"}" },
    { "{\"type\":\"ice\",\"ice\":{\"candidate\":\"candidate:1\",\"sdpMid\":\"0\"}}",
      "\"type\":\"ice\",\"candidate\":{\"candidate\":\"candidate:1\",\"sdpMid\":\"0\"}" },
  };
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Client) anna = client_join (lab, "/room", "Anna");
  g_autoptr (Client) ben = client_join (lab, "/room", "Ben");
  g_autoptr (Client) page = client_join_seed (lab, "/room");
  g_autoptr (JsonObject) joined = client_hear (ben, "joined");
  const char *id = field (json_object_get_object_member (joined, "peer"), "id");
  Client *const hearers[] = { anna, ben };

  json_object_unref (client_hear (anna, "joined"));
  json_object_unref (client_hear (anna, "joined"));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      client_say (page, "%s", cases[i].said);
      for (guint j = 0; j < G_N_ELEMENTS (hearers); j++)
        {
          g_autofree char *text = g_strdup_printf ("{%s,\"from\":\"%s\",\"to\":\"%s\"}", cases[i].heard, id,
                                                   hearers[j]->id);
          g_autoptr (JsonNode) expected = json_from_string (text, NULL);
          g_autoptr (JsonNode) heard = json_node_new (JSON_NODE_OBJECT);

          json_node_take_object (heard, client_hear (hearers[j], field (json_node_get_object (expected), "type")));
          g_assert_true (json_node_equal (expected, heard));
        }
    }
}

static void
test_from_parlor_to_seed (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Client) anna = client_join (lab, "/room", "Anna");
  g_autoptr (Client) page = client_join_seed (lab, "/room");
  g_autoptr (Client) other = client_join_seed (lab, "/room");
  g_autoptr (JsonObject) joined = client_hear (anna, "joined");
  const char *id = field (json_object_get_object_member (joined, "peer"), "id");
  static const char *const not_for_seeds[] = {
    "\"type\":\"ring\",\"call\":\"" CALL "\",\"media\":{\"audio\":true}",
    "\"type\":\"accept\",\"call\":\"" CALL "\"",
    "\"type\":\"bye\",\"call\":\"" CALL "\"",
    "\"type\":\"ice\",\"candidate\":null",
    "\"type\":\"error\",\"code\":\"unexpected\"",
  };

  json_object_unref (client_hear (anna, "joined"));
  for (guint i = 0; i < G_N_ELEMENTS (not_for_seeds); i++)
    client_say (anna, "{%s,\"to\":\"%s\"}", not_for_seeds[i], id);
  client_say (anna, "{\"type\":\"answer\",\"to\":\"%s\",\"call\":\"" CALL "\",\"generation\":1,\"sdp\":\"v=0\",\"x\":1}", id);
  hear_exactly (page, "answer", "sdp", "v=0");
  client_say (anna, "{\"type\":\"ice\",\"to\":\"%s\",\"call\":\"" CALL "\",\"candidate\":{\"candidate\":\"c\",\"x\":1}}", id);
  hear_exactly (page, "ice", "ice", "{\"candidate\":\"c\"}");
  client_hear_nothing (anna);
  g_assert_cmpuint (other->heard.length, ==, 0);
}

/* A seed page says three words and no other, and is not told what is wrong with the rest: it has no word for it. */
static void
test_nothing_else (void)
{
  static const char *const words[] = {
    "{\"type\":\"hello\",\"name\":\"Page\"}",
    "{\"type\":\"ring\",\"to\":\"%s\",\"call\":\"" CALL "\",\"media\":{\"audio\":true}}",
    "{\"type\":\"bye\",\"to\":\"%s\",\"call\":\"" CALL "\"}",
    "{\"type\":\"in-call\",\"in_call\":true}",
    "{\"type\":\"left\",\"id\":\"%s\"}",
    "{\"type\":\"error\",\"code\":\"unexpected\",\"to\":\"%s\"}",
    "{\"type\":\"offer\"}",
    "{\"type\":\"ice\"}",
    "{\"type\":\"ice\",\"ice\":\"{\"}",
    "not JSON",
    "",
  };
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Client) anna = client_join (lab, "/room", "Anna");
  g_autoptr (Client) page = client_join_seed (lab, "/room");

  json_object_unref (client_hear (anna, "joined"));
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_auto (GStrv) parts = g_strsplit (words[i], "%s", 2);
      g_autofree char *text = g_strjoinv (anna->id, parts);

      client_say (page, "%s", text);
    }
  client_say (page, "{\"type\":\"offer\",\"sdp\":\"v=0\"}");
  json_object_unref (client_hear (anna, "offer"));
  client_hear_nothing (anna);
  g_assert_cmpuint (page->heard.length, ==, 0);
  g_assert_cmpuint (parlor_relay_get_n_guests (lab->relay), ==, 2);
}

static void
test_too_large (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Client) page = client_join_seed (lab, "/");
  g_autofree char *sdp = g_strnfill (PARLOR_WIRE_MAX_MESSAGE, 'v');

  client_say (page, "{\"type\":\"offer\",\"sdp\":\"%s\"}", sdp);
  client_expect_close (page, 1009);
  g_assert_cmpuint (page->heard.length, ==, 0);
}

static void
test_full (void)
{
  ParlorRelayLimits limits;
  Lab *lab;
  Client *one;
  Client *two;

  lab_limits_init (&limits);
  limits.max_guests = 1;
  lab = lab_new (&limits);
  one = client_join_seed (lab, "/");
  two = client_open (lab, "/", NULL, NULL, NULL);
  client_expect_close (two, 1013);
  g_assert_cmpuint (parlor_relay_get_n_guests (lab->relay), ==, 1);
  client_free (one);
  client_free (two);
  lab_free (lab);
}

/* Pages of other sites, and of files, come into the lobby where the host allows it, and only as seed pages. */
static void
test_foreign_pages (void)
{
  static const char *const origins[] = { "https://elsewhere.example", "null", "http://127.0.0.1:1" };
  static const struct
  {
    const char *path;
    const char *subprotocol;
    gboolean allow;
    guint status;
  } cases[] = {
    { "/", NULL, TRUE, SOUP_STATUS_SWITCHING_PROTOCOLS },
    { "/", NULL, FALSE, SOUP_STATUS_FORBIDDEN },
    { "/", "parlor.1", TRUE, SOUP_STATUS_FORBIDDEN },
    { "/room", NULL, TRUE, SOUP_STATUS_FORBIDDEN },
    { "/room", "parlor.1", TRUE, SOUP_STATUS_FORBIDDEN },
  };
  g_autoptr (Lab) lab = lab_new (NULL);

  /* On a loopback address that is the default. */
  client_free (client_open (lab, "/", NULL, NULL, "null"));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint j = 0; j < G_N_ELEMENTS (origins); j++)
      {
        g_autoptr (Client) client = NULL;

        parlor_relay_set_seed_pages (lab->relay, cases[i].allow);
        client = client_open (lab, cases[i].path, cases[i].subprotocol, NULL, origins[j]);
        g_assert_cmpuint (client->status, ==, cases[i].status);
        g_assert_true ((client->connection != NULL) == (cases[i].status == SOUP_STATUS_SWITCHING_PROTOCOLS));
      }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/seed-dialect/among-seeds", test_among_seeds);
  g_test_add_func ("/relay/seed-dialect/seen-by-parlor", test_seen_by_parlor);
  g_test_add_func ("/relay/seed-dialect/to-parlor", test_from_seed_to_parlor);
  g_test_add_func ("/relay/seed-dialect/from-parlor", test_from_parlor_to_seed);
  g_test_add_func ("/relay/seed-dialect/nothing-else", test_nothing_else);
  g_test_add_func ("/relay/seed-dialect/too-large", test_too_large);
  g_test_add_func ("/relay/seed-dialect/full", test_full);
  g_test_add_func ("/relay/seed-dialect/foreign-pages", test_foreign_pages);
  return g_test_run ();
}
