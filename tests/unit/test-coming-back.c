/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-peer.h"
#include "fake-relay.h"
#include "parlor-switchboard.h"

/* What becomes of people and calls while the relay, or somebody else's, is lost for a while. */

#define WAIT_MS 30000

typedef struct
{
  FakeChannel *channel;
  FakePeerFactory *factory;
  ParlorSwitchboard *switchboard;
  ParlorCall *ended; /* the last one */
  gboolean goes;     /* at the end of a call, as parlor-peer does */
} Side;

static void
on_ended (ParlorSwitchboard *switchboard, ParlorCall *call, gpointer user_data)
{
  Side *side = user_data;

  g_set_object (&side->ended, call);
  if (side->goes)
    parlor_switchboard_close (switchboard);
}

static Side *
side_new (FakeRelay *relay, const char *id)
{
  Side *side = g_new0 (Side, 1);

  side->channel = fake_relay_join (relay, id);
  side->factory = fake_peer_factory_new (id);
  side->switchboard = parlor_switchboard_new (PARLOR_CHANNEL (side->channel), PARLOR_PEER_FACTORY (side->factory), NULL);
  g_signal_connect (side->switchboard, "ended", G_CALLBACK (on_ended), side);
  return side;
}

static void
side_free (Side *side)
{
  gpointer alive = side->switchboard;

  g_object_add_weak_pointer (G_OBJECT (side->switchboard), &alive);
  parlor_switchboard_close (side->switchboard);
  g_object_unref (side->switchboard);
  g_clear_object (&side->ended);
  g_object_unref (side->channel);
  g_object_unref (side->factory);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_null (alive);
  g_free (side);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Side, side_free)

