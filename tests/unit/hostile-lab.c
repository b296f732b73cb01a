/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostile-lab.h"

#include "parlor-keys.h"

ParlorCallKeys *
new_keys (Holding holding, const char *room)
{
  g_autoptr (GBytes) key = g_bytes_new_static (holding == OTHER_LINK ? "another key 4567" : "0123456789abcdef", 16);
  g_autoptr (ParlorCallKeys) keys = parlor_call_keys_new (room, key, NULL);
  g_autoptr (GBytes) guest_key = NULL;

  if (holding == NOTHING)
    return parlor_call_keys_new (room, NULL, NULL);
  if (holding != WEB_LINK)
    return g_steal_pointer (&keys);
  guest_key = parlor_keys_derive_guest_key (key);
  return parlor_call_keys_new (room, NULL, guest_key);
}

static void
on_state (ParlorCall *call, GParamSpec *pspec, gpointer user_data)
{
  Side *side = user_data;

  side->was_up |= parlor_call_get_state (call) == PARLOR_CALL_ACTIVE;
  if (parlor_call_get_state (call) == PARLOR_CALL_ENDED)
    g_set_object (&side->ended, call);
}

static void
on_call (ParlorSwitchboard *switchboard, GParamSpec *pspec, gpointer user_data)
{
  ParlorCall *call = parlor_switchboard_get_call (switchboard);

  if (call)
    g_signal_connect (call, "notify::state", G_CALLBACK (on_state), user_data);
}

void
side_init (Side *side, Lab *lab, const char *id, const char *fingerprint, Holding holding, const char *room)
{
  const ParlorDeadlines deadlines = { 60000, 60000, 60000, 60000, 60000, 60000,
                                      lab->row->reveal_ms ? lab->row->reveal_ms : 60000 };
  g_autoptr (ParlorCallKeys) keys = new_keys (holding, room);

  side->channel = fake_relay_join (lab->relay, id);
  side->factory = fake_peer_factory_new (fingerprint);
  side->switchboard = parlor_switchboard_new (PARLOR_CHANNEL (side->channel), PARLOR_PEER_FACTORY (side->factory), lab->row->deadlines ? lab->row->deadlines : &deadlines);
  parlor_switchboard_set_keys (side->switchboard, keys);
  g_signal_connect (side->switchboard, "notify::call", G_CALLBACK (on_call), side);
}

void
side_clear (Side *side)
{
  ParlorCall *call = parlor_switchboard_get_call (side->switchboard);

  if (call)
    g_signal_handlers_disconnect_by_data (call, side);
  if (side->ended)
    g_signal_handlers_disconnect_by_data (side->ended, side);
  parlor_switchboard_close (side->switchboard);
  g_clear_object (&side->switchboard);
  g_clear_object (&side->ended);
  g_clear_object (&side->channel);
  g_clear_object (&side->factory);
}

gboolean
wake (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

void
drain (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

gboolean
is_in (Side *side, ParlorCallState state)
{
  ParlorCall *call = parlor_switchboard_get_call (side->switchboard);

  return call && parlor_call_get_state (call) == state;
}

static gboolean
on_relay_message (FakeRelay *relay, ParlorMessage *message, gpointer user_data)
{
  Lab *lab = user_data;

  return !lab->row->bend || lab->row->bend (lab, message);
}

void
lab_init (Lab *lab, const Row *row)
{
  *lab = (Lab){ .row = row, .relay = fake_relay_new (PARLOR_DIALECT_PARLOR) };
  side_init (&lab->a, lab, "a", "AA", row->a, "room");
  side_init (&lab->b, lab, "b", "BB", row->b, row->other_room ? "other" : "room");
  fake_relay_set_bend (lab->relay, on_relay_message, lab);
}

void
lab_clear (Lab *lab)
{
  side_clear (&lab->a);
  side_clear (&lab->b);
  drain ();
  g_clear_object (&lab->to_a);
  g_clear_object (&lab->to_b);
  g_clear_object (&lab->factory);
  g_clear_pointer (&lab->with_a, parlor_handshake_free);
  g_clear_pointer (&lab->with_b, parlor_handshake_free);
  g_clear_pointer (&lab->keys, parlor_call_keys_unref);
  g_clear_pointer (&lab->kept, parlor_message_free);
  fake_relay_free (lab->relay);
}

ParlorParticipant *
find_callee (Lab *lab)
{
  GListModel *model = parlor_switchboard_get_participants (lab->a.switchboard);
  g_autoptr (ParlorParticipant) participant = g_list_model_get_item (model, 0);

  return participant;
}

void
lab_call (Lab *lab)
{
  g_autoptr (GError) error = NULL;

  wait_for (find_callee (lab));
  parlor_switchboard_call (lab->a.switchboard, find_callee (lab), PARLOR_MEDIA_AUDIO, &error);
  g_assert_no_error (error);
  wait_for (is_in (&lab->b, PARLOR_CALL_RINGING));
  parlor_call_accept (parlor_switchboard_get_call (lab->b.switchboard), &error);
  g_assert_no_error (error);
}
