/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lab.h"

#include <string.h>

/* The door of a room that its owner locks. As raw bytes. */

#define TICKET "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define CALL "AAAAAAAAAAAAAAAAAAAAAA"

static void
say_hello (Raw *raw, const char *fields)
{
  raw_say (raw, "{\"type\":\"hello\",\"name\":\"Mallory\"%s%s}", fields ? "," : "", fields ? fields : "");
}

typedef struct
{
  Lab *lab;
  Raw *anna; /* owns the room */
  Raw *ben;  /* is in it */
  char *anna_id;
  char *ben_id;
  char *owner; /* Anna's token */
} Scene;

static void
scene_begin (Scene *scene, const ParlorRelayLimits *limits)
{
  g_autoptr (JsonObject) anna = NULL;
  g_autoptr (JsonObject) ben = NULL;

  scene->lab = lab_new (limits);
  scene->anna = raw_join (scene->lab, "/abc", "Anna", NULL, &anna);
  scene->ben = raw_join (scene->lab, "/abc", "Ben", NULL, &ben);
  json_object_unref (raw_hear (scene->anna, "joined"));
  scene->anna_id = g_strdup (field (anna, "id"));
  scene->ben_id = g_strdup (field (ben, "id"));
  scene->owner = g_strdup (field (anna, "owner"));
  g_assert_cmpuint (strlen (scene->owner), ==, 43);
  g_assert_false (json_object_has_member (ben, "owner"));
  g_assert_false (json_object_get_boolean_member_with_default (ben, "locked", FALSE));
}

static void
scene_end (Scene *scene)
{
  g_clear_pointer (&scene->anna, raw_free);
  g_clear_pointer (&scene->ben, raw_free);
  lab_free (scene->lab);
  g_free (scene->anna_id);
  g_free (scene->ben_id);
  g_free (scene->owner);
}

static void
lock (Scene *scene)
{
  raw_say (scene->anna, "{\"type\":\"lock\"}");
  json_object_unref (raw_hear (scene->anna, "lock"));
  json_object_unref (raw_hear (scene->ben, "lock"));
}

/* (transfer full): somebody who was told that the room is locked */
static Raw *
come_to_the_door (Scene *scene)
{
  Raw *raw = raw_upgrade (scene->lab, "/abc", "parlor.1");

  say_hello (raw, NULL);
  raw_hear_error (raw, "locked");
  return raw;
}

/* (transfer full): the id of @raw, as the owner hears it */
static char *
knock (Scene *scene, Raw *raw)
{
  g_autoptr (JsonObject) heard = NULL;

  raw_say (raw, "{\"type\":\"knock\",\"name\":\"The Queen\",\"id\":\"%s\"}", scene->ben_id);
  heard = raw_hear (scene->anna, "knock");
  g_assert_cmpstr (field (heard, "name"), ==, "Mallory"); /* of its hello */
  g_assert_cmpstr (field (heard, "id"), !=, scene->ben_id);
  return g_strdup (field (heard, "id"));
}

