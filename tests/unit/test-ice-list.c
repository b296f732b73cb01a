/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-peer.h"
#include "fake-relay.h"
#include "parlor-ice-list.h"
#include "parlor-switchboard.h"

/* STUN and TURN servers, from what a relay says of them to the peer connection that is made with them. */

#define WAIT_US (30 * G_USEC_PER_SEC)
#define SOON_MS 10
#define NEVER_MS 3600000

#define wait_for(condition)                                     \
  G_STMT_START                                                  \
  {                                                             \
    gint64 wait_end = g_get_monotonic_time () + WAIT_US;        \
                                                                \
    while (!(condition))                                        \
      {                                                         \
        g_assert_cmpint (g_get_monotonic_time (), <, wait_end); \
        g_main_context_iteration (NULL, FALSE);                 \
      }                                                         \
  }                                                             \
  G_STMT_END

static GPtrArray *
new_servers (const char *turn_user)
{
  GPtrArray *servers = g_ptr_array_new_with_free_func ((GDestroyNotify) parlor_ice_server_free);

  g_ptr_array_add (servers, parlor_ice_server_new ("stun:192.0.2.1", NULL, NULL));
  if (turn_user)
    g_ptr_array_add (servers, parlor_ice_server_new ("turn:192.0.2.1", turn_user, "password"));
  return servers;
}

static void
test_renewal (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (FakeChannel) channel = fake_relay_join (relay, "a");
  g_autoptr (ParlorIceList) list = parlor_ice_list_new (PARLOR_CHANNEL (channel), SOON_MS);
  g_autoptr (GPtrArray) stun_only = new_servers (NULL), with_turn = new_servers ("anna");
  gint64 end;

  /* What does not expire is not asked for. */
  parlor_ice_list_take (list, with_turn);
  parlor_ice_list_take (list, stun_only);
  g_assert_cmpuint (parlor_ice_list_get (list)->len, ==, 1);
  end = g_get_monotonic_time () + 20 * SOON_MS * G_TIME_SPAN_MILLISECOND;
  wait_for (g_get_monotonic_time () > end);
  g_assert_cmpuint (fake_channel_count_sent (channel, PARLOR_MESSAGE_TURN), ==, 0);

  /* Credentials are, again and again, also if no answer comes. */
  parlor_ice_list_take (list, with_turn);
  g_assert_cmpuint (parlor_ice_list_get (list)->len, ==, 2);
  wait_for (fake_channel_count_sent (channel, PARLOR_MESSAGE_TURN) >= 2);
  g_assert_cmpstr (fake_channel_get_sent (channel)->pdata[0], ==, "{\"type\":\"turn\"}");
}

/* A list of its own: what was taken may go. */
static void
test_ownership (void)
{
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autoptr (FakeChannel) channel = fake_relay_join (relay, "a");
  ParlorIceList *list = parlor_ice_list_new (PARLOR_CHANNEL (channel), NEVER_MS);
  GPtrArray *given = new_servers ("anna");
  g_autoptr (GPtrArray) kept = g_ptr_array_ref (parlor_ice_list_get (list));

  parlor_ice_list_take (list, given);
  g_ptr_array_unref (given);
  parlor_ice_list_free (list);
  g_assert_cmpstr (((ParlorIceServer *) kept->pdata[1])->username, ==, "anna");
}

typedef struct
{
  FakeChannel *channel;
  FakePeerFactory *factory;
  ParlorSwitchboard *switchboard;
} Side;

static void
side_init (Side *side, FakeRelay *relay, const char *id, const char *fingerprint)
{
  side->channel = fake_relay_join (relay, id);
  side->factory = fake_peer_factory_new (fingerprint);
  side->switchboard = parlor_switchboard_new (PARLOR_CHANNEL (side->channel), PARLOR_PEER_FACTORY (side->factory), NULL);
}

static void
side_clear (Side *side)
{
  parlor_switchboard_close (side->switchboard);
  g_object_unref (side->switchboard);
  g_object_unref (side->factory);
  g_object_unref (side->channel);
}

static const char *
get_ice (Side *side)
{
  FakePeer *peer = fake_peer_factory_get_last (side->factory);

  return peer ? fake_peer_get_ice (peer) : NULL;
}

/* Whatever the relay says until the peer connection is made is in it: the first in a room learns of TURN last. */
static void
test_call (void)
{
  static const char turn[] = "{\"type\":\"turn\",\"ice_servers\":[{\"urls\":\"turn:192.0.2.1\",\"username\":\"%s\",\"credential\":\"x\"}]}";
  g_autoptr (FakeRelay) relay = fake_relay_new (PARLOR_DIALECT_PARLOR);
  g_autofree char *early = g_strdup_printf (turn, "early"), *late = g_strdup_printf (turn, "late");
  g_autoptr (ParlorParticipant) ben = NULL;
  Side a, b;
  ParlorCall *ring;

  side_init (&a, relay, "a", "AA");
  side_init (&b, relay, "b", "BB");
  wait_for (g_list_model_get_n_items (parlor_switchboard_get_participants (a.switchboard)) == 1);
  fake_channel_receive (a.channel, early);
  fake_channel_receive (b.channel, early);
  ben = g_list_model_get_item (parlor_switchboard_get_participants (a.switchboard), 0);
  g_assert_nonnull (parlor_switchboard_call (a.switchboard, ben, PARLOR_MEDIA_AUDIO, NULL));
  wait_for ((ring = parlor_switchboard_get_call (b.switchboard)) && parlor_call_get_state (ring) == PARLOR_CALL_RINGING);
  fake_channel_receive (a.channel, late);
  g_assert_true (parlor_call_accept (ring, NULL));
  wait_for (get_ice (&a) && get_ice (&b));
  g_assert_cmpstr (get_ice (&a), ==, "turn:192.0.2.1 late");
  g_assert_cmpstr (get_ice (&b), ==, "turn:192.0.2.1 early");
  side_clear (&a);
  side_clear (&b);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/call/ice-list/renewal", test_renewal);
  g_test_add_func ("/call/ice-list/ownership", test_ownership);
  g_test_add_func ("/call/ice-list/call", test_call);
  return g_test_run ();
}
