/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lab.h"

#include <string.h>

/* A seat outlives a connection: who is away, who comes back, and what was said meanwhile. On raw sockets, which can be cut off. */

#define CALL "AAAAAAAAAAAAAAAAAAAAAA"
#define NO_TOKEN "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

typedef struct
{
  Lab *lab;
  Raw *anna; /* stays */
  Raw *ben;  /* is cut off */
  char *anna_id;
  char *ben_id;
  char *resume; /* Ben's token */
} Scene;

static void
scene_begin (Scene *scene, const ParlorRelayLimits *limits)
{
  ParlorRelayLimits usual;
  g_autoptr (JsonObject) anna = NULL;
  g_autoptr (JsonObject) ben = NULL;

  parlor_relay_limits_init (&usual);
  scene->lab = lab_new (limits ? limits : &usual);
  scene->anna = raw_join (scene->lab, "/abc", "Anna", NULL, &anna);
  scene->ben = raw_join (scene->lab, "/abc", "Ben", NULL, &ben);
  json_object_unref (raw_hear (scene->anna, "joined"));
  scene->anna_id = g_strdup (field (anna, "id"));
  scene->ben_id = g_strdup (field (ben, "id"));
  scene->resume = g_strdup (field (ben, "resume"));
  g_assert_cmpuint (strlen (scene->resume), ==, 43);
  g_assert_cmpstr (field (anna, "resume"), !=, scene->resume);
}

static void
scene_end (Scene *scene)
{
  g_clear_pointer (&scene->anna, raw_free);
  g_clear_pointer (&scene->ben, raw_free);
  lab_free (scene->lab);
  g_free (scene->anna_id);
  g_free (scene->ben_id);
  g_free (scene->resume);
}

static void
cut_off_ben (Scene *scene)
{
  g_clear_pointer (&scene->ben, raw_free);
  raw_hear_about (scene->anna, "away", scene->ben_id);
}

/* Ben is back, with a new token. Returns: (transfer full): his welcome */
static JsonObject *
bring_back_ben (Scene *scene)
{
  g_autofree char *fields = g_strdup_printf ("\"resume\":\"%s\"", scene->resume);
  JsonObject *welcome;

  scene->ben = raw_join (scene->lab, "/abc", "Ben", fields, &welcome);
  g_assert_cmpstr (field (welcome, "id"), ==, scene->ben_id);
  g_free (scene->resume);
  scene->resume = g_strdup (field (welcome, "resume"));
  return welcome;
}

static void
ring (Raw *from, const char *to, guint n)
{
  raw_say (from, "{\"type\":\"ice\",\"to\":\"%s\",\"call\":\"" CALL "\",\"generation\":%u,\"candidate\":null}", to, n);
}

static void
test_same_seat (void)
{
  Scene scene;
  g_autoptr (JsonObject) welcome = NULL;
  g_autoptr (JsonObject) third = NULL;
  g_autoptr (Raw) cleo = NULL;
  g_autofree char *old_token = NULL;
  JsonObject *peer;

  scene_begin (&scene, NULL);
  raw_say (scene.ben, "{\"type\":\"in-call\",\"in_call\":true}");
  raw_hear_about (scene.anna, "in-call", scene.ben_id);
  cut_off_ben (&scene);
  g_assert_cmpuint (parlor_relay_get_n_guests (scene.lab->relay), ==, 2);

  /* Who joins now sees that he is away. */
  cleo = raw_join (scene.lab, "/abc", "Cleo", NULL, &third);
  json_object_unref (raw_hear (scene.anna, "joined"));
  peer = json_array_get_object_element (json_object_get_array_member (third, "peers"), 1);
  g_assert_cmpstr (field (peer, "id"), ==, scene.ben_id);
  g_assert_true (json_object_get_boolean_member (peer, "away"));
  g_assert_true (json_object_get_boolean_member (peer, "in_call"));

  old_token = g_strdup (scene.resume);
  welcome = bring_back_ben (&scene);
  g_assert_cmpstr (field (welcome, "room"), ==, "abc");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (welcome, "peers")), ==, 2);
  g_assert_cmpstr (scene.resume, !=, old_token);
  raw_hear_about (scene.anna, "back", scene.ben_id);
  raw_hear_about (cleo, "back", scene.ben_id);

  /* He speaks and hears as before. */
  ring (scene.ben, scene.anna_id, 1);
  json_object_unref (raw_hear (scene.anna, "ice"));
  ring (scene.anna, scene.ben_id, 1);
  json_object_unref (raw_hear (scene.ben, "ice"));
  raw_hear_nothing (scene.anna);
  g_clear_pointer (&cleo, raw_free);
  scene_end (&scene);
}