static void
test_admit (void)
{
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autofree char *id = NULL;
  g_autoptr (JsonObject) welcome = NULL;

  scene_begin (&scene, NULL);
  lock (&scene);
  raw = come_to_the_door (&scene);
  /* Outside it can say nothing to anybody, and is nobody. */
  raw_say (raw, "{\"type\":\"ring\",\"to\":\"%s\",\"call\":\"" CALL "\",\"media\":{}}", scene.ben_id);
  raw_hear_error (raw, "unexpected");
  raw_say (raw, "{\"type\":\"admit\",\"id\":\"%s\"}", scene.ben_id);
  raw_hear_error (raw, "unexpected");
  g_assert_cmpuint (parlor_relay_get_n_guests (scene.lab->relay), ==, 2);

  id = knock (&scene, raw);
  raw_say (raw, "{\"type\":\"knock\"}");
  raw_hear_error (raw, "unexpected");
  say_hello (raw, NULL);
  raw_hear_error (raw, "unexpected");
  raw_say (scene.ben, "{\"type\":\"ring\",\"to\":\"%s\",\"call\":\"" CALL "\",\"media\":{}}", id);
  raw_hear_error (scene.ben, "no-such-peer");
  raw_say (scene.ben, "{\"type\":\"admit\",\"id\":\"%s\"}", id);
  raw_hear_error (scene.ben, "forbidden-type");

  raw_say (scene.anna, "{\"type\":\"admit\",\"id\":\"%s\"}", id);
  welcome = raw_hear (raw, "welcome");
  g_assert_cmpstr (field (welcome, "id"), ==, id);
  g_assert_true (json_object_get_boolean_member (welcome, "locked"));
  g_assert_false (json_object_has_member (welcome, "owner"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (welcome, "peers")), ==, 2);
  json_object_unref (raw_hear (scene.anna, "joined"));
  json_object_unref (raw_hear (scene.ben, "joined"));
  raw_say (raw, "{\"type\":\"ring\",\"to\":\"%s\",\"call\":\"" CALL "\",\"media\":{}}", scene.ben_id);
  json_object_unref (raw_hear (scene.ben, "ring"));

  raw_say (scene.anna, "{\"type\":\"admit\",\"id\":\"%s\"}", id);
  raw_hear_error (scene.anna, "no-such-peer");
  g_clear_pointer (&raw, raw_free);
  scene_end (&scene);
}

static void
test_refuse (void)
{
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autofree char *id = NULL;

  scene_begin (&scene, NULL);
  lock (&scene);
  raw = come_to_the_door (&scene);
  id = knock (&scene, raw);
  raw_say (scene.anna, "{\"type\":\"refuse\",\"id\":\"%s\"}", id);
  raw_hear_error (raw, "refused");
  raw_hear_close (raw, 1008);
  raw_hear_about (scene.anna, "left", id);
  raw_hear_nothing (scene.ben);
  g_clear_pointer (&raw, raw_free);
  scene_end (&scene);
}

/* Who only looks at the door is not announced, and need not be taken leave of. */
static void
test_walks_off (void)
{
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autofree char *id = NULL;

  scene_begin (&scene, NULL);
  lock (&scene);
  raw = come_to_the_door (&scene);
  g_clear_pointer (&raw, raw_free);
  lab_wait (parlor_relay_get_n_connections (scene.lab->relay) == 2);
  raw_hear_nothing (scene.anna);

  raw = come_to_the_door (&scene);
  id = knock (&scene, raw);
  g_clear_pointer (&raw, raw_free);
  raw_hear_about (scene.anna, "left", id);
  raw_say (scene.anna, "{\"type\":\"admit\",\"id\":\"%s\"}", id);
  raw_hear_error (scene.anna, "no-such-peer");
  raw_hear_nothing (scene.ben);
  scene_end (&scene);
}

static void
test_nobody_answers (void)
{
  ParlorRelayLimits limits;
  Scene scene;
  g_autoptr (Raw) silent = NULL;
  g_autoptr (Raw) raw = NULL;
  g_autofree char *id = NULL;

  lab_limits_init (&limits);
  limits.knock_ms = 500;
  limits.hello_ms = 60000;
  scene_begin (&scene, &limits);
  lock (&scene);
  silent = come_to_the_door (&scene);
  raw = come_to_the_door (&scene);
  id = knock (&scene, raw);
  raw_hear_error (raw, "locked");
  raw_hear_close (raw, 1008);
  raw_hear_about (scene.anna, "left", id);
  raw_hear_error (silent, "locked");
  raw_hear_close (silent, 1008);
  raw_hear_nothing (scene.anna);
  g_clear_pointer (&raw, raw_free);
  g_clear_pointer (&silent, raw_free);
  scene_end (&scene);
}

