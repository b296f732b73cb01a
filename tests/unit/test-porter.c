/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The door as its owner and as a guest see it, and what a hostile relay cannot make of it. */
#include "fake-relay.h"
#include "parlor-error.h"
#include "parlor-porter.h"

#define TOKEN "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define OWNER_WELCOME "{\"type\":\"welcome\",\"id\":\"a\",\"room\":\"r\",\"peers\":[],\"owner\":\"" TOKEN "\"}"
#define GUEST_WELCOME "{\"type\":\"welcome\",\"id\":\"a\",\"room\":\"r\",\"peers\":[],\"locked\":true}"

typedef struct
{
  FakeRelay *relay;
  FakeChannel *channel;
  ParlorPorter *porter;
} Door;

static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
set_up (Door *door, gconstpointer welcome)
{
  door->relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  door->channel = fake_relay_join (door->relay, "a");
  door->porter = parlor_porter_new (PARLOR_CHANNEL (door->channel));
  settle ();
  fake_channel_receive (door->channel, welcome);
  settle ();
}

static void
tear_down (Door *door, gconstpointer welcome)
{
  g_object_add_weak_pointer (G_OBJECT (door->porter), (gpointer *) &door->porter);
  g_object_unref (door->porter);
  g_assert_null (door->porter);
  g_object_unref (door->channel);
  fake_relay_free (door->relay);
}

static guint
count (Door *door)
{
  return g_list_model_get_n_items (parlor_porter_get_knockers (door->porter));
}

static void
hear (Door *door, const char *text)
{
  fake_channel_receive (door->channel, text);
  settle ();
}

static const char *
last_sent (Door *door)
{
  GPtrArray *sent = fake_channel_get_sent (door->channel);

  return sent->len ? g_ptr_array_index (sent, sent->len - 1) : "";
}

static void
test_knock (Door *door, gconstpointer welcome)
{
  g_autoptr (ParlorParticipant) bo = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (parlor_porter_get_owner (door->porter));
  hear (door, "{\"type\":\"knock\",\"id\":\"b\",\"name\":\"Bo\"}");
  hear (door, "{\"type\":\"knock\",\"id\":\"b\",\"name\":\"Bo\"}"); /* once is enough */
  hear (door, "{\"type\":\"knock\",\"id\":\"c\",\"name\":\"Cy\"}");
  g_assert_cmpuint (count (door), ==, 2);
  bo = g_list_model_get_item (parlor_porter_get_knockers (door->porter), 0);
  g_assert_cmpstr (parlor_participant_get_name (bo), ==, "Bo");

  g_assert_true (parlor_porter_admit (door->porter, parlor_participant_get_id (bo), NULL));
  g_assert_nonnull (strstr (last_sent (door), "\"admit\""));
  g_assert_nonnull (strstr (last_sent (door), "\"b\""));
  g_assert_true (parlor_porter_refuse (door->porter, "c", NULL));
  g_assert_nonnull (strstr (last_sent (door), "\"refuse\""));
  g_assert_cmpuint (count (door), ==, 0);
  g_assert_false (parlor_porter_admit (door->porter, "c", &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_STATE);
}

static void
test_knockers_go (Door *door, gconstpointer welcome)
{
  hear (door, "{\"type\":\"knock\",\"id\":\"b\",\"name\":\"Bo\"}");
  hear (door, "{\"type\":\"left\",\"id\":\"b\"}");
  g_assert_cmpuint (count (door), ==, 0);
  hear (door, "{\"type\":\"knock\",\"id\":\"c\",\"name\":\"Cy\"}");
  fake_channel_lose (door->channel);
  settle ();
  g_assert_cmpuint (count (door), ==, 0);
}

static void
test_lock (Door *door, gconstpointer welcome)
{
  g_assert_false (parlor_porter_get_locked (door->porter));
  g_assert_true (parlor_porter_set_locked (door->porter, TRUE, NULL));
  g_assert_nonnull (strstr (last_sent (door), "\"lock\""));
  g_assert_false (parlor_porter_get_locked (door->porter)); /* not before the relay says so */
  hear (door, "{\"type\":\"lock\"}");
  g_assert_true (parlor_porter_get_locked (door->porter));
  hear (door, "{\"type\":\"unlock\"}");
  g_assert_false (parlor_porter_get_locked (door->porter));
}

static void
test_remove (Door *door, gconstpointer welcome)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (parlor_porter_remove (door->porter, "b", NULL));
  g_assert_nonnull (strstr (last_sent (door), "\"remove\""));
  g_assert_false (parlor_porter_remove (door->porter, "", &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_STATE);
}

static void
test_guest (Door *door, gconstpointer welcome)
{
  g_autoptr (GError) error = NULL;
  guint sent = fake_channel_get_sent (door->channel)->len;

  g_assert_false (parlor_porter_get_owner (door->porter));
  g_assert_true (parlor_porter_get_locked (door->porter));
  hear (door, "{\"type\":\"knock\",\"id\":\"b\",\"name\":\"Bo\"}"); /* none of our business */
  g_assert_cmpuint (count (door), ==, 0);
  g_assert_false (parlor_porter_set_locked (door->porter, FALSE, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_STATE);
  g_assert_false (parlor_porter_remove (door->porter, "b", NULL));
  g_assert_cmpuint (fake_channel_get_sent (door->channel)->len, ==, sent);

  /* Until who kept the room has left, and it is ours. */
  hear (door, "{\"type\":\"owner\",\"from\":\"b\",\"owner\":\"" TOKEN "\"}"); /* a peer's word */
  g_assert_false (parlor_porter_get_owner (door->porter));
  hear (door, "{\"type\":\"owner\",\"owner\":\"" TOKEN "\"}");
  g_assert_true (parlor_porter_get_owner (door->porter));
  hear (door, "{\"type\":\"knock\",\"id\":\"b\",\"name\":\"Bo\"}");
  g_assert_cmpuint (count (door), ==, 1);
  g_assert_true (parlor_porter_set_locked (door->porter, FALSE, NULL));
}

static void
test_hostile (Door *door, gconstpointer welcome)
{
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *knock = g_strdup_printf ("{\"type\":\"knock\",\"id\":\"x%u\",\"name\":\"Bo\"}", i);

      hear (door, knock);
    }
  g_assert_cmpuint (count (door), ==, 64);
  hear (door, "{\"type\":\"lock\",\"from\":\"b\"}"); /* a peer's word about the door */
  hear (door, "{\"type\":\"knock\"}");
  g_assert_false (parlor_porter_get_locked (door->porter));
  g_assert_cmpuint (count (door), ==, 64);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, welcome, function) g_test_add ("/porter/" name, Door, welcome, set_up, function, tear_down)
  ADD ("knock", OWNER_WELCOME, test_knock);
  ADD ("knockers-go", OWNER_WELCOME, test_knockers_go);
  ADD ("lock", OWNER_WELCOME, test_lock);
  ADD ("remove", OWNER_WELCOME, test_remove);
  ADD ("guest", GUEST_WELCOME, test_guest);
  ADD ("hostile", OWNER_WELCOME, test_hostile);
  return g_test_run ();
}
