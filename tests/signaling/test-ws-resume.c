/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cable.h"
#include "parlor-error.h"
#include "parlor-network-probe.h"
#include "parlor-relay.h"
#include "parlor-ws-channel-private.h"
#include "stub-relay.h"

#include <string.h>

/* The channel and a real relay, over a cable that breaks: the same place again, or another; tickets, and locked doors. */

#define PATIENCE_S 30
#define TICKET "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

typedef struct
{
  ParlorWsChannel *channel;
  GPtrArray *messages; /* ParlorMessage */
  GString *log;        /* C connecting, O open, W waiting, X closed, L locked; m a message */
} Client;

static gboolean
on_patience_lost (gpointer user_data)
{
  g_error ("waited %d s for: %s", PATIENCE_S, (const char *) user_data);
  return G_SOURCE_REMOVE;
}

#define wait_for(condition)                                                                       \
  G_STMT_START                                                                                    \
  {                                                                                               \
    guint patience = g_timeout_add_seconds (PATIENCE_S, on_patience_lost, (gpointer) #condition); \
    while (!(condition))                                                                          \
      g_main_context_iteration (NULL, TRUE);                                                      \
    g_source_remove (patience);                                                                   \
  }                                                                                               \
  G_STMT_END

static void
on_state (ParlorChannel *channel, GParamSpec *pspec, Client *client)
{
  g_string_append_c (client->log, "COWXL"[parlor_channel_get_state (channel)]);
}

static void
on_message (ParlorChannel *channel, const ParlorMessage *message, Client *client)
{
  g_ptr_array_add (client->messages, parlor_message_copy (message));
  g_string_append_c (client->log, 'm');
}

static double
no_wait (gpointer user_data)
{
  return 0;
}

static double
nearly_one (gpointer user_data)
{
  return 0.999;
}

/* Not connected yet. */
static Client *
client_new (guint16 port, const char *name)
{
  Client *self = g_new0 (Client, 1);
  g_autoptr (ParlorInvite) invite = parlor_invite_new ("127.0.0.1", port, "room", FALSE, NULL, NULL, NULL);

  self->channel = parlor_ws_channel_new (invite, name);
  self->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) parlor_message_free);
  self->log = g_string_new (NULL);
  parlor_ws_channel_set_timing (self->channel, PATIENCE_S * 1000, parlor_backoff_new (50, 50, no_wait, NULL));
  g_signal_connect (self->channel, "notify::state", G_CALLBACK (on_state), self);
  g_signal_connect (self->channel, "message", G_CALLBACK (on_message), self);
  return self;
}

static ParlorChannelState
get_state (Client *self)
{
  return parlor_channel_get_state (PARLOR_CHANNEL (self->channel));
}

static void
client_free (Client *self)
{
  gpointer alive = self->channel;

  g_object_add_weak_pointer (G_OBJECT (self->channel), &alive);
  g_object_unref (self->channel);
  g_assert_null (alive);
  g_ptr_array_unref (self->messages);
  g_string_free (self->log, TRUE);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Client, client_free)

/* The next message, which must be a @type: (transfer full). */
static ParlorMessage *
hear (Client *client, ParlorMessageType type)
{
  ParlorMessage *message;

  wait_for (client->messages->len > 0);
  message = g_ptr_array_steal_index (client->messages, 0);
  g_assert_cmpstr (parlor_message_type_to_string (message->type), ==, parlor_message_type_to_string (type));
  return message;
}

static void
hear_of (Client *client, ParlorMessageType type, const char *id)
{
  g_autoptr (ParlorMessage) message = hear (client, type);

  g_assert_cmpstr (message->person.id, ==, id);
}

/* (transfer full): its id */
static char *
enter (Client *client)
{
  g_autoptr (ParlorMessage) welcome = NULL;

  parlor_ws_channel_connect (client->channel);
  welcome = hear (client, PARLOR_MESSAGE_WELCOME);
  return g_strdup (welcome->welcome.id);
}