/* What was said to him waits, in order; what the relay said of others is in his welcome. */
static void
test_kept (void)
{
  Scene scene;
  g_autoptr (JsonObject) welcome = NULL;
  g_autoptr (Raw) cleo = NULL;

  scene_begin (&scene, NULL);
  cut_off_ben (&scene);
  for (guint i = 0; i < 16; i++)
    ring (scene.anna, scene.ben_id, i);
  cleo = raw_join (scene.lab, "/abc", "Cleo", NULL, NULL);
  json_object_unref (raw_hear (scene.anna, "joined"));
  for (guint i = 16; i < 32; i++)
    ring (scene.anna, scene.ben_id, i);
  raw_hear_nothing (scene.anna);
  ring (scene.anna, scene.ben_id, 32);
  raw_hear_error (scene.anna, "no-such-peer");

  welcome = bring_back_ben (&scene);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (welcome, "peers")), ==, 2);
  raw_hear_about (scene.anna, "back", scene.ben_id);
  ring (scene.anna, scene.ben_id, 33);
  for (guint i = 0; i <= 33; i++)
    {
      g_autoptr (JsonObject) ice = i == 32 ? NULL : raw_hear (scene.ben, "ice");

      if (ice == NULL)
        continue;
      g_assert_cmpint (json_object_get_int_member_with_default (ice, "generation", 0), ==, i);
      g_assert_cmpstr (field (ice, "from"), ==, scene.anna_id);
    }
  raw_hear_nothing (scene.ben);
  g_clear_pointer (&cleo, raw_free);
  scene_end (&scene);
}

/* Large ones are fewer: what is kept must fit into what may wait for him once he is back. */
static void
test_kept_bytes (void)
{
  Scene scene;
  ParlorRelayLimits limits;
  g_autofree char *sdp = g_strnfill (1000, 'v');

  parlor_relay_limits_init (&limits);
  limits.max_unsent = 5000;
  scene_begin (&scene, &limits);
  for (guint round = 0; round < 2; round++)
    {
      cut_off_ben (&scene);
      for (guint i = 0; i < 3; i++)
        raw_say (scene.anna, "{\"type\":\"offer\",\"to\":\"%s\",\"sdp\":\"%s\"}", scene.ben_id, sdp);
      raw_hear_error (scene.anna, "no-such-peer");
      json_object_unref (bring_back_ben (&scene));
      for (guint i = 0; i < 2; i++)
        json_object_unref (raw_hear (scene.ben, "offer"));
      raw_hear_nothing (scene.ben);
      raw_hear_about (scene.anna, "back", scene.ben_id);
    }
  scene_end (&scene);
}

/* The old connection is still there: it is closed, nobody was away, and nobody hears of it. */
static void
test_replaced (void)
{
  Scene scene;
  Raw *old;

  scene_begin (&scene, NULL);
  old = g_steal_pointer (&scene.ben);
  json_object_unref (bring_back_ben (&scene));
  raw_hear_close (old, 4001);
  raw_free (old);
  ring (scene.anna, scene.ben_id, 1);
  json_object_unref (raw_hear (scene.ben, "ice"));
  raw_hear_nothing (scene.anna);
  g_assert_cmpuint (parlor_relay_get_n_guests (scene.lab->relay), ==, 2);
  scene_end (&scene);
}