/* The deadline of the hello is over once it was said: who waits at the door waits as long as one may there. */
static void
test_waits (void)
{
  ParlorRelayLimits limits;
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autofree char *id = NULL;

  lab_limits_init (&limits);
  limits.hello_ms = 200;
  scene_begin (&scene, &limits);
  lock (&scene);
  raw = come_to_the_door (&scene);
  lab_count_rounds (600); /* three times that deadline: nothing else can show that it does not come */
  id = knock (&scene, raw);
  raw_say (scene.anna, "{\"type\":\"admit\",\"id\":\"%s\"}", id);
  json_object_unref (raw_hear (raw, "welcome"));
  g_clear_pointer (&raw, raw_free);
  scene_end (&scene);
}

static void
test_unlock (void)
{
  Scene scene;
  g_autoptr (Raw) silent = NULL;
  g_autoptr (Raw) raw = NULL;
  g_autofree char *id = NULL;

  scene_begin (&scene, NULL);
  lock (&scene);
  raw_say (scene.anna, "{\"type\":\"lock\"}"); /* it is */
  silent = come_to_the_door (&scene);
  raw = come_to_the_door (&scene);
  id = knock (&scene, raw);
  raw_say (scene.anna, "{\"type\":\"unlock\"}");
  json_object_unref (raw_hear (scene.anna, "unlock"));
  json_object_unref (raw_hear (scene.ben, "unlock"));
  json_object_unref (raw_hear (raw, "welcome")); /* who asked is in */
  json_object_unref (raw_hear (scene.anna, "joined"));

  /* The other did not, and is not; it may still ask. */
  raw_say (silent, "{\"type\":\"sing\"}");
  raw_hear_error (silent, "unexpected");
  raw_say (silent, "{\"type\":\"knock\"}");
  json_object_unref (raw_hear (silent, "welcome"));
  json_object_unref (raw_hear (scene.anna, "joined"));
  g_clear_pointer (&raw, raw_free);
  json_object_unref (raw_hear (scene.anna, "left"));
  raw = raw_join (scene.lab, "/abc", "Dora", NULL, NULL);
  g_clear_pointer (&raw, raw_free);
  g_clear_pointer (&silent, raw_free);
  scene_end (&scene);
}

/* Hello once more, now that it is open. */
static void
test_hello_again (void)
{
  Scene scene;
  g_autoptr (Raw) raw = NULL;

  scene_begin (&scene, NULL);
  lock (&scene);
  raw = come_to_the_door (&scene);
  say_hello (raw, NULL);
  raw_hear_error (raw, "locked");
  raw_say (scene.anna, "{\"type\":\"unlock\"}");
  json_object_unref (raw_hear (scene.anna, "unlock"));
  say_hello (raw, NULL);
  json_object_unref (raw_hear (raw, "welcome"));
  g_clear_pointer (&raw, raw_free);
  scene_end (&scene);
}

