/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-error.h"
#include "parlor-relay.h"
#include "parlor-ws-channel.h"

#include <string.h>

/* The channel with the relay it was made for, in one process and one main context. */

#define PATIENCE_S 10

typedef struct
{
  ParlorChannel *channel;
  GPtrArray *messages; /* ParlorMessage */
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
on_message (ParlorChannel *channel, const ParlorMessage *message, GPtrArray *messages)
{
  g_ptr_array_add (messages, parlor_message_copy (message));
}

static Client *
client_new (ParlorRelay *relay, const char *name)
{
  Client *self = g_new0 (Client, 1);
  g_autoptr (ParlorInvite) invite = parlor_invite_new ("127.0.0.1", parlor_relay_get_port (relay), "room", FALSE, NULL,
                                                       NULL, NULL);

  self->channel = PARLOR_CHANNEL (parlor_ws_channel_new (invite, name));
  self->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) parlor_message_free);
  g_signal_connect (self->channel, "message", G_CALLBACK (on_message), self->messages);
  parlor_ws_channel_connect (PARLOR_WS_CHANNEL (self->channel));
  return self;
}

static void
client_free (Client *self)
{
  gpointer alive = self->channel;

  g_object_add_weak_pointer (G_OBJECT (self->channel), &alive);
  g_object_unref (self->channel);
  g_assert_null (alive);
  g_ptr_array_unref (self->messages);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Client, client_free)

/* The @n-th message, once it is there. */
static const ParlorMessage *
nth (Client *client, guint n)
{
  wait_for (client->messages->len > n);
  return client->messages->pdata[n];
}

static ParlorRelay *
relay_new (void)
{
  ParlorRelay *relay = parlor_relay_new (NULL);
  g_autoptr (GError) error = NULL;

  parlor_relay_listen (relay, "127.0.0.1", 0, &error);
  g_assert_no_error (error);
  return relay;
}

static void
test_meet (void)
{
  g_autoptr (ParlorRelay) relay = relay_new ();
  g_autoptr (Client) ada = client_new (relay, "Ada");
  g_autoptr (Client) bob = NULL;
  g_autoptr (ParlorMessage) ring = NULL;
  g_autoptr (ParlorMessage) to_nobody = parlor_message_new_addressed (PARLOR_MESSAGE_ACCEPT, "nobody", "c1");
  g_autofree char *ada_id = NULL;
  g_autofree char *bob_id = NULL;
  const ParlorMessage *message;

  message = nth (ada, 0);
  g_assert_cmpint (message->type, ==, PARLOR_MESSAGE_WELCOME);
  g_assert_cmpstr (message->welcome.room, ==, "room");
  ada_id = g_strdup (message->welcome.id);

  bob = client_new (relay, "Bob");
  message = nth (bob, 0);
  bob_id = g_strdup (message->welcome.id);
  g_assert_cmpuint (message->welcome.peers->len, ==, 1);
  g_assert_cmpstr (((ParlorPeerInfo *) message->welcome.peers->pdata[0])->id, ==, ada_id);
  message = nth (ada, 1);
  g_assert_cmpint (message->type, ==, PARLOR_MESSAGE_JOINED);
  g_assert_cmpstr (message->joined.peer->name, ==, "Bob");

  ring = parlor_message_new_addressed (PARLOR_MESSAGE_RING, ada_id, "c1");
  ring->ring.media = PARLOR_MEDIA_AUDIO;
  g_assert_true (parlor_channel_send (bob->channel, ring, NULL));
  message = nth (ada, 2);
  g_assert_cmpint (message->type, ==, PARLOR_MESSAGE_RING);
  g_assert_cmpstr (message->from, ==, bob_id);
  g_assert_cmpint (message->ring.media, ==, PARLOR_MEDIA_AUDIO);

  g_assert_true (parlor_channel_send (ada->channel, to_nobody, NULL));
  message = nth (ada, 3);
  g_assert_cmpint (message->type, ==, PARLOR_MESSAGE_ERROR);
  g_assert_cmpstr (message->error.code, ==, "no-such-peer");
  g_assert_cmpstr (message->error.about, ==, "accept");

  parlor_channel_close (bob->channel);
  message = nth (ada, 4);
  g_assert_cmpint (message->type, ==, PARLOR_MESSAGE_LEFT);
  g_assert_cmpstr (message->left.id, ==, bob_id);
}

/* The largest message there is, stamped by the relay, still arrives. */
static void
test_largest (void)
{
  g_autoptr (ParlorRelay) relay = relay_new ();
  g_autoptr (Client) ada = client_new (relay, "Ada");
  g_autoptr (Client) bob = NULL;
  g_autoptr (ParlorMessage) offer = NULL;
  g_autofree char *empty = NULL;
  gsize room_left;

  offer = parlor_message_new_addressed (PARLOR_MESSAGE_OFFER, nth (ada, 0)->welcome.id, "c1");
  offer->description.sdp = g_strdup ("");
  empty = parlor_message_serialize (offer, PARLOR_DIALECT_PARLOR);
  room_left = PARLOR_WIRE_MAX_MESSAGE - strlen (empty);
  g_free (offer->description.sdp);
  offer->description.sdp = g_strnfill (room_left, 'x');

  bob = client_new (relay, "Bob");
  nth (bob, 0);
  g_assert_true (parlor_channel_send (bob->channel, offer, NULL));
  g_assert_cmpint (nth (ada, 2)->type, ==, PARLOR_MESSAGE_OFFER);
  g_assert_cmpuint (strlen (nth (ada, 2)->description.sdp), ==, room_left);
}

static void
test_room_full (void)
{
  ParlorRelayLimits limits;
  g_autoptr (ParlorRelay) relay = NULL;
  g_autoptr (Client) ada = NULL;
  g_autoptr (Client) bob = NULL;

  parlor_relay_limits_init (&limits);
  limits.max_guests = 1;
  relay = parlor_relay_new (&limits);
  g_assert_true (parlor_relay_listen (relay, "127.0.0.1", 0, NULL));
  ada = client_new (relay, "Ada");
  nth (ada, 0);
  bob = client_new (relay, "Bob");
  wait_for (parlor_channel_get_state (bob->channel) == PARLOR_CHANNEL_CLOSED);
  g_assert_error (parlor_channel_get_error (bob->channel), PARLOR_ERROR, PARLOR_ERROR_ROOM_FULL);
}

static void
test_relay_closes (void)
{
  g_autoptr (ParlorRelay) relay = relay_new ();
  g_autoptr (Client) ada = client_new (relay, "Ada");

  nth (ada, 0);
  parlor_relay_close (relay);
  wait_for (parlor_channel_get_state (ada->channel) == PARLOR_CHANNEL_WAITING);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ws-relay/meet", test_meet);
  g_test_add_func ("/ws-relay/largest", test_largest);
  g_test_add_func ("/ws-relay/room-full", test_room_full);
  g_test_add_func ("/ws-relay/relay-closes", test_relay_closes);
  return g_test_run ();
}
