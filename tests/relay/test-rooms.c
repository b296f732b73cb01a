/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lab.h"

#include "parlor-message.h"

/* Rooms among clients of parlor.1: who sees whom, who hears what, and what is refused. */

#define CALL "AAAAAAAAAAAAAAAAAAAAAA"

static JsonObject *
first_peer (JsonObject *welcome)
{
  return json_array_get_object_element (json_object_get_array_member (welcome, "peers"), 0);
}

static void
test_meet (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Client) anna = client_open (lab, "/abc", "parlor.1", NULL, NULL);
  g_autoptr (Client) ben = client_open (lab, "/abc", "parlor.1", NULL, NULL);
  g_autoptr (JsonObject) alone = NULL;
  g_autoptr (JsonObject) together = NULL;
  g_autoptr (JsonObject) joined = NULL;
  g_autoptr (JsonObject) left = NULL;
  JsonObject *peer;

  g_assert_cmpuint (parlor_relay_get_n_rooms (lab->relay), ==, 0);
  client_say (anna, "{\"type\":\"hello\",\"name\":\"Anna\"}");
  alone = client_hear (anna, "welcome");
  g_assert_cmpstr (field (alone, "room"), ==, "abc");
  g_assert_true (parlor_wire_id_is_valid (field (alone, "id")));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (alone, "peers")), ==, 0);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (alone, "ice_servers")), ==, 0);

  client_say (ben, "{\"type\":\"hello\",\"name\":\" Ben \"}");
  together = client_hear (ben, "welcome");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (together, "peers")), ==, 1);
  peer = first_peer (together);
  g_assert_cmpstr (field (peer, "id"), ==, field (alone, "id"));
  g_assert_cmpstr (field (peer, "name"), ==, "Anna");
  g_assert_cmpstr (field (peer, "dialect"), ==, "parlor.1");
  g_assert_false (json_object_get_boolean_member (peer, "in_call"));

  joined = client_hear (anna, "joined");
  peer = json_object_get_object_member (joined, "peer");
  g_assert_cmpstr (field (peer, "id"), ==, field (together, "id"));
  g_assert_cmpstr (field (peer, "id"), !=, field (alone, "id"));
  g_assert_cmpstr (field (peer, "name"), ==, "Ben");
  g_assert_cmpuint (parlor_relay_get_n_guests (lab->relay), ==, 2);
  g_assert_cmpuint (parlor_relay_get_n_rooms (lab->relay), ==, 1);

  client_close (ben);
  left = client_hear (anna, "left");
  g_assert_cmpstr (field (left, "id"), ==, field (together, "id"));
  g_assert_cmpuint (parlor_relay_get_n_guests (lab->relay), ==, 1);
}

static void
test_rooms_are_apart (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Client) anna = client_join (lab, "/one", "Anna");
  g_autoptr (Client) ben = client_join (lab, "/two", "Ben");
  g_autoptr (Client) lobby = client_join (lab, "/", "Cleo");

  g_assert_cmpuint (parlor_relay_get_n_rooms (lab->relay), ==, 3);
  client_say (anna, "{\"type\":\"accept\",\"to\":\"%s\",\"call\":\"" CALL "\"}", ben->id);
  client_hear_error (anna, "no-such-peer");
  client_hear_nothing (anna);
  client_hear_nothing (ben);
  client_hear_nothing (lobby);
}

static void
test_room_names (void)
{
  static const char *const good[] = { "/", "/a", "/0-9-z", "/a?x=1",
                                      "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
  static const char *const bad[] = { "/A", "/a/b", "/a/", "//", "/a_b", "/a%2fb", "/guest-page", "/guest-page/main.js",
                                     "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
  g_autoptr (Lab) lab = lab_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (Client) client = client_join (lab, good[i], "Anna");

      g_assert_cmpuint (client->status, ==, SOUP_STATUS_SWITCHING_PROTOCOLS);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (Client) client = client_open (lab, bad[i], "parlor.1", NULL, NULL);

      g_test_message ("%s", bad[i]);
      g_assert_null (client->connection);
      g_assert_cmpuint (client->status, ==, SOUP_STATUS_NOT_FOUND);
    }
}

/* Whatever is addressed arrives at the one it is for, with all its fields, and the relay's word on who says it. */
static void
test_forward (void)
{
  static const char *const types[] = {
    "\"type\":\"ring\",\"media\":{\"audio\":true,\"video\":false}",
    "\"type\":\"accept\"",
    "\"type\":\"decline\",\"reason\":\"busy\"",
    "\"type\":\"cancel\"",
    "\"type\":\"offer\",\"generation\":1,\"sdp\":\"v=0\\r\\n\"",
    "\"type\":\"answer\",\"generation\":1,\"sdp\":\"v=0\\r\\n\"",
    "\"type\":\"ice\",\"generation\":1,\"candidate\":{\"candidate\":\"candidate:1\",\"sdpMid\":\"0\",\"x\":1}",
    "\"type\":\"ice\",\"generation\":1,\"candidate\":null",
    "\"type\":\"bye\",\"reason\":\"hang-up\"",
    "\"type\":\"error\",\"code\":\"unexpected\"",
  };
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Client) anna = client_join (lab, "/abc", "Anna");
  g_autoptr (Client) ben = client_join (lab, "/abc", "Ben");
  g_autoptr (Client) cleo = client_join (lab, "/abc", "Cleo");

  json_object_unref (client_hear (anna, "joined"));
  json_object_unref (client_hear (anna, "joined"));
  json_object_unref (client_hear (ben, "joined"));
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autofree char *sent = g_strdup_printf ("{%s,\"call\":\"" CALL "\",\"to\":\"%s\",\"from\":\"%s\","
                                               "\"future\":{\"deep\":[1,null,\"\\u00e4\"]}}",
                                               types[i], ben->id, cleo->id);
      g_autoptr (JsonNode) expected = json_from_string (sent, NULL);
      g_autoptr (JsonNode) heard = json_node_new (JSON_NODE_OBJECT);

      client_say (anna, "%s", sent);
      lab_wait (ben->heard.length > 0);
      json_node_take_object (heard, client_hear (ben, field (json_node_get_object (expected), "type")));
      json_object_set_string_member (json_node_get_object (expected), "from", anna->id);
      g_assert_true (json_node_equal (expected, heard));
    }
  client_hear_nothing (cleo);
  client_hear_nothing (anna);
}