static void
test_remove (void)
{
  ParlorRelayLimits limits;
  Scene scene;
  g_autoptr (Raw) cleo = NULL;
  g_autoptr (Raw) again = NULL;
  g_autoptr (JsonObject) welcome = NULL;
  g_autoptr (JsonObject) left = NULL;

  parlor_relay_limits_init (&limits);
  scene_begin (&scene, &limits);
  cleo = raw_join (scene.lab, "/abc", "Cleo", NULL, &welcome);
  json_object_unref (raw_hear (scene.anna, "joined"));
  json_object_unref (raw_hear (scene.ben, "joined"));

  raw_say (scene.anna, "{\"type\":\"remove\",\"id\":\"%s\"}", scene.anna_id);
  raw_hear_error (scene.anna, "no-such-peer");
  raw_say (scene.ben, "{\"type\":\"remove\",\"id\":\"%s\"}", field (welcome, "id"));
  raw_hear_error (scene.ben, "forbidden-type");
  raw_say (scene.anna, "{\"type\":\"remove\",\"id\":\"%s\"}", field (welcome, "id"));
  raw_hear_error (cleo, "removed");
  raw_hear_close (cleo, 1008);
  left = raw_hear (scene.ben, "left");
  g_assert_cmpstr (field (left, "id"), ==, field (welcome, "id"));
  g_assert_cmpstr (field (left, "reason"), ==, "removed");
  json_object_unref (raw_hear (scene.anna, "left"));
  g_assert_cmpuint (parlor_relay_get_n_guests (scene.lab->relay), ==, 2);

  /* Its seat is not kept. */
  again = raw_upgrade (scene.lab, "/abc", "parlor.1");
  raw_say (again, "{\"type\":\"hello\",\"name\":\"Cleo\",\"resume\":\"%s\"}", field (welcome, "resume"));
  raw_hear_error (again, "resume-expired");
  g_clear_pointer (&cleo, raw_free);
  g_clear_pointer (&again, raw_free);
  raw_hear_nothing (scene.anna);

  /* One who is away can be removed too. */
  g_clear_pointer (&scene.ben, raw_free);
  raw_hear_about (scene.anna, "away", scene.ben_id);
  raw_say (scene.anna, "{\"type\":\"remove\",\"id\":\"%s\"}", scene.ben_id);
  raw_hear_about (scene.anna, "left", scene.ben_id);
  g_assert_cmpuint (parlor_relay_get_n_guests (scene.lab->relay), ==, 1);
  scene_end (&scene);
}

/* Not Ben, by no word; and no word of a relay's from anybody. */
static void
test_forbidden (void)
{
  static const char *const owners[] = { "lock", "unlock", "admit", "refuse", "remove" };
  static const char *const relays[] = { "away", "back" };
  Scene scene;

  scene_begin (&scene, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (owners); i++)
    {
      raw_say (scene.ben, "{\"type\":\"%s\",\"id\":\"%s\"}", owners[i], scene.anna_id);
      raw_hear_error (scene.ben, "forbidden-type");
    }
  for (guint i = 0; i < G_N_ELEMENTS (relays); i++)
    {
      raw_say (scene.anna, "{\"type\":\"%s\",\"id\":\"%s\"}", relays[i], scene.ben_id);
      raw_hear_error (scene.anna, "forbidden-type");
    }
  raw_say (scene.ben, "{\"type\":\"knock\"}");
  raw_hear_error (scene.ben, "unexpected");
  raw_say (scene.anna, "{\"type\":\"remove\"}");
  raw_hear_error (scene.anna, "bad-json");
  raw_hear_nothing (scene.anna);
  raw_hear_nothing (scene.ben);
  scene_end (&scene);
}

/* The owner comes back, by its token: through the locked door, as another guest, and hears who knocked meanwhile. */
static void
test_owner_returns (void)
{
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autofree char *fields = NULL;
  g_autoptr (JsonObject) welcome = NULL;
  g_autoptr (JsonObject) heard = NULL;

  scene_begin (&scene, NULL);
  lock (&scene);
  raw_send_frame (scene.anna, 0x88, NULL, 0);
  raw_hear_about (scene.ben, "left", scene.anna_id);
  json_object_unref (raw_hear (scene.ben, "owner"));
  g_clear_pointer (&scene.anna, raw_free);
  raw = come_to_the_door (&scene);
  raw_say (raw, "{\"type\":\"knock\"}");

  {
    g_autoptr (Raw) thief = raw_upgrade (scene.lab, "/abc", "parlor.1");

    say_hello (thief, "\"owner\":\"" TICKET "\"");
    raw_hear_error (thief, "locked");
  }
  fields = g_strdup_printf ("\"owner\":\"%s\"", scene.owner);
  scene.anna = raw_join (scene.lab, "/abc", "Anna", fields, &welcome);
  g_assert_cmpstr (field (welcome, "owner"), ==, scene.owner);
  g_assert_true (json_object_get_boolean_member (welcome, "locked"));
  heard = raw_hear (scene.anna, "knock");
  raw_say (scene.anna, "{\"type\":\"admit\",\"id\":\"%s\"}", field (heard, "id"));
  json_object_unref (raw_hear (raw, "welcome"));
  g_clear_pointer (&raw, raw_free);
  scene_end (&scene);
}