static gboolean
say (Client *client, ParlorMessageType type, const char *to, const char *call)
{
  g_autoptr (ParlorMessage) message = parlor_message_new_addressed (type, to, call);

  return parlor_channel_send (PARLOR_CHANNEL (client->channel), message, NULL);
}

static void
say_of (Client *client, ParlorMessageType type, const char *id)
{
  g_autoptr (ParlorMessage) message = parlor_message_new (type);

  if (id)
    message->person.id = g_strdup (id);
  g_assert_true (parlor_channel_send (PARLOR_CHANNEL (client->channel), message, NULL));
}

static ParlorRelay *
relay_new (const ParlorRelayLimits *limits, guint16 port)
{
  ParlorRelay *relay = parlor_relay_new (limits);
  g_autoptr (GError) error = NULL;

  parlor_relay_listen (relay, "127.0.0.1", port, &error);
  g_assert_no_error (error);
  return relay;
}

typedef struct
{
  ParlorRelay *relay;
  Cable *cable; /* Ada's */
  Client *ada;
  Client *bob;
  char *ada_id;
  char *bob_id;
} Scene;

static void
scene_begin (Scene *scene, const ParlorRelayLimits *limits)
{
  *scene = (Scene){ .relay = relay_new (limits, 0) };
  scene->cable = cable_new (parlor_relay_get_port (scene->relay));
  scene->ada = client_new (scene->cable->port, "Ada");
  scene->bob = client_new (parlor_relay_get_port (scene->relay), "Bob");
  scene->bob_id = enter (scene->bob);
}

static void
let_ada_in (Scene *scene)
{
  scene->ada_id = enter (scene->ada);
  parlor_message_free (hear (scene->bob, PARLOR_MESSAGE_JOINED));
}

static void
scene_end (Scene *scene)
{
  client_free (scene->ada);
  client_free (scene->bob);
  cable_free (scene->cable);
  g_object_unref (scene->relay);
  g_free (scene->ada_id);
  g_free (scene->bob_id);
}

/* Cut off and back: her id, what was said to her and what she said meanwhile, each in order. */
static void
test_same_place (void)
{
  static const char *const calls[] = { "c0", "c1", "c2" };
  Scene scene;
  g_autoptr (ParlorMessage) welcome = NULL;

  scene_begin (&scene, NULL);
  let_ada_in (&scene);
  cable_set_unplugged (scene.cable, TRUE);
  hear_of (scene.bob, PARLOR_MESSAGE_AWAY, scene.ada_id);
  wait_for (get_state (scene.ada) == PARLOR_CHANNEL_WAITING);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_assert_true (say (scene.bob, PARLOR_MESSAGE_ACCEPT, scene.ada_id, calls[i]));
      g_assert_true (say (scene.ada, PARLOR_MESSAGE_CANCEL, scene.bob_id, calls[i]));
    }
  g_assert_cmpuint (parlor_relay_get_n_connections (scene.relay), ==, 1);

  cable_set_unplugged (scene.cable, FALSE);
  welcome = hear (scene.ada, PARLOR_MESSAGE_WELCOME);
  g_assert_cmpstr (welcome->welcome.id, ==, scene.ada_id);
  g_assert_cmpuint (welcome->welcome.peers->len, ==, 1);
  hear_of (scene.bob, PARLOR_MESSAGE_BACK, scene.ada_id);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_autoptr (ParlorMessage) accept = hear (scene.ada, PARLOR_MESSAGE_ACCEPT);
      g_autoptr (ParlorMessage) cancel = hear (scene.bob, PARLOR_MESSAGE_CANCEL);

      g_assert_cmpstr (accept->call, ==, calls[i]);
      g_assert_cmpstr (cancel->call, ==, calls[i]);
    }
  g_assert_cmpstr (scene.ada->log->str, ==, "OmWOmmmm");

  /* And again, with the new token. */
  cable_cut (scene.cable);
  hear_of (scene.bob, PARLOR_MESSAGE_AWAY, scene.ada_id);
  hear_of (scene.bob, PARLOR_MESSAGE_BACK, scene.ada_id);
  scene_end (&scene);
}

