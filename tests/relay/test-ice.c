/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lab.h"

#include "parlor-error.h"
#include "parlor-ice-servers.h"

#include <string.h>

/* The STUN and TURN servers that a relay names: which, to whom, and with what password. */

#define SECRET "north"
#define TICKET "\"ticket\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""

static const char *const servers[] = { "stun:192.0.2.1:3478", "turn:192.0.2.1:3478", "turn:[2001:db8::1]?transport=tcp", NULL };

/* Made with Python: base64.b64encode (hmac.new (secret, username, "sha1").digest ()). */
static void
test_credential (void)
{
  static const struct
  {
    const char *secret, *username, *credential;
  } vectors[] = {
    { "north", "1433895918:FQXiYNTS", "jkUHf9hTvWGbxIxnbCDdUoJxPoY=" },
    { "key", "1800000000:AAAAAAAAAAAAAAAAAAAAAA", "662ydDa1kCuA4NzhLBpDqY+d8Oc=" },
    { "\xc3\xa9\xe2\x82\xac", "0:", "9dGpfKPomAEmg0SiXm9Hzp/umSs=" },
    { "a secret of more bytes than the sixty-four that a block of SHA-1 takes at once", "1800003600:x", "qOiiV31X4Gpwdfm3Rs/grZsNS6M=" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *credential = parlor_ice_servers_make_credential (vectors[i].secret, vectors[i].username);

      g_assert_cmpstr (credential, ==, vectors[i].credential);
    }
}

static void
test_urls (void)
{
  static const char *const good[] = { "stun:stun.example.org", "stuns:192.0.2.1:5349", "turn:turn.example.org:3478?transport=udp",
                                      "turns:[::1]:443?transport=tcp", NULL };
  static const char *const bad[] = { "", "stun:", "turn://192.0.2.1", "stun:192.0.2.1?transport=udp", "turn:host:port",
                                     "turn:host:123456", "turn:host?transport=sctp", "turn:user@host", "http://host",
                                     "turn:ho st", "turn:host\n", "xturn:host" };
  g_autoptr (ParlorIceServers) self = parlor_ice_servers_new (good, SECRET, NULL);

  g_assert_nonnull (self);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      const char *const urls[] = { "stun:192.0.2.1", bad[i], NULL };
      g_autoptr (GError) error = NULL;

      g_assert_null (parlor_ice_servers_new (urls, SECRET, &error));
      g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_USAGE);
    }
}

static void
test_secret (void)
{
  static const char *const none[] = { NULL, "" };
  static const char *const stun[] = { "stun:192.0.2.1", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (none); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ParlorIceServers) without_turn = parlor_ice_servers_new (stun, none[i], NULL);

      g_assert_null (parlor_ice_servers_new (servers, none[i], &error));
      g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_USAGE);
      g_assert_nonnull (strstr (error->message, "turn:192.0.2.1:3478"));
      g_assert_nonnull (without_turn);
    }
}

static Lab *
lab_new_with_servers (void)
{
  Lab *lab = lab_new (NULL);
  g_autoptr (GError) error = NULL;

  parlor_relay_close (lab->relay);
  g_assert_true (parlor_relay_set_ice_servers (lab->relay, servers, SECRET, &error));
  g_assert_no_error (error);
  g_assert_true (parlor_relay_listen (lab->relay, "127.0.0.1", 0, &error));
  g_assert_no_error (error);
  lab->port = parlor_relay_get_port (lab->relay);
  return lab;
}

/* @list: the ice_servers of a message. Returns the username, (transfer full) (nullable), having checked all of it. */
static char *
check_servers (JsonArray *list, gboolean with_turn)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  const char *username = NULL;

  g_assert_cmpuint (json_array_get_length (list), ==, with_turn ? 3 : 1);
  for (guint i = 0; i < json_array_get_length (list); i++)
    {
      JsonObject *server = json_array_get_object_element (list, i);

      g_assert_cmpstr (field (server, "urls"), ==, servers[i]);
      g_assert_cmpint (json_object_has_member (server, "username"), ==, i > 0);
      g_assert_cmpint (json_object_has_member (server, "credential"), ==, i > 0);
      if (i > 0)
        {
          g_autofree char *credential = parlor_ice_servers_make_credential (SECRET, field (server, "username"));
          gint64 until = g_ascii_strtoll (field (server, "username"), NULL, 10);

          username = field (server, "username");
          g_assert_cmpstr (field (server, "credential"), ==, credential);
          g_assert_cmpint (until, >=, now + 3600 - 60);
          g_assert_cmpint (until, <=, now + 3600);
          g_assert_nonnull (strchr (username, ':'));
        }
    }
  return g_strdup (username);
}