/* The owner of a locked room leaves for good, and then the next: each time who has been there longest is told, hears who knocks, and may do what
 * the owner could. Those who were given less than that are given nothing. */
static void
test_heirs (void)
{
  Scene scene;
  g_autoptr (Raw) cleo = NULL;
  g_autoptr (Raw) raw = NULL;
  g_autoptr (JsonObject) told = NULL;
  g_autoptr (JsonObject) knock = NULL;
  g_autoptr (JsonObject) again = NULL;
  g_autoptr (JsonObject) welcome = NULL;
  g_autofree char *fields = NULL;

  scene_begin (&scene, NULL);
  cleo = raw_join (scene.lab, "/abc", "Cleo", NULL, NULL);
  json_object_unref (raw_hear (scene.anna, "joined"));
  json_object_unref (raw_hear (scene.ben, "joined"));
  lock (&scene);
  json_object_unref (raw_hear (cleo, "lock"));
  raw = come_to_the_door (&scene);
  raw_say (raw, "{\"type\":\"knock\"}");
  json_object_unref (raw_hear (scene.anna, "knock"));

  raw_send_frame (scene.anna, 0x88, NULL, 0);
  raw_hear_about (scene.ben, "left", scene.anna_id);
  told = raw_hear (scene.ben, "owner");
  g_assert_cmpuint (strlen (field (told, "owner")), ==, 43);
  g_assert_cmpstr (field (told, "owner"), !=, scene.owner);
  knock = raw_hear (scene.ben, "knock");
  raw_hear_about (cleo, "left", scene.anna_id);
  raw_say (cleo, "{\"type\":\"unlock\"}");
  raw_hear_error (cleo, "forbidden-type");
  raw_say (scene.ben, "{\"type\":\"admit\",\"id\":\"%s\"}", field (knock, "id"));
  json_object_unref (raw_hear (raw, "welcome"));
  json_object_unref (raw_hear (cleo, "joined"));

  raw_send_frame (scene.ben, 0x88, NULL, 0);
  raw_hear_about (cleo, "left", scene.ben_id);
  again = raw_hear (cleo, "owner");
  g_assert_cmpstr (field (again, "owner"), !=, field (told, "owner"));
  g_clear_pointer (&scene.ben, raw_free);

  /* Ben's token is void, Cleo's and that of who made the room are not. */
  fields = g_strdup_printf ("\"owner\":\"%s\"", field (told, "owner"));
  {
    g_autoptr (Raw) ben = raw_upgrade (scene.lab, "/abc", "parlor.1");

    say_hello (ben, fields);
    raw_hear_error (ben, "locked");
  }
  g_free (fields);
  fields = g_strdup_printf ("\"owner\":\"%s\"", scene.owner);
  g_clear_pointer (&scene.anna, raw_free);
  scene.anna = raw_join (scene.lab, "/abc", "Anna", fields, &welcome);
  g_assert_cmpstr (field (welcome, "owner"), ==, scene.owner);
  raw_say (cleo, "{\"type\":\"unlock\"}");
  json_object_unref (raw_hear (cleo, "joined"));
  json_object_unref (raw_hear (cleo, "unlock"));
  json_object_unref (raw_hear (scene.anna, "unlock"));
  g_clear_pointer (&cleo, raw_free);
  g_clear_pointer (&raw, raw_free);
  scene_end (&scene);
}