static gboolean
wake (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

#define wait_for(condition)                                     \
  G_STMT_START                                                  \
  {                                                             \
    gint64 wait_end = g_get_monotonic_time () + WAIT_MS * 1000; \
    guint wait_source = g_timeout_add (20, wake, NULL);         \
    while (!(condition) && g_get_monotonic_time () < wait_end)  \
      g_main_context_iteration (NULL, TRUE);                    \
    g_source_remove (wait_source);                              \
    g_assert_true (condition);                                  \
  }                                                             \
  G_STMT_END

static void
drain (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static gboolean
is_in (Side *side, ParlorCallState state)
{
  ParlorCall *call = parlor_switchboard_get_call (side->switchboard);

  return call && parlor_call_get_state (call) == state;
}

static guint
count_people (Side *side)
{
  return g_list_model_get_n_items (parlor_switchboard_get_participants (side->switchboard));
}

/* The list keeps it. */
static ParlorParticipant *
nth_person (Side *side, guint n)
{
  g_autoptr (ParlorParticipant) participant = g_list_model_get_item (parlor_switchboard_get_participants (side->switchboard), n);

  return participant;
}

static void
dial (Side *side)
{
  g_autoptr (GError) error = NULL;

  wait_for (count_people (side) > 0);
  parlor_switchboard_call (side->switchboard, nth_person (side, 0), PARLOR_MEDIA_AUDIO, &error);
  g_assert_no_error (error);
}

static void
accept_ring (Side *side)
{
  g_assert_true (parlor_call_accept (parlor_switchboard_get_call (side->switchboard), NULL));
}

static void
assert_ended (Side *side, ParlorEndReason reason)
{
  wait_for (side->ended && !parlor_switchboard_get_call (side->switchboard));
  g_assert_cmpstr (parlor_end_reason_to_string (parlor_call_get_end_reason (side->ended)), ==,
                   parlor_end_reason_to_string (reason));
}

/* Where nothing else can show that nothing happens: several times as long as it would take. */
static void
pass_ms (guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * 1000;
  guint source = g_timeout_add (20, wake, NULL);

  while (g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (source);
}

/* Two in a room, a ringing b. */
typedef struct
{
  FakeRelay *relay;
  Side *a;
  Side *b;
} Scene;

static void
scene_begin (Scene *scene)
{
  scene->relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  scene->a = side_new (scene->relay, "a");
  scene->b = side_new (scene->relay, "b");
  dial (scene->a);
  wait_for (is_in (scene->b, PARLOR_CALL_RINGING));
}

static void
scene_end (Scene *scene)
{
  side_free (scene->a);
  side_free (scene->b);
  fake_relay_free (scene->relay);
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  (*(guint *) user_data)++;
}

/* Somebody is away and back, whatever they were doing with us; who left is gone. */
static void
test_others (void)
{
  for (guint active = 0; active <= 1; active++)
    {
      Scene scene;
      ParlorParticipant *b;
      guint n_notified = 0;

      scene_begin (&scene);
      if (active)
        {
          accept_ring (scene.b);
          wait_for (is_in (scene.a, PARLOR_CALL_ACTIVE) && is_in (scene.b, PARLOR_CALL_ACTIVE));
        }
      b = nth_person (scene.a, 0);
      g_assert_false (parlor_participant_get_away (b));
      g_signal_connect (b, "notify::away", G_CALLBACK (on_notify), &n_notified);
      fake_channel_receive (scene.a->channel, "{\"type\":\"away\",\"id\":\"b\"}");
      fake_channel_receive (scene.a->channel, "{\"type\":\"away\",\"id\":\"nobody\"}");
      drain ();
      g_assert_true (parlor_participant_get_away (b));
      fake_channel_receive (scene.a->channel, "{\"type\":\"away\",\"id\":\"b\"}");
      fake_channel_receive (scene.a->channel, "{\"type\":\"back\",\"id\":\"b\"}");
      drain ();
      g_assert_true (nth_person (scene.a, 0) == b);
      g_assert_false (parlor_participant_get_away (b));
      g_assert_cmpuint (n_notified, ==, 2);
      g_assert_true (is_in (scene.a, active ? PARLOR_CALL_ACTIVE : PARLOR_CALL_DIALING));

      g_signal_handlers_disconnect_by_data (b, &n_notified);
      fake_channel_receive (scene.a->channel, "{\"type\":\"away\",\"id\":\"b\"}");
      fake_channel_receive (scene.a->channel, "{\"type\":\"left\",\"id\":\"b\",\"reason\":\"lost\"}");
      drain ();
      g_assert_cmpuint (count_people (scene.a), ==, 0);
      if (active)
        g_assert_true (is_in (scene.a, PARLOR_CALL_ACTIVE)); /* what a relay says of them is a rumour */
      else
        assert_ended (scene.a, PARLOR_END_PEER_LEFT);
      scene_end (&scene);
    }
}

/* They are away for longer than their own end would wait: their ring ends here too. In a call that is up it does not matter. */
static void
test_others_too_long (void)
{
  for (guint active = 0; active <= 1; active++)
    {
      Scene scene;

      scene_begin (&scene);
      parlor_switchboard_set_patience (scene.b->switchboard, 50);
      if (active)
        {
          accept_ring (scene.b);
          wait_for (is_in (scene.a, PARLOR_CALL_ACTIVE) && is_in (scene.b, PARLOR_CALL_ACTIVE));
        }
      fake_channel_receive (scene.b->channel, "{\"type\":\"away\",\"id\":\"a\"}");
      if (active)
        {
          pass_ms (200);
          g_assert_true (is_in (scene.b, PARLOR_CALL_ACTIVE));
        }
      else
        {
          assert_ended (scene.b, PARLOR_END_PEER_LEFT);
          g_assert_cmpuint (count_people (scene.b), ==, 1);
        }
      scene_end (&scene);
    }
}

/* One who is back in time. */
static void
test_others_in_time (void)
{
  Scene scene;

  scene_begin (&scene);
  parlor_switchboard_set_patience (scene.b->switchboard, 200);
  fake_channel_receive (scene.b->channel, "{\"type\":\"away\",\"id\":\"a\"}");
  fake_channel_receive (scene.b->channel, "{\"type\":\"back\",\"id\":\"a\"}");
  pass_ms (600);
  g_assert_true (is_in (scene.b, PARLOR_CALL_RINGING));
  accept_ring (scene.b);
  wait_for (is_in (scene.a, PARLOR_CALL_ACTIVE) && is_in (scene.b, PARLOR_CALL_ACTIVE));
  scene_end (&scene);
}

/* One who joins while somebody is away learns it from the welcome. */
static void
test_away_in_welcome (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (Side) a = side_new (relay, "a");

  fake_channel_receive (a->channel, "{\"type\":\"welcome\",\"id\":\"a\",\"room\":\"test\",\"peers\":["
                                    "{\"id\":\"x\",\"name\":\"X\",\"dialect\":\"parlor.1\",\"away\":true},"
                                    "{\"id\":\"y\",\"name\":\"Y\",\"dialect\":\"parlor.1\"}]}");
  wait_for (count_people (a) == 2);
  g_assert_true (parlor_participant_get_away (nth_person (a, 0)));
  g_assert_false (parlor_participant_get_away (nth_person (a, 1)));
}

/* We dial, lose the relay, and come back to our old place: it rings on, and they may accept. */
static void
test_dialing (void)
{
  Scene scene;
  ParlorParticipant *b;

  scene_begin (&scene);
  b = nth_person (scene.a, 0);
  fake_channel_lose (scene.a->channel);
  drain ();
  g_assert_true (is_in (scene.a, PARLOR_CALL_DIALING));
  g_assert_cmpuint (count_people (scene.a), ==, 1);
  fake_channel_return (scene.a->channel, "a");
  drain ();
  g_assert_true (is_in (scene.a, PARLOR_CALL_DIALING));
  g_assert_true (nth_person (scene.a, 0) == b);
  accept_ring (scene.b);
  wait_for (is_in (scene.a, PARLOR_CALL_ACTIVE) && is_in (scene.b, PARLOR_CALL_ACTIVE));
  scene_end (&scene);
}

/* It rings here, we accept without a relay, and it hears of it when it is back. */
static void
test_ringing (void)
{
  Scene scene;

  scene_begin (&scene);
  fake_channel_lose (scene.b->channel);
  accept_ring (scene.b);
  drain ();
  g_assert_true (is_in (scene.b, PARLOR_CALL_CONNECTING));
  g_assert_true (is_in (scene.a, PARLOR_CALL_DIALING));
  fake_channel_return (scene.b->channel, "b");
  wait_for (is_in (scene.a, PARLOR_CALL_ACTIVE) && is_in (scene.b, PARLOR_CALL_ACTIVE));
  scene_end (&scene);
}

/* Another id: nobody knows what we were doing. */
static void
test_new_place (void)
{
  Scene scene;
  g_autoptr (ParlorParticipant) b = NULL;

  scene_begin (&scene);
  b = g_object_ref (nth_person (scene.a, 0));
  fake_channel_lose (scene.a->channel);
  fake_channel_return (scene.a->channel, "a2");
  assert_ended (scene.a, PARLOR_END_RELAY_LOST);
  g_assert_cmpstr (parlor_switchboard_get_id (scene.a->switchboard), ==, "a2");
  g_assert_cmpuint (count_people (scene.a), ==, 1);
  g_assert_true (nth_person (scene.a, 0) != b);
  scene_end (&scene);
}

/* A call that is up does not mind; the new place is told of it, the old one knows. */
static void
test_new_place_in_call (void)
{
  static const char *const ids[] = { "a", "a2" };

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      Scene scene;
      guint n_told;

      scene_begin (&scene);
      accept_ring (scene.b);
      wait_for (is_in (scene.a, PARLOR_CALL_ACTIVE) && is_in (scene.b, PARLOR_CALL_ACTIVE));
      n_told = fake_channel_count_sent (scene.a->channel, PARLOR_MESSAGE_IN_CALL);
      fake_channel_lose (scene.a->channel);
      fake_channel_return (scene.a->channel, ids[i]);
      drain ();
      g_assert_true (is_in (scene.a, PARLOR_CALL_ACTIVE));
      g_assert_cmpuint (fake_channel_count_sent (scene.a->channel, PARLOR_MESSAGE_IN_CALL), ==, n_told + i);
      scene_end (&scene);
    }
}

static void
test_locked_out (void)
{
  Scene scene;

  scene_begin (&scene);
  parlor_switchboard_set_patience (scene.a->switchboard, 600000);
  fake_channel_lose (scene.a->channel);
  fake_channel_lock_out (scene.a->channel);
  assert_ended (scene.a, PARLOR_END_RELAY_LOST);
  g_assert_cmpuint (count_people (scene.a), ==, 0);
  scene_end (&scene);
}

static void
test_patience (void)
{
  Scene scene;

  scene_begin (&scene);
  parlor_switchboard_set_patience (scene.a->switchboard, 50);
  fake_channel_lose (scene.a->channel);
  g_assert_true (is_in (scene.a, PARLOR_CALL_DIALING));
  assert_ended (scene.a, PARLOR_END_RELAY_LOST);
  g_assert_cmpuint (count_people (scene.a), ==, 0);

  /* Later is not too late for the room. */
  fake_channel_return (scene.a->channel, "a");
  wait_for (count_people (scene.a) == 1);

  /* And patience ends with the wait. */
  fake_channel_lose (scene.a->channel);
  fake_channel_return (scene.a->channel, "a");
  drain ();
  dial (scene.a);
  pass_ms (200);
  g_assert_cmpuint (count_people (scene.a), ==, 1);
  scene_end (&scene);
}

/* Who left meanwhile is not in the welcome, and so is who came. */
static void
test_catch_up (void)
{
  Scene scene;
  g_autoptr (Side) c = NULL;

  scene_begin (&scene);
  fake_channel_lose (scene.a->channel);
  fake_relay_leave (scene.relay, scene.b->channel);
  c = side_new (scene.relay, "c");
  fake_channel_return (scene.a->channel, "a");
  assert_ended (scene.a, PARLOR_END_PEER_LEFT);
  g_assert_cmpuint (count_people (scene.a), ==, 1);
  g_assert_cmpstr (parlor_participant_get_id (nth_person (scene.a, 0)), ==, "c");
  scene_end (&scene);
}

static void
come_back_elsewhere (Scene *scene)
{
  fake_channel_lose (scene->a->channel);
  fake_channel_return (scene->a->channel, "a2");
}

static void
come_back_alone (Scene *scene)
{
  fake_channel_lose (scene->a->channel);
  fake_relay_leave (scene->relay, scene->b->channel);
  fake_channel_return (scene->a->channel, "a");
}

static void
see_them_leave (Scene *scene)
{
  fake_relay_leave (scene->relay, scene->b->channel);
}

static void
see_them_away (Scene *scene)
{
  parlor_switchboard_set_patience (scene->a->switchboard, 50);
  fake_channel_receive (scene->a->channel, "{\"type\":\"away\",\"id\":\"b\"}");
}

static void
stand_at_the_door (Scene *scene)
{
  fake_channel_lose (scene->a->channel);
  fake_channel_lock_out (scene->a->channel);
}

static void
stay_away (Scene *scene)
{
  parlor_switchboard_set_patience (scene->a->switchboard, 50);
  fake_channel_lose (scene->a->channel);
}

/* Who hears of a call's end closes the switchboard, whatever that was in the middle of. */
static void
test_goes_at_the_end (void)
{
  static const struct
  {
    void (*happens) (Scene *scene);
    ParlorEndReason reason;
  } rows[] = {
    { come_back_elsewhere, PARLOR_END_RELAY_LOST },
    { come_back_alone, PARLOR_END_PEER_LEFT },
    { see_them_leave, PARLOR_END_PEER_LEFT },
    { see_them_away, PARLOR_END_PEER_LEFT },
    { stand_at_the_door, PARLOR_END_RELAY_LOST },
    { stay_away, PARLOR_END_RELAY_LOST },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Scene scene;

      scene_begin (&scene);
      scene.a->goes = TRUE;
      rows[i].happens (&scene);
      assert_ended (scene.a, rows[i].reason);
      drain ();
      g_assert_null (parlor_switchboard_get_channel (scene.a->switchboard));
      scene_end (&scene);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/coming-back/others", test_others);
  g_test_add_func ("/coming-back/others-too-long", test_others_too_long);
  g_test_add_func ("/coming-back/others-in-time", test_others_in_time);
  g_test_add_func ("/coming-back/away-in-welcome", test_away_in_welcome);
  g_test_add_func ("/coming-back/dialing", test_dialing);
  g_test_add_func ("/coming-back/ringing", test_ringing);
  g_test_add_func ("/coming-back/new-place", test_new_place);
  g_test_add_func ("/coming-back/new-place-in-call", test_new_place_in_call);
  g_test_add_func ("/coming-back/locked-out", test_locked_out);
  g_test_add_func ("/coming-back/patience", test_patience);
  g_test_add_func ("/coming-back/catch-up", test_catch_up);
  g_test_add_func ("/coming-back/goes-at-the-end", test_goes_at_the_end);
  return g_test_run ();
}