/* Too late: another id, and what was to be said under the old one is not. */
static void
test_expired (void)
{
  ParlorRelayLimits limits;
  Scene scene;
  g_autoptr (ParlorMessage) welcome = NULL;
  g_autoptr (ParlorMessage) left = NULL;

  parlor_relay_limits_init (&limits);
  limits.away_ms = 100;
  scene_begin (&scene, &limits);
  let_ada_in (&scene);
  cable_set_unplugged (scene.cable, TRUE);
  hear_of (scene.bob, PARLOR_MESSAGE_AWAY, scene.ada_id);
  wait_for (get_state (scene.ada) == PARLOR_CHANNEL_WAITING);
  g_assert_true (say (scene.ada, PARLOR_MESSAGE_CANCEL, scene.bob_id, "c0"));
  left = hear (scene.bob, PARLOR_MESSAGE_LEFT);
  g_assert_cmpstr (left->left.reason, ==, "lost");

  cable_set_unplugged (scene.cable, FALSE);
  welcome = hear (scene.ada, PARLOR_MESSAGE_WELCOME);
  g_assert_cmpstr (welcome->welcome.id, !=, scene.ada_id);
  parlor_message_free (hear (scene.bob, PARLOR_MESSAGE_JOINED));
  g_assert_true (say (scene.ada, PARLOR_MESSAGE_ACCEPT, scene.bob_id, "c1"));
  parlor_message_free (hear (scene.bob, PARLOR_MESSAGE_ACCEPT));
  scene_end (&scene);
}

/* The relay itself dies, and another begins at its address: it knows of no place. */
static void
test_relay_restarts (void)
{
  ParlorRelay *relay = relay_new (NULL, 0);
  guint16 port = parlor_relay_get_port (relay);
  g_autoptr (Cable) cable = cable_new (port);
  g_autoptr (Client) ada = client_new (cable->port, "Ada");
  g_autofree char *id = enter (ada);
  g_autoptr (ParlorMessage) welcome = NULL;

  g_assert_true (parlor_ws_channel_is_owner (ada->channel));
  cable_set_unplugged (cable, TRUE);
  g_object_unref (relay);
  wait_for (get_state (ada) == PARLOR_CHANNEL_WAITING);
  g_assert_true (say (ada, PARLOR_MESSAGE_CANCEL, "nobody", "c0"));

  relay = relay_new (NULL, 0);
  cable->target = parlor_relay_get_port (relay);
  cable_set_unplugged (cable, FALSE);
  welcome = hear (ada, PARLOR_MESSAGE_WELCOME);
  g_assert_cmpstr (welcome->welcome.id, !=, id);
  g_assert_true (parlor_ws_channel_is_owner (ada->channel));
  g_assert_true (say (ada, PARLOR_MESSAGE_ACCEPT, "nobody", "c1"));
  {
    g_autoptr (ParlorMessage) error = hear (ada, PARLOR_MESSAGE_ERROR);

    g_assert_cmpstr (error->error.about, ==, "accept"); /* and none about the cancel before it */
  }
  parlor_channel_close (PARLOR_CHANNEL (ada->channel));
  g_object_unref (relay);
}

/* A relay that does not mind the token: another id is another place, whatever it says of the old one. */
static void
test_token_ignored (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, NULL);
  g_autoptr (Client) ada = client_new (relay->port, "Ada");
  g_autofree char *id = NULL;

  relay->welcome = "{\"type\":\"welcome\",\"id\":\"a1\",\"room\":\"room\",\"resume\":\"" TICKET "\"}";
  id = enter (ada);
  stub_relay_drop (relay);
  wait_for (get_state (ada) == PARLOR_CHANNEL_WAITING);
  g_assert_true (say (ada, PARLOR_MESSAGE_CANCEL, "nobody", "c0"));
  relay->welcome = "{\"type\":\"welcome\",\"id\":\"a2\",\"room\":\"room\"}";
  parlor_message_free (hear (ada, PARLOR_MESSAGE_WELCOME));
  g_assert_true (say (ada, PARLOR_MESSAGE_ACCEPT, "nobody", "c1"));
  wait_for (relay->received->len >= 3);
  g_assert_nonnull (strstr (relay->received->pdata[1], "\"resume\":\"" TICKET "\""));
  g_assert_nonnull (strstr (relay->received->pdata[2], "accept"));
}