/* While the others are away there is nobody to tell; who is back first inherits. While the owner itself is away nobody does. */
static void
test_absent_heirs (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (JsonObject) hers = NULL;
  g_autoptr (JsonObject) his = NULL;
  g_autoptr (JsonObject) back = NULL;
  g_autoptr (JsonObject) again = NULL;
  g_autofree char *fields = NULL;
  Raw *anna, *ben;

  parlor_relay_limits_init (&limits);
  lab = lab_new (&limits);
  anna = raw_join (lab, "/abc", "Anna", NULL, &hers);
  ben = raw_join (lab, "/abc", "Ben", NULL, &his);
  json_object_unref (raw_hear (anna, "joined"));
  raw_free (ben);
  raw_hear_about (anna, "away", field (his, "id"));
  raw_send_frame (anna, 0x88, NULL, 0);
  raw_hear_end (anna);
  raw_free (anna);
  fields = g_strdup_printf ("\"resume\":\"%s\"", field (his, "resume"));
  ben = raw_join (lab, "/abc", "Ben", fields, &back);
  json_object_unref (raw_hear (ben, "owner"));

  /* He did not hear it: he is told when he is back. */
  raw_free (ben);
  lab_wait (parlor_relay_get_n_connections (lab->relay) == 0);
  g_free (fields);
  fields = g_strdup_printf ("\"resume\":\"%s\"", field (back, "resume"));
  ben = raw_join (lab, "/abc", "Ben", fields, &again);
  g_assert_cmpuint (strlen (field (again, "owner")), ==, 43);

  anna = raw_join (lab, "/abc", "Anna", NULL, NULL);
  json_object_unref (raw_hear (ben, "joined"));
  raw_free (ben);
  raw_hear_about (anna, "away", field (his, "id"));
  raw_hear_nothing (anna);
  raw_free (anna);
}

/* One who was cut off is still an owner, and hears who knocks. */
static void
test_owner_resumes (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (Raw) anna = NULL;
  g_autoptr (Raw) raw = NULL;
  g_autoptr (JsonObject) welcome = NULL;
  g_autoptr (JsonObject) again = NULL;
  g_autoptr (JsonObject) heard = NULL;
  g_autofree char *fields = NULL;

  parlor_relay_limits_init (&limits);
  lab = lab_new (&limits);
  anna = raw_join (lab, "/abc", "Anna", NULL, &welcome);
  raw_say (anna, "{\"type\":\"lock\"}");
  json_object_unref (raw_hear (anna, "lock"));
  g_clear_pointer (&anna, raw_free);
  lab_wait (parlor_relay_get_n_connections (lab->relay) == 0);

  raw = raw_upgrade (lab, "/abc", "parlor.1");
  say_hello (raw, NULL);
  raw_hear_error (raw, "locked");
  raw_say (raw, "{\"type\":\"knock\"}");
  fields = g_strdup_printf ("\"resume\":\"%s\"", field (welcome, "resume"));
  anna = raw_join (lab, "/abc", "Anna", fields, &again);
  heard = raw_hear (anna, "knock");
  raw_say (anna, "{\"type\":\"admit\",\"id\":\"%s\"}", field (heard, "id"));
  json_object_unref (raw_hear (raw, "welcome"));
}

/* The last one leaves a locked room with somebody at its door: it is sent away, and the room is nobody's and open again. */
static void
test_empty_room (void)
{
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autoptr (JsonObject) welcome = NULL;

  scene_begin (&scene, NULL);
  lock (&scene);
  raw = come_to_the_door (&scene);
  g_clear_pointer (&scene.ben, raw_free);
  raw_hear_about (scene.anna, "left", scene.ben_id);
  g_clear_pointer (&scene.anna, raw_free);
  raw_hear_error (raw, "refused");
  raw_hear_close (raw, 1008);
  g_assert_cmpuint (parlor_relay_get_n_rooms (scene.lab->relay), ==, 0);
  g_clear_pointer (&raw, raw_free);
  raw = raw_join (scene.lab, "/abc", "Cleo", NULL, &welcome);
  g_assert_true (json_object_has_member (welcome, "owner"));
  g_assert_cmpstr (field (welcome, "owner"), !=, scene.owner);
  g_clear_pointer (&raw, raw_free);
  scene_end (&scene);
}