static char *
check_welcome (JsonObject *welcome, gboolean with_turn)
{
  return check_servers (json_object_get_array_member (welcome, "ice_servers"), with_turn);
}

/* The reply to `turn`, or what comes by itself. */
static char *
hear_turn (Raw *raw, gboolean with_turn)
{
  g_autoptr (JsonObject) turn = raw_hear (raw, "turn");

  return check_welcome (turn, with_turn);
}

static void
test_who_gets_turn (void)
{
  g_autoptr (Lab) lab = lab_new_with_servers ();
  g_autoptr (JsonObject) first = NULL, second = NULL;
  g_autoptr (Raw) anna = NULL, ben = NULL;
  g_autofree char *alone = NULL, *of_ben = NULL, *of_anna = NULL, *renewed = NULL, *asked = NULL;

  /* Alone: STUN only, however one asks. */
  anna = raw_join (lab, "/tea", "Anna", TICKET, &first);
  alone = check_welcome (first, FALSE);
  raw_say (anna, "{\"type\":\"turn\"}");
  asked = hear_turn (anna, FALSE);

  /* Two: the second is welcomed with it, and the first is told. Everybody is another user. */
  ben = raw_join (lab, "/tea", "Ben", TICKET, &second);
  of_ben = check_welcome (second, TRUE);
  json_object_unref (raw_hear (anna, "joined"));
  of_anna = hear_turn (anna, TRUE);
  g_assert_cmpstr (of_anna, !=, of_ben);

  raw_say (anna, "{\"type\":\"turn\"}");
  renewed = hear_turn (anna, TRUE);
  g_assert_cmpstr (renewed, !=, of_anna);
  raw_hear_nothing (ben);
}

static void
test_no_turn_for_others (void)
{
  g_autoptr (Lab) lab = lab_new_with_servers ();
  g_autoptr (Raw) anna = raw_join (lab, "/tea", "Anna", TICKET, NULL);
  g_autoptr (JsonObject) elsewhere = NULL;
  g_autoptr (Raw) ben = raw_join (lab, "/coffee", "Ben", TICKET, &elsewhere);
  g_autofree char *username = check_welcome (elsewhere, FALSE);
  g_autoptr (Raw) stranger = raw_upgrade (lab, "/tea", "parlor.1");

  raw_hear_nothing (anna);
  raw_say (stranger, "{\"type\":\"turn\"}");
  raw_hear_error (stranger, "unexpected");
}

/* Nor for two who met without an invite: anybody can do that alone. */
static void
test_no_turn_without_ticket (void)
{
  g_autoptr (Lab) lab = lab_new_with_servers ();
  g_autoptr (JsonObject) second = NULL;
  g_autoptr (Raw) anna = raw_join (lab, "/tea", "Anna", NULL, NULL);
  g_autoptr (Raw) ben = raw_join (lab, "/tea", "Ben", NULL, &second);
  g_autofree char *username = check_welcome (second, FALSE);
  g_autofree char *asked = NULL;

  json_object_unref (raw_hear (anna, "joined"));
  raw_say (anna, "{\"type\":\"turn\"}");
  asked = hear_turn (anna, FALSE);
}

/* Without servers a relay says nothing of them. */
static void
test_none (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (JsonObject) welcome = NULL, turn = NULL;
  g_autoptr (Raw) anna = raw_join (lab, "/tea", "Anna", TICKET, NULL);
  g_autoptr (Raw) ben = raw_join (lab, "/tea", "Ben", TICKET, &welcome);

  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (welcome, "ice_servers")), ==, 0);
  json_object_unref (raw_hear (anna, "joined"));
  raw_hear_nothing (anna);
  raw_say (anna, "{\"type\":\"turn\"}");
  turn = raw_hear (anna, "turn");
  g_assert_false (json_object_has_member (turn, "ice_servers"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/ice/credential", test_credential);
  g_test_add_func ("/relay/ice/urls", test_urls);
  g_test_add_func ("/relay/ice/secret", test_secret);
  g_test_add_func ("/relay/ice/who-gets-turn", test_who_gets_turn);
  g_test_add_func ("/relay/ice/no-turn-for-others", test_no_turn_for_others);
  g_test_add_func ("/relay/ice/no-turn-without-ticket", test_no_turn_without_ticket);
  g_test_add_func ("/relay/ice/none", test_none);
  return g_test_run ();
}