/* The outbox is no cellar. */
static void
test_outbox_is_bound (void)
{
  Scene scene;
  guint n = 0;

  scene_begin (&scene, NULL);
  let_ada_in (&scene);
  cable_set_unplugged (scene.cable, TRUE);
  wait_for (get_state (scene.ada) == PARLOR_CHANNEL_WAITING);
  while (n < 1000 && say (scene.ada, PARLOR_MESSAGE_CANCEL, scene.bob_id, "c0"))
    n++;
  g_assert_cmpuint (n, ==, 128);
  scene_end (&scene);
}

/* Nothing else can show that nothing happens. */
static void
wait_ms (guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * (gint64) 1000;

  while (g_get_monotonic_time () < end)
    {
      g_usleep (10000);
      g_main_context_iteration (NULL, FALSE);
    }
}

/* Nothing comes any more, and no end of it is told: noticed, and the place is taken from the dead connection at once. */
static void
test_dead_cable (void)
{
  Scene scene;
  g_autoptr (ParlorMessage) welcome = NULL;

  scene_begin (&scene, NULL);
  parlor_ws_channel_set_liveness (scene.ada->channel, 1, 2500, 2000);
  let_ada_in (&scene);
  cable_freeze (scene.cable);
  wait_for (get_state (scene.ada) == PARLOR_CHANNEL_WAITING);
  welcome = hear (scene.ada, PARLOR_MESSAGE_WELCOME);
  g_assert_cmpstr (welcome->welcome.id, ==, scene.ada_id);
  g_assert_true (say (scene.ada, PARLOR_MESSAGE_ACCEPT, scene.bob_id, "c1"));
  parlor_message_free (hear (scene.bob, PARLOR_MESSAGE_ACCEPT)); /* neither away nor back before it */
  scene_end (&scene);
}

/* The pongs of a relay that has nothing to say are signs of life. */
static void
test_quiet_relay (void)
{
  Scene scene;

  scene_begin (&scene, NULL);
  parlor_ws_channel_set_liveness (scene.ada->channel, 1, 3000, 2000);
  let_ada_in (&scene);
  wait_ms (5000);
  g_assert_cmpstr (scene.ada->log->str, ==, "Om");
  scene_end (&scene);
}

static void
test_probe (void)
{
  Scene scene;
  g_autoptr (ParlorMessage) welcome = NULL;

  scene_begin (&scene, NULL);
  parlor_ws_channel_set_liveness (scene.ada->channel, 60, 60000, 1000);
  parlor_ws_channel_set_timing (scene.ada->channel, PATIENCE_S * 1000, parlor_backoff_new (3600000, 3600000, nearly_one, NULL));
  parlor_ws_channel_probe (scene.ada->channel); /* not connected: nothing */
  let_ada_in (&scene);

  /* It is there: nothing is said of it. */
  parlor_ws_channel_probe (scene.ada->channel);
  parlor_ws_channel_probe (scene.ada->channel);
  g_assert_true (say (scene.ada, PARLOR_MESSAGE_ACCEPT, "nobody", "c0"));
  parlor_message_free (hear (scene.ada, PARLOR_MESSAGE_ERROR));
  g_assert_cmpstr (scene.ada->log->str, ==, "Omm");

  /* It is not: at once, however long one would wait otherwise. */
  cable_freeze (scene.cable);
  parlor_ws_channel_probe (scene.ada->channel);
  welcome = hear (scene.ada, PARLOR_MESSAGE_WELCOME);
  g_assert_cmpstr (welcome->welcome.id, ==, scene.ada_id);
  g_assert_cmpstr (scene.ada->log->str, ==, "OmmWOm");

  /* It hears that we go, and does not take it for a goodbye. */
  cable_freeze_answers (scene.cable);
  parlor_ws_channel_probe (scene.ada->channel);
  hear_of (scene.bob, PARLOR_MESSAGE_AWAY, scene.ada_id);
  hear_of (scene.bob, PARLOR_MESSAGE_BACK, scene.ada_id);
  parlor_message_free (hear (scene.ada, PARLOR_MESSAGE_WELCOME));

  /* The network is back before the next attempt is due. */
  cable_cut (scene.cable);
  wait_for (get_state (scene.ada) == PARLOR_CHANNEL_WAITING);
  parlor_ws_channel_probe (scene.ada->channel);
  parlor_message_free (hear (scene.ada, PARLOR_MESSAGE_WELCOME));
  scene_end (&scene);
}