/* Nobody owns the lobby, so nobody can lock it. */
static void
test_lobby (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (JsonObject) welcome = NULL;
  g_autoptr (Raw) anna = raw_join (lab, "/", "Anna", NULL, &welcome);

  g_assert_false (json_object_has_member (welcome, "owner"));
  raw_say (anna, "{\"type\":\"lock\"}");
  raw_hear_error (anna, "forbidden-type");
}

/* A crowd at the door is no way to bury the owner. */
static void
test_crowd_at_the_door (void)
{
  ParlorRelayLimits limits;
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autoptr (Raw) last = NULL;
  g_autofree char *id = NULL;

  lab_limits_init (&limits);
  limits.max_guests = 2;
  scene_begin (&scene, &limits);
  lock (&scene);
  raw = come_to_the_door (&scene);
  {
    g_autoptr (Raw) second = come_to_the_door (&scene);

    last = raw_upgrade (scene.lab, "/abc", "parlor.1");
    say_hello (last, NULL);
    raw_hear_error (last, "room-full");
    raw_hear_close (last, 1013);
  }

  /* And nobody comes in where there is no chair. */
  id = knock (&scene, raw);
  raw_say (scene.anna, "{\"type\":\"admit\",\"id\":\"%s\"}", id);
  raw_hear_error (scene.anna, "room-full");
  raw_say (scene.anna, "{\"type\":\"remove\",\"id\":\"%s\"}", scene.ben_id);
  raw_hear_about (scene.anna, "left", scene.ben_id);
  raw_say (scene.anna, "{\"type\":\"admit\",\"id\":\"%s\"}", id);
  json_object_unref (raw_hear (raw, "welcome"));
  g_clear_pointer (&raw, raw_free);
  g_clear_pointer (&last, raw_free);
  scene_end (&scene);
}

/* Nor is knocking and going, again and again. Who is told to wait still stands there, and may knock later. */
static void
test_knocks_again (void)
{
  ParlorRelayLimits limits;
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autoptr (Raw) there = NULL;
  g_autoptr (Raw) owner = NULL;

  lab_limits_init (&limits);
  limits.max_knocks = 3;
  limits.knock_ms = 60000;
  scene_begin (&scene, &limits);
  lock (&scene);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (Raw) eve = come_to_the_door (&scene);
      g_autofree char *id = knock (&scene, eve);

      g_clear_pointer (&eve, raw_free);
      raw_hear_about (scene.anna, "left", id);
    }
  raw = come_to_the_door (&scene);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (JsonObject) error = NULL;

      raw_say (raw, "{\"type\":\"knock\"}");
      error = raw_hear (raw, "error");
      g_assert_cmpstr (field (error, "code"), ==, "rate");
      g_assert_cmpstr (field (error, "about"), ==, "knock");
    }
  say_hello (raw, NULL);
  raw_hear_error (raw, "locked");
  raw_hear_nothing (scene.anna);

  /* Each room has a door of its own. */
  owner = raw_join (scene.lab, "/other", "Olga", NULL, NULL);
  raw_say (owner, "{\"type\":\"lock\"}");
  json_object_unref (raw_hear (owner, "lock"));
  there = raw_upgrade (scene.lab, "/other", "parlor.1");
  say_hello (there, NULL);
  raw_hear_error (there, "locked");
  raw_say (there, "{\"type\":\"knock\"}");
  json_object_unref (raw_hear (owner, "knock"));

  /* Where it need not be told to anybody a knock is not one too many; those that were are not those of who waits. */
  raw_say (scene.anna, "{\"type\":\"unlock\"}");
  json_object_unref (raw_hear (scene.anna, "unlock"));
  raw_say (raw, "{\"type\":\"knock\"}");
  json_object_unref (raw_hear (raw, "welcome"));
  json_object_unref (raw_hear (scene.anna, "joined"));
  g_clear_pointer (&raw, raw_free);
  g_clear_pointer (&there, raw_free);
  g_clear_pointer (&owner, raw_free);
  scene_end (&scene);
}