/* Not his token, one that was used, another room's, one whose room is gone: the socket stays, and may say hello. */
static void
test_expired (void)
{
  static const char *const paths[] = { "/abc", "/abc", "/other", "/nobody" };
  Scene scene;
  g_autoptr (Raw) other = NULL;
  g_autofree char *used = NULL;

  scene_begin (&scene, NULL);
  other = raw_join (scene.lab, "/other", "Other", NULL, NULL);
  used = g_strdup (scene.resume);
  cut_off_ben (&scene);
  json_object_unref (bring_back_ben (&scene));
  raw_hear_about (scene.anna, "back", scene.ben_id);
  cut_off_ben (&scene);
  {
    const char *tokens[] = { NO_TOKEN, used, scene.resume, scene.resume };

    for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
      {
        g_autoptr (Raw) raw = raw_upgrade (scene.lab, paths[i], "parlor.1");
        g_autoptr (JsonObject) welcome = NULL;

        raw_say (raw, "{\"type\":\"hello\",\"name\":\"Ben\",\"resume\":\"%s\"}", tokens[i]);
        raw_hear_error (raw, "resume-expired");
        raw_say (raw, "{\"type\":\"hello\",\"name\":\"Ben\"}");
        welcome = raw_hear (raw, "welcome");
        g_assert_cmpstr (field (welcome, "id"), !=, scene.ben_id);
        raw_send_frame (raw, 0x88, NULL, 0);
        raw_hear_end (raw);
      }
  }
  json_object_unref (raw_hear (scene.anna, "joined"));
  json_object_unref (raw_hear (scene.anna, "left"));
  json_object_unref (raw_hear (scene.anna, "joined"));
  json_object_unref (raw_hear (scene.anna, "left"));
  /* None of it cost him his seat. */
  json_object_unref (bring_back_ben (&scene));
  raw_hear_about (scene.anna, "back", scene.ben_id);
  g_clear_pointer (&other, raw_free);
  scene_end (&scene);
}

/* A token that is none is bad JSON, not a room's secret half tried. */
static void
test_malformed (void)
{
  Scene scene;
  g_autoptr (Raw) raw = NULL;

  scene_begin (&scene, NULL);
  raw = raw_upgrade (scene.lab, "/abc", "parlor.1");
  raw_say (raw, "{\"type\":\"hello\",\"name\":\"Ben\",\"resume\":\"%.42s\"}", scene.resume);
  raw_hear_error (raw, "bad-json");
  raw_say (raw, "{\"type\":\"hello\",\"name\":\"Ben\",\"resume\":7}");
  raw_hear_error (raw, "bad-json");
  g_clear_pointer (&raw, raw_free);
  scene_end (&scene);
}