/* A network that changes when the test says so. */
typedef struct
{
  GObject parent_instance;
} Weather;

typedef GObjectClass WeatherClass;

static void
weather_monitor_init (GNetworkMonitorInterface *iface)
{
}

static GType weather_get_type (void);
G_DEFINE_TYPE_WITH_CODE (Weather, weather, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, NULL) G_IMPLEMENT_INTERFACE (G_TYPE_NETWORK_MONITOR, weather_monitor_init))

static void
weather_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
}

static void
weather_class_init (WeatherClass *klass)
{
  klass->get_property = weather_get_property;
  g_object_class_override_property (klass, 1, "network-available");
  g_object_class_override_property (klass, 2, "network-metered");
  g_object_class_override_property (klass, 3, "connectivity");
}

static void
weather_init (Weather *self)
{
}

static void
change (Weather *weather, guint times)
{
  for (guint i = 0; i < times; i++)
    g_signal_emit_by_name (weather, "network-changed", TRUE);
}

static void
test_network_changes (void)
{
  Scene scene;
  g_autoptr (ParlorMessage) welcome = NULL;
  g_autoptr (GObject) weather = g_object_new (weather_get_type (), NULL);

  scene_begin (&scene, NULL);
  parlor_ws_channel_set_liveness (scene.ada->channel, 60, 60000, 1000);
  parlor_ws_channel_set_timing (scene.ada->channel, PATIENCE_S * 1000, parlor_backoff_new (3600000, 3600000, nearly_one, NULL));
  parlor_network_probe_attach (scene.ada->channel, G_NETWORK_MONITOR (weather), 100);
  let_ada_in (&scene);

  /* The relay still answers: nothing is said of it. */
  change ((Weather *) weather, 50);
  wait_ms (300);
  g_assert_true (say (scene.ada, PARLOR_MESSAGE_ACCEPT, "nobody", "c0"));
  parlor_message_free (hear (scene.ada, PARLOR_MESSAGE_ERROR));
  g_assert_cmpstr (scene.ada->log->str, ==, "Omm");

  /* It does not any more: the same place by another way, a minute before silence would have told. */
  cable_freeze (scene.cable);
  change ((Weather *) weather, 50);
  welcome = hear (scene.ada, PARLOR_MESSAGE_WELCOME);
  g_assert_cmpstr (welcome->welcome.id, ==, scene.ada_id);
  g_assert_cmpstr (scene.ada->log->str, ==, "OmmWOm");

  /* The network was away, and is back: an hour before the next attempt is due. */
  cable_cut (scene.cable);
  wait_for (get_state (scene.ada) == PARLOR_CHANNEL_WAITING);
  change ((Weather *) weather, 1);
  parlor_message_free (hear (scene.ada, PARLOR_MESSAGE_WELCOME));

  change ((Weather *) weather, 1); /* one that is due when the channel goes */
  scene_end (&scene);
  change ((Weather *) weather, 1); /* and one that nobody is left to hear */
}

static void
test_goodbye (void)
{
  Scene scene;

  scene_begin (&scene, NULL);
  let_ada_in (&scene);
  parlor_channel_close (PARLOR_CHANNEL (scene.ada->channel));
  parlor_message_free (hear (scene.bob, PARLOR_MESSAGE_LEFT)); /* not away */
  scene_end (&scene);
}