static GLogWriterOutput
keep_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      g_string_append_len (user_data, fields[i].value, fields[i].length < 0 ? (gssize) strlen (fields[i].value) : fields[i].length);
  return G_LOG_WRITER_HANDLED;
}

/* Whatever level is asked for: a log tells nothing of who met whom where. */
static void
test_log (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  ParlorRelayLimits limits;
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autofree char *id = NULL;
  const char *secrets[5];

  g_log_set_writer_func (keep_log, log, NULL);
  parlor_relay_limits_init (&limits);
  limits.away_ms = 100;
  scene_begin (&scene, &limits);
  lock (&scene);
  raw = come_to_the_door (&scene);
  id = knock (&scene, raw);
  raw_say (scene.anna, "{\"type\":\"admit\",\"id\":\"%s\"}", id);
  json_object_unref (raw_hear (raw, "welcome"));
  json_object_unref (raw_hear (scene.anna, "joined"));
  g_clear_pointer (&raw, raw_free);
  raw_hear_about (scene.anna, "away", id);
  raw_hear_about (scene.anna, "left", id);
  raw_say (scene.anna, "{\"type\":\"remove\",\"id\":\"%s\"}", scene.ben_id);
  raw_hear_about (scene.anna, "left", scene.ben_id);
  raw_say (scene.anna, "rubbish of Anna's");
  raw_hear_error (scene.anna, "bad-json");

  secrets[0] = id;
  secrets[1] = scene.anna_id;
  secrets[2] = scene.owner;
  secrets[3] = "Mallory";
  secrets[4] = "/abc";
  g_log ("parlor-relay", G_LOG_LEVEL_DEBUG, "planted: Anna");
  g_assert_nonnull (strstr (log->str, "Anna"));
  for (guint i = 0; i < G_N_ELEMENTS (secrets); i++)
    g_assert_null (strstr (log->str, secrets[i]));
  g_string_truncate (log, log->len - strlen ("Anna"));
  g_assert_null (strstr (log->str, "Anna"));
  scene_end (&scene);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/lock/admit", test_admit);
  g_test_add_func ("/relay/lock/refuse", test_refuse);
  g_test_add_func ("/relay/lock/walks-off", test_walks_off);
  g_test_add_func ("/relay/lock/nobody-answers", test_nobody_answers);
  g_test_add_func ("/relay/lock/waits", test_waits);
  g_test_add_func ("/relay/lock/unlock", test_unlock);
  g_test_add_func ("/relay/lock/hello-again", test_hello_again);
  g_test_add_func ("/relay/lock/remove", test_remove);
  g_test_add_func ("/relay/lock/forbidden", test_forbidden);
  g_test_add_func ("/relay/lock/owner-returns", test_owner_returns);
  g_test_add_func ("/relay/lock/heirs", test_heirs);
  g_test_add_func ("/relay/lock/absent-heirs", test_absent_heirs);
  g_test_add_func ("/relay/lock/owner-resumes", test_owner_resumes);
  g_test_add_func ("/relay/lock/empty-room", test_empty_room);
  g_test_add_func ("/relay/lock/lobby", test_lobby);
  g_test_add_func ("/relay/lock/crowd-at-the-door", test_crowd_at_the_door);
  g_test_add_func ("/relay/lock/knocks-again", test_knocks_again);
  g_test_add_func ("/relay/lock/log", test_log); /* the last one: a writer is for ever */
  return g_test_run ();
}