static void
test_in_call (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Client) anna = client_join (lab, "/abc", "Anna");
  g_autoptr (Client) ben = client_join (lab, "/abc", "Ben");
  g_autoptr (JsonObject) joined = client_hear (anna, "joined");

  /* Ben cannot say it of Anna. */
  client_say (ben, "{\"type\":\"in-call\",\"in_call\":true,\"id\":\"%s\"}", anna->id);
  {
    g_autoptr (JsonObject) notice = client_hear (anna, "in-call");
    g_autoptr (Client) cleo = client_open (lab, "/abc", "parlor.1", NULL, NULL);
    g_autoptr (JsonObject) welcome = NULL;
    JsonArray *peers;

    g_assert_cmpstr (field (notice, "id"), ==, ben->id);
    g_assert_true (json_object_get_boolean_member (notice, "in_call"));
    client_say (cleo, "{\"type\":\"hello\",\"name\":\"Cleo\"}");
    welcome = client_hear (cleo, "welcome");
    peers = json_object_get_array_member (welcome, "peers");
    g_assert_cmpuint (json_array_get_length (peers), ==, 2);
    g_assert_false (json_object_get_boolean_member (json_array_get_object_element (peers, 0), "in_call"));
    g_assert_true (json_object_get_boolean_member (json_array_get_object_element (peers, 1), "in_call"));
  }
  json_object_unref (client_hear (anna, "joined"));
  json_object_unref (client_hear (anna, "left"));

  /* Said twice, told once. */
  client_say (ben, "{\"type\":\"in-call\",\"in_call\":true}");
  client_say (ben, "{\"type\":\"in-call\",\"in_call\":false}");
  {
    g_autoptr (JsonObject) notice = client_hear (anna, "in-call");

    g_assert_false (json_object_get_boolean_member (notice, "in_call"));
  }
  client_hear_nothing (anna);
}

static void
test_refusals (void)
{
  static const struct
  {
    const char *text;
    const char *code;
  } cases[] = {
    { "{\"type\":\"hello\",\"name\":\"Again\"}", "unexpected" },
    { "{\"type\":\"state\",\"audio\":true,\"video\":true}", "unexpected" },
    { "{\"type\":\"accept\",\"call\":\"" CALL "\"}", "missing-to" },
    { "{\"type\":\"offer\",\"sdp\":\"v=0\"}", "missing-to" },
    { "{\"type\":\"accept\",\"call\":\"" CALL "\",\"to\":\"nobody\"}", "no-such-peer" },
    { "{\"type\":\"welcome\",\"id\":\"a\",\"room\":\"b\",\"peers\":[],\"ice_servers\":[]}", "forbidden-type" },
    { "{\"type\":\"joined\",\"peer\":{\"id\":\"a\",\"name\":\"A\"}}", "forbidden-type" },
    { "{\"type\":\"left\",\"id\":\"a\"}", "forbidden-type" },
    { "{\"type\":\"sing\"}", "unknown-type" },
    { "{\"type\":\"sing\",\"to\":\"nobody\"}", "unknown-type" },
    { "", "bad-json" },
    { "{", "bad-json" },
    { "[]", "bad-json" },
    { "null", "bad-json" },
    { "{}", "bad-json" },
    { "{\"type\":1}", "bad-json" },
    { "{\"type\":\"accept\",\"call\":\"" CALL "\",\"to\":\"not an id\"}", "bad-json" },
    { "{\"type\":\"accept\",\"type\":\"accept\",\"call\":\"" CALL "\",\"to\":\"x\"}", "bad-json" },
    { "{\"type\":\"accept\",\"call\":\"" CALL "\",\"to\":\"x\",\"x\":{\"y\":1,\"y\":2}}", "bad-json" },
    { "{\"type\":\"hello\",\"name\":\"Ben \\u202e\"}", "bad-json" },
    { "{\"type\":\"accept\",\"x\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}", "bad-json" },
  };
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Client) anna = client_join (lab, "/abc", "Anna");
  g_autoptr (Client) ben = client_join (lab, "/abc", "Ben");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].text);
      client_say (ben, "%s", cases[i].text);
      client_hear_error (ben, cases[i].code);
    }
  /* To oneself is to nobody. */
  client_say (ben, "{\"type\":\"accept\",\"call\":\"" CALL "\",\"to\":\"%s\"}", ben->id);
  client_hear_error (ben, "no-such-peer");
  /* Nobody answers an error. */
  client_say (ben, "{\"type\":\"error\",\"code\":\"unexpected\"}");
  client_say (ben, "{\"type\":\"error\",\"code\":\"unexpected\",\"to\":\"nobody\"}");
  client_hear_nothing (ben);
  json_object_unref (client_hear (anna, "joined"));
  client_hear_nothing (anna);
}