static void
assert_closed_with (Client *client, ParlorError code)
{
  wait_for (get_state (client) == PARLOR_CHANNEL_CLOSED);
  g_assert_error (parlor_channel_get_error (PARLOR_CHANNEL (client->channel)), PARLOR_ERROR, (gint) code);
}

static void
test_ticket (void)
{
  g_autoptr (ParlorRelay) relay = relay_new (NULL, 0);
  g_autoptr (Client) ada = client_new (parlor_relay_get_port (relay), "Ada");
  g_autoptr (Client) bob = client_new (parlor_relay_get_port (relay), "Bob");
  g_autoptr (Client) eve = client_new (parlor_relay_get_port (relay), "Eve");

  parlor_ws_channel_set_ticket (ada->channel, TICKET);
  parlor_ws_channel_set_ticket (bob->channel, TICKET);
  g_free (enter (ada));
  g_free (enter (bob));
  parlor_ws_channel_connect (eve->channel);
  assert_closed_with (eve, PARLOR_ERROR_NOT_INVITED);
}

static void
lock (Scene *scene)
{
  g_assert_true (parlor_ws_channel_is_owner (scene->bob->channel));
  say_of (scene->bob, PARLOR_MESSAGE_LOCK, NULL);
  parlor_message_free (hear (scene->bob, PARLOR_MESSAGE_LOCK));
}

/* Bob's is the room. (transfer full): the id that Ada knocked with */
static char *
knock (Scene *scene)
{
  g_autoptr (ParlorMessage) heard = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (parlor_ws_channel_knock (scene->ada->channel, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_STATE);
  g_clear_error (&error);
  parlor_ws_channel_connect (scene->ada->channel);
  wait_for (get_state (scene->ada) == PARLOR_CHANNEL_LOCKED);
  g_assert_false (say (scene->ada, PARLOR_MESSAGE_ACCEPT, scene->bob_id, "c0"));
  g_assert_true (parlor_ws_channel_knock (scene->ada->channel, NULL));
  g_assert_false (parlor_ws_channel_knock (scene->ada->channel, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_STATE);
  heard = hear (scene->bob, PARLOR_MESSAGE_KNOCK);
  g_assert_cmpstr (heard->knock.name, ==, "Ada");
  return g_strdup (heard->knock.id);
}

static void
test_admitted (void)
{
  Scene scene;
  g_autofree char *id = NULL;
  g_autoptr (ParlorMessage) welcome = NULL;

  scene_begin (&scene, NULL);
  lock (&scene);
  id = knock (&scene);
  say_of (scene.bob, PARLOR_MESSAGE_ADMIT, id);
  welcome = hear (scene.ada, PARLOR_MESSAGE_WELCOME);
  g_assert_cmpstr (welcome->welcome.id, ==, id);
  g_assert_true (welcome->welcome.locked);
  g_assert_false (parlor_ws_channel_is_owner (scene.ada->channel));
  g_assert_cmpstr (scene.ada->log->str, ==, "LOm");
  parlor_message_free (hear (scene.bob, PARLOR_MESSAGE_JOINED));

  /* Inside, the lock does not keep her from coming back; removed, she stays away. */
  cable_cut (scene.cable);
  hear_of (scene.bob, PARLOR_MESSAGE_AWAY, id);
  hear_of (scene.bob, PARLOR_MESSAGE_BACK, id);
  say_of (scene.bob, PARLOR_MESSAGE_REMOVE, id);
  assert_closed_with (scene.ada, PARLOR_ERROR_REMOVED);
  scene_end (&scene);
}

static void
test_refused (void)
{
  Scene scene;
  g_autofree char *id = NULL;

  scene_begin (&scene, NULL);
  lock (&scene);
  id = knock (&scene);
  say_of (scene.bob, PARLOR_MESSAGE_REFUSE, id);
  assert_closed_with (scene.ada, PARLOR_ERROR_REFUSED);
  scene_end (&scene);
}

/* A knock too many is not the end: she is told, stays there, and knocks again. */
static void
test_knocks_too_often (void)
{
  ParlorRelayLimits limits;
  Scene scene;
  g_autoptr (Client) cleo = NULL;

  parlor_relay_limits_init (&limits);
  limits.max_knocks = 1;
  scene_begin (&scene, &limits);
  lock (&scene);
  cleo = client_new (parlor_relay_get_port (scene.relay), "Cleo");
  parlor_ws_channel_connect (cleo->channel);
  wait_for (get_state (cleo) == PARLOR_CHANNEL_LOCKED);
  g_assert_true (parlor_ws_channel_knock (cleo->channel, NULL));
  parlor_message_free (hear (scene.bob, PARLOR_MESSAGE_KNOCK));

  parlor_ws_channel_connect (scene.ada->channel);
  wait_for (get_state (scene.ada) == PARLOR_CHANNEL_LOCKED);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ParlorMessage) error = NULL;

      g_assert_true (parlor_ws_channel_knock (scene.ada->channel, NULL));
      error = hear (scene.ada, PARLOR_MESSAGE_ERROR);
      g_assert_cmpstr (error->error.code, ==, "rate");
      g_assert_cmpstr (error->error.about, ==, "knock");
    }
  say_of (scene.bob, PARLOR_MESSAGE_UNLOCK, NULL);
  parlor_message_free (hear (scene.bob, PARLOR_MESSAGE_UNLOCK));
  parlor_message_free (hear (scene.bob, PARLOR_MESSAGE_JOINED)); /* Cleo */
  g_assert_true (parlor_ws_channel_knock (scene.ada->channel, NULL));
  parlor_message_free (hear (scene.ada, PARLOR_MESSAGE_WELCOME));
  g_assert_cmpstr (scene.ada->log->str, ==, "LmmOm");
  scene_end (&scene);
}