static void
test_goodbye (void)
{
  static const struct
  {
    const char *code;
    gsize length;
    const char *heard;
  } cases[] = {
    { "", 0, "left" },
    { "\x03\xe8", 2, "left" }, /* 1000 */
    { "\x03\xe9", 2, "away" }, /* 1001: a page that is loaded anew, a computer that goes to sleep */
    { "\x0f\xa0", 2, "away" }, /* 4000 */
    { "\x03\xe8 see you", 10, "left" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Scene scene;

      scene_begin (&scene, NULL);
      raw_send_frame (scene.ben, 0x88, cases[i].code, cases[i].length);
      raw_hear_about (scene.anna, cases[i].heard, scene.ben_id);
      g_assert_cmpuint (parlor_relay_get_n_guests (scene.lab->relay), ==, g_str_equal (cases[i].heard, "left") ? 1 : 2);
      scene_end (&scene);
    }
}

/* Nobody who left can be resumed. */
static void
test_left_for_good (void)
{
  Scene scene;
  g_autoptr (Raw) raw = NULL;

  scene_begin (&scene, NULL);
  raw_send_frame (scene.ben, 0x88, NULL, 0);
  raw_hear_about (scene.anna, "left", scene.ben_id);
  raw = raw_upgrade (scene.lab, "/abc", "parlor.1");
  raw_say (raw, "{\"type\":\"hello\",\"name\":\"Ben\",\"resume\":\"%s\"}", scene.resume);
  raw_hear_error (raw, "resume-expired");
  g_clear_pointer (&raw, raw_free);
  scene_end (&scene);
}

static void
test_away_ends (void)
{
  ParlorRelayLimits limits;
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autoptr (JsonObject) left = NULL;

  parlor_relay_limits_init (&limits);
  limits.away_ms = 300;
  scene_begin (&scene, &limits);
  cut_off_ben (&scene);
  left = raw_hear (scene.anna, "left");
  g_assert_cmpstr (field (left, "id"), ==, scene.ben_id);
  g_assert_cmpstr (field (left, "reason"), ==, "lost");
  g_assert_cmpuint (parlor_relay_get_n_guests (scene.lab->relay), ==, 1);
  raw = raw_upgrade (scene.lab, "/abc", "parlor.1");
  raw_say (raw, "{\"type\":\"hello\",\"name\":\"Ben\",\"resume\":\"%s\"}", scene.resume);
  raw_hear_error (raw, "resume-expired");

  /* A room of the absent goes with the last of them, and nothing of it is left. */
  g_clear_pointer (&raw, raw_free);
  g_clear_pointer (&scene.anna, raw_free);
  lab_wait (parlor_relay_get_n_connections (scene.lab->relay) == 0);
  lab_wait (parlor_relay_get_n_rooms (scene.lab->relay) == 0);
  scene_end (&scene);
}

/* A room in which everybody is away is still there; one time for each, in the order in which they were lost. */
static void
test_all_away (void)
{
  ParlorRelayLimits limits;
  Scene scene;

  parlor_relay_limits_init (&limits);
  scene_begin (&scene, &limits);
  cut_off_ben (&scene);
  g_clear_pointer (&scene.anna, raw_free);
  lab_wait (parlor_relay_get_n_connections (scene.lab->relay) == 0);
  g_assert_cmpuint (parlor_relay_get_n_rooms (scene.lab->relay), ==, 1);
  g_assert_cmpuint (parlor_relay_get_n_guests (scene.lab->relay), ==, 2);
  {
    g_autoptr (JsonObject) welcome = bring_back_ben (&scene);
    JsonObject *peer = json_array_get_object_element (json_object_get_array_member (welcome, "peers"), 0);

    g_assert_cmpstr (field (peer, "id"), ==, scene.anna_id);
    g_assert_true (json_object_get_boolean_member (peer, "away"));
  }
  scene_end (&scene);
}

/* A seed page has no token: it is gone when it is gone. And where no seats are kept nobody is given one. */
static void
test_nobody_kept (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (Raw) anna = NULL;
  g_autoptr (JsonObject) welcome = NULL;

  parlor_relay_limits_init (&limits);
  lab = lab_new (&limits);
  anna = raw_join (lab, "/abc", "Anna", NULL, &welcome);
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (welcome, "limits"), "away_ms"), ==, 90000);
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (welcome, "limits"), "message"), ==, 65536);
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (welcome, "limits"), "rate"), ==, 60);
  raw_free (raw_upgrade (lab, "/abc", NULL));
  json_object_unref (raw_hear (anna, "joined"));
  json_object_unref (raw_hear (anna, "left"));
  g_clear_pointer (&anna, raw_free);
  g_clear_pointer (&lab, lab_free);
  g_clear_pointer (&welcome, json_object_unref);

  limits.away_ms = 0;
  lab = lab_new (&limits);
  anna = raw_join (lab, "/abc", "Anna", NULL, &welcome);
  g_assert_false (json_object_has_member (welcome, "resume"));
  raw_free (raw_join (lab, "/abc", "Ben", NULL, NULL));
  json_object_unref (raw_hear (anna, "joined"));
  json_object_unref (raw_hear (anna, "left"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/resume/same-seat", test_same_seat);
  g_test_add_func ("/relay/resume/kept", test_kept);
  g_test_add_func ("/relay/resume/kept-bytes", test_kept_bytes);
  g_test_add_func ("/relay/resume/replaced", test_replaced);
  g_test_add_func ("/relay/resume/expired", test_expired);
  g_test_add_func ("/relay/resume/malformed", test_malformed);
  g_test_add_func ("/relay/resume/goodbye", test_goodbye);
  g_test_add_func ("/relay/resume/left-for-good", test_left_for_good);
  g_test_add_func ("/relay/resume/away-ends", test_away_ends);
  g_test_add_func ("/relay/resume/all-away", test_all_away);
  g_test_add_func ("/relay/resume/nobody-kept", test_nobody_kept);
  return g_test_run ();
}