static void
test_before_hello (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Client) anna = client_join (lab, "/abc", "Anna");
  g_autoptr (Client) ben = client_open (lab, "/abc", "parlor.1", NULL, NULL);

  client_say (ben, "{\"type\":\"error\",\"code\":\"unexpected\"}");
  client_say (ben, "{\"type\":\"accept\",\"call\":\"" CALL "\",\"to\":\"%s\"}", anna->id);
  client_hear_error (ben, "unexpected");
  client_say (ben, "{\"type\":\"hello\"}");
  client_hear_error (ben, "bad-json");
  g_assert_cmpuint (parlor_relay_get_n_guests (lab->relay), ==, 1);
  client_say (ben, "{\"type\":\"hello\",\"name\":\"Ben\"}");
  json_object_unref (client_hear (ben, "welcome"));
  g_assert_cmpuint (parlor_relay_get_n_guests (lab->relay), ==, 2);
}

/* A relay that lives in a thread of its own, as in the app: nothing of it may run in the default context. */
typedef struct
{
  GMainContext *context;
  GMainLoop *loop;
  gint port; /* atomic */
} Host;

static gpointer
host_relay (gpointer user_data)
{
  Host *host = user_data;
  g_autoptr (ParlorRelay) relay = parlor_relay_new (NULL);
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (host->context);
  parlor_relay_listen (relay, "127.0.0.1", 0, &error);
  g_assert_no_error (error);
  g_atomic_int_set (&host->port, parlor_relay_get_port (relay));
  g_main_loop_run (host->loop);
  parlor_relay_close (relay);
  g_assert_cmpuint (parlor_relay_get_n_guests (relay), ==, 0);
  g_main_context_pop_thread_default (host->context);
  return NULL;
}

static void
test_own_thread (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  Host host = { .context = context, .loop = loop };
  GThread *thread = g_thread_new ("relay", host_relay, &host);
  Lab lab = { .session = soup_session_new () };
  Client *anna;
  Client *ben;

  lab_wait (g_atomic_int_get (&host.port) != 0);
  lab.port = host.port;
  anna = client_join (&lab, "/abc", "Anna");
  ben = client_join (&lab, "/abc", "Ben");
  json_object_unref (client_hear (anna, "joined"));

  /* Its end reaches all of them. */
  g_main_loop_quit (loop);
  g_thread_join (thread);
  client_hear_error (anna, "draining");
  client_expect_close (anna, 1012);
  client_expect_close (ben, 1012);
  client_free (anna);
  client_free (ben);
  g_object_unref (lab.session);
}

static void
test_close (void)
{
  Lab *lab = lab_new (NULL);
  g_autoptr (Client) anna = client_join (lab, "/abc", "Anna");
  g_autoptr (Client) ben = client_open (lab, "/abc", "parlor.1", NULL, NULL);

  parlor_relay_close (lab->relay);
  parlor_relay_close (lab->relay);
  g_assert_cmpuint (parlor_relay_get_n_guests (lab->relay), ==, 0);
  g_assert_cmpuint (parlor_relay_get_port (lab->relay), ==, 0);
  client_hear_error (anna, "draining");
  client_expect_close (anna, 1012);
  client_expect_close (ben, 1012);

  /* It may open again. */
  g_assert_true (parlor_relay_listen (lab->relay, "127.0.0.1", 0, NULL));
  lab->port = parlor_relay_get_port (lab->relay);
  client_free (client_join (lab, "/abc", "Cleo"));
  lab_free (lab);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/rooms/meet", test_meet);
  g_test_add_func ("/relay/rooms/apart", test_rooms_are_apart);
  g_test_add_func ("/relay/rooms/names", test_room_names);
  g_test_add_func ("/relay/rooms/forward", test_forward);
  g_test_add_func ("/relay/rooms/in-call", test_in_call);
  g_test_add_func ("/relay/rooms/refusals", test_refusals);
  g_test_add_func ("/relay/rooms/before-hello", test_before_hello);
  g_test_add_func ("/relay/rooms/own-thread", test_own_thread);
  g_test_add_func ("/relay/rooms/close", test_close);
  return g_test_run ();
}