static void
test_nobody_answers (void)
{
  ParlorRelayLimits limits;
  Scene scene;

  parlor_relay_limits_init (&limits);
  limits.knock_ms = 300;
  scene_begin (&scene, &limits);
  lock (&scene);
  g_free (knock (&scene));
  assert_closed_with (scene.ada, PARLOR_ERROR_LOCKED);
  scene_end (&scene);
}

/* She was inside, and was away for too long: the door is locked for her too. */
static void
test_locked_out (void)
{
  ParlorRelayLimits limits;
  Scene scene;

  parlor_relay_limits_init (&limits);
  limits.away_ms = 100;
  scene_begin (&scene, &limits);
  let_ada_in (&scene);
  lock (&scene);
  parlor_message_free (hear (scene.ada, PARLOR_MESSAGE_LOCK));
  cable_set_unplugged (scene.cable, TRUE);
  hear_of (scene.bob, PARLOR_MESSAGE_AWAY, scene.ada_id);
  parlor_message_free (hear (scene.bob, PARLOR_MESSAGE_LEFT));
  cable_set_unplugged (scene.cable, FALSE);
  wait_for (get_state (scene.ada) == PARLOR_CHANNEL_LOCKED);
  g_assert_cmpstr (scene.ada->log->str, ==, "OmmWL");

  /* The cable breaks while she stands there: she comes back to the door. */
  g_assert_true (parlor_ws_channel_knock (scene.ada->channel, NULL));
  parlor_message_free (hear (scene.bob, PARLOR_MESSAGE_KNOCK));
  cable_cut (scene.cable);
  parlor_message_free (hear (scene.bob, PARLOR_MESSAGE_LEFT));
  wait_for (g_str_equal (scene.ada->log->str, "OmmWLWL"));
  g_assert_true (parlor_ws_channel_knock (scene.ada->channel, NULL));
  parlor_message_free (hear (scene.bob, PARLOR_MESSAGE_KNOCK));
  scene_end (&scene);
}

/* Who inherits the room is its owner, also after a loss. */
static void
test_inherits (void)
{
  Scene scene;

  scene_begin (&scene, NULL);
  let_ada_in (&scene);
  g_assert_false (parlor_ws_channel_is_owner (scene.ada->channel));
  parlor_channel_close (PARLOR_CHANNEL (scene.bob->channel));
  parlor_message_free (hear (scene.ada, PARLOR_MESSAGE_LEFT));
  parlor_message_free (hear (scene.ada, PARLOR_MESSAGE_OWNER));
  g_assert_true (parlor_ws_channel_is_owner (scene.ada->channel));
  cable_cut (scene.cable);
  parlor_message_free (hear (scene.ada, PARLOR_MESSAGE_WELCOME));
  g_assert_true (parlor_ws_channel_is_owner (scene.ada->channel));
  scene_end (&scene);
}

/* Somebody else shows our token: two that take the place from each other would never end. */
static void
test_replaced (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, NULL);
  g_autoptr (Client) ada = client_new (relay->port, "Ada");

  g_free (enter (ada));
  stub_relay_close (relay, 4001);
  assert_closed_with (ada, PARLOR_ERROR_REPLACED);
  g_assert_cmpuint (relay->n_connected, ==, 1);
}

/* The host's own app gets in, however many come from its address. */
static void
test_host (void)
{
  ParlorRelayLimits limits;
  g_autoptr (ParlorRelay) relay = NULL;
  g_autoptr (Client) ada = NULL;
  g_autoptr (Client) bob = NULL;
  g_autoptr (Client) eve = NULL;

  parlor_relay_limits_init (&limits);
  limits.max_per_address = 1;
  relay = relay_new (&limits, 0);
  parlor_relay_set_host_token (relay, TICKET);
  ada = client_new (parlor_relay_get_port (relay), "Ada");
  bob = client_new (parlor_relay_get_port (relay), "Bob");
  eve = client_new (parlor_relay_get_port (relay), "Eve");
  g_free (enter (bob));
  parlor_ws_channel_connect (eve->channel);
  assert_closed_with (eve, PARLOR_ERROR_REJECTED);
  parlor_ws_channel_set_host_token (ada->channel, TICKET);
  g_free (enter (ada));
}

/* One connection has one welcome: another would change our name in the middle of a call. */
static void
test_second_welcome (void)
{
  g_autoptr (StubRelay) relay = stub_relay_new (STUB_WELCOMES, NULL);
  g_autoptr (Client) ada = client_new (relay->port, "Ada");

  g_free (enter (ada));
  stub_relay_send (relay, "{\"type\":\"welcome\",\"id\":\"a2\",\"room\":\"room\",\"owner\":\"" TICKET "\"}");
  stub_relay_send (relay, "{\"type\":\"left\",\"id\":\"b1\"}");
  hear_of (ada, PARLOR_MESSAGE_LEFT, "b1");
  g_assert_false (parlor_ws_channel_is_owner (ada->channel));
  g_assert_cmpstr (ada->log->str, ==, "Omm");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ws-resume/same-place", test_same_place);
  g_test_add_func ("/ws-resume/expired", test_expired);
  g_test_add_func ("/ws-resume/relay-restarts", test_relay_restarts);
  g_test_add_func ("/ws-resume/token-ignored", test_token_ignored);
  g_test_add_func ("/ws-resume/outbox-is-bound", test_outbox_is_bound);
  g_test_add_func ("/ws-resume/dead-cable", test_dead_cable);
  g_test_add_func ("/ws-resume/quiet-relay", test_quiet_relay);
  g_test_add_func ("/ws-resume/probe", test_probe);
  g_test_add_func ("/ws-resume/network-changes", test_network_changes);
  g_test_add_func ("/ws-resume/goodbye", test_goodbye);
  g_test_add_func ("/ws-resume/ticket", test_ticket);
  g_test_add_func ("/ws-resume/admitted", test_admitted);
  g_test_add_func ("/ws-resume/refused", test_refused);
  g_test_add_func ("/ws-resume/knocks-too-often", test_knocks_too_often);
  g_test_add_func ("/ws-resume/nobody-answers", test_nobody_answers);
  g_test_add_func ("/ws-resume/locked-out", test_locked_out);
  g_test_add_func ("/ws-resume/inherits", test_inherits);
  g_test_add_func ("/ws-resume/replaced", test_replaced);
  g_test_add_func ("/ws-resume/host", test_host);
  g_test_add_func ("/ws-resume/second-welcome", test_second_welcome);
  return g_test_run ();
}
