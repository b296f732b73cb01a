/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-relay.h"

#include "parlor-call-enums.h"
#include "parlor-error.h"
#include "parlor-wire-enums.h"

struct _FakeRelay
{
  ParlorDialect dialect;
  GPtrArray *channels; /* (element-type FakeChannel), not owned */
  FakeRelayBend bend;  /* nullable */
  gpointer bend_data;
};

struct _FakeChannel
{
  GObject parent_instance;

  FakeRelay *relay;
  char *id;
  ParlorDialect dialect;
  ParlorChannelState state;
  GPtrArray *sent;
  GPtrArray *waiting; /* (element-type ParlorMessage), said while WAITING */
  guint n_probes;
};

enum
{
  PROP_0,
  PROP_STATE,
  PROP_DIALECT,
};

typedef struct
{
  FakeChannel *channel;
  char *text;
} Delivery;

static gboolean
deliver (gpointer user_data)
{
  Delivery *delivery = user_data;
  FakeChannel *channel = delivery->channel;
  g_autoptr (ParlorMessage) message = NULL;

  message = parlor_message_parse (delivery->text, -1, channel->dialect, NULL);
  if (channel->state == PARLOR_CHANNEL_CLOSED
      || (channel->state == PARLOR_CHANNEL_WAITING && !(message && message->type == PARLOR_MESSAGE_WELCOME)))
    return G_SOURCE_REMOVE;

  if (message)
    {
      if (message->type == PARLOR_MESSAGE_WELCOME)
        {
          channel->state = PARLOR_CHANNEL_OPEN;
          g_object_notify (G_OBJECT (channel), "state");
        }
      parlor_channel_emit_message (PARLOR_CHANNEL (channel), message);
      while (channel->state == PARLOR_CHANNEL_OPEN && channel->waiting->len > 0)
        {
          g_autoptr (ParlorMessage) said = g_ptr_array_steal_index (channel->waiting, 0);

          parlor_channel_send (PARLOR_CHANNEL (channel), said, NULL);
        }
    }
  return G_SOURCE_REMOVE;
}

static void
delivery_free (gpointer user_data)
{
  Delivery *delivery = user_data;

  g_object_unref (delivery->channel);
  g_free (delivery->text);
  g_free (delivery);
}

void
fake_channel_receive (FakeChannel *channel, const char *text)
{
  Delivery *delivery = g_new0 (Delivery, 1);

  delivery->channel = g_object_ref (channel);
  delivery->text = g_strdup (text);
  g_idle_add_full (G_PRIORITY_DEFAULT, deliver, delivery, delivery_free);
}

static void
receive_message (FakeChannel *channel, const ParlorMessage *message)
{
  g_autofree char *text = parlor_message_serialize (message, channel->dialect);

  if (text)
    fake_channel_receive (channel, text);
}

static FakeChannel *
find (FakeRelay *relay, const char *id)
{
  for (guint i = 0; i < relay->channels->len; i++)
    {
      FakeChannel *channel = g_ptr_array_index (relay->channels, i);

      if (g_strcmp0 (channel->id, id) == 0)
        return channel;
    }
  return NULL;
}

static void
send_to_others (FakeChannel *self, const char *text)
{
  for (guint i = 0; i < self->relay->channels->len; i++)
    if (g_ptr_array_index (self->relay->channels, i) != self)
      fake_channel_receive (g_ptr_array_index (self->relay->channels, i), text);
}

static gboolean
fake_channel_send (ParlorChannel *channel, const ParlorMessage *message, GError **error)
{
  FakeChannel *self = FAKE_CHANNEL (channel);
  g_autofree char *text = parlor_message_serialize (message, self->dialect);
  g_autofree char *stamped = NULL;
  g_autoptr (ParlorMessage) parsed = NULL;
  FakeChannel *receiver;

  if (self->state == PARLOR_CHANNEL_WAITING && self->relay && text)
    {
      g_ptr_array_add (self->waiting, parlor_message_copy (message));
      return TRUE;
    }
  if (self->state != PARLOR_CHANNEL_OPEN || !self->relay || !text)
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_CLOSED, "Not connected.");
      return FALSE;
    }

  g_ptr_array_add (self->sent, g_strdup (text));
  if (self->dialect == PARLOR_DIALECT_SEED)
    {
      send_to_others (self, text);
      return TRUE;
    }

  parsed = parlor_message_parse (text, -1, PARLOR_DIALECT_PARLOR, error);
  g_assert_nonnull (parsed);
  if (!parsed->to)
    return TRUE;
  if (self->relay->bend)
    {
      parsed->from = g_strdup (self->id);
      if (self->relay->bend (self->relay, parsed, self->relay->bend_data))
        fake_relay_deliver (self->relay, parsed);
      return TRUE;
    }

  receiver = find (self->relay, parsed->to);
  if (receiver)
    {
      stamped = parlor_message_forward (parsed, self->id);
      fake_channel_receive (receiver, stamped);
    }
  else
    {
      g_autoptr (ParlorMessage) refusal = parlor_message_new_error ("no-such-peer", NULL, parlor_message_type_to_string (parsed->type));

      receive_message (self, refusal);
    }
  return TRUE;
}

static void
fake_channel_close (ParlorChannel *channel)
{
  FAKE_CHANNEL (channel)->state = PARLOR_CHANNEL_CLOSED;
  g_object_notify (G_OBJECT (channel), "state");
}

static void
fake_channel_probe (ParlorChannel *channel)
{
  FAKE_CHANNEL (channel)->n_probes++;
}

static const GError *
fake_channel_get_error (ParlorChannel *channel)
{
  return NULL;
}

static void
channel_init (ParlorChannelInterface *iface)
{
  iface->send = fake_channel_send;
  iface->close = fake_channel_close;
  iface->get_error = fake_channel_get_error;
  iface->probe = fake_channel_probe;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeChannel, fake_channel, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (PARLOR_TYPE_CHANNEL, channel_init))

static void
fake_channel_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FakeChannel *self = FAKE_CHANNEL (object);

  if (id == PROP_STATE)
    g_value_set_enum (value, self->state);
  else
    g_value_set_enum (value, self->dialect);
}

static void
fake_channel_finalize (GObject *object)
{
  FakeChannel *self = FAKE_CHANNEL (object);

  if (self->relay)
    g_ptr_array_remove (self->relay->channels, self);
  g_ptr_array_unref (self->sent);
  g_ptr_array_unref (self->waiting);
  g_free (self->id);
  G_OBJECT_CLASS (fake_channel_parent_class)->finalize (object);
}

static void
fake_channel_class_init (FakeChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = fake_channel_get_property;
  object_class->finalize = fake_channel_finalize;
  g_object_class_override_property (object_class, PROP_STATE, "state");
  g_object_class_override_property (object_class, PROP_DIALECT, "dialect");
}

static void
fake_channel_init (FakeChannel *self)
{
  self->sent = g_ptr_array_new_with_free_func (g_free);
  self->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify) parlor_message_free);
}

void
fake_relay_set_bend (FakeRelay *relay, FakeRelayBend bend, gpointer user_data)
{
  relay->bend = bend;
  relay->bend_data = user_data;
}

void
fake_relay_deliver (FakeRelay *relay, const ParlorMessage *message)
{
  FakeChannel *receiver = find (relay, message->to);

  if (receiver)
    receive_message (receiver, message);
}

FakeRelay *
fake_relay_new (ParlorDialect dialect)
{
  FakeRelay *relay = g_new0 (FakeRelay, 1);

  relay->dialect = dialect;
  relay->channels = g_ptr_array_new ();
  return relay;
}

void
fake_relay_free (FakeRelay *relay)
{
  for (guint i = 0; i < relay->channels->len; i++)
    FAKE_CHANNEL (g_ptr_array_index (relay->channels, i))->relay = NULL;
  g_ptr_array_unref (relay->channels);
  g_free (relay);
}

static ParlorMessage *
new_welcome (FakeChannel *channel)
{
  ParlorMessage *welcome = parlor_message_new (PARLOR_MESSAGE_WELCOME);

  welcome->welcome.id = g_strdup (channel->id);
  welcome->welcome.room = g_strdup ("test");
  for (guint i = 0; i < channel->relay->channels->len; i++)
    {
      FakeChannel *other = g_ptr_array_index (channel->relay->channels, i);

      if (other != channel)
        g_ptr_array_add (welcome->welcome.peers,
                         parlor_peer_info_new (other->id, other->id, PARLOR_DIALECT_PARLOR, FALSE));
    }
  return welcome;
}

FakeChannel *
fake_relay_join (FakeRelay *relay, const char *id)
{
  FakeChannel *channel = g_object_new (FAKE_TYPE_CHANNEL, NULL);
  g_autoptr (ParlorMessage) welcome = NULL;
  g_autoptr (ParlorMessage) joined = parlor_message_new (PARLOR_MESSAGE_JOINED);

  channel->relay = relay;
  channel->id = g_strdup (id);
  channel->dialect = relay->dialect;
  if (relay->dialect == PARLOR_DIALECT_SEED)
    {
      channel->state = PARLOR_CHANNEL_OPEN;
      g_ptr_array_add (relay->channels, channel);
      return channel;
    }

  joined->joined.peer = parlor_peer_info_new (id, id, PARLOR_DIALECT_PARLOR, FALSE);
  for (guint i = 0; i < relay->channels->len; i++)
    receive_message (g_ptr_array_index (relay->channels, i), joined);
  g_ptr_array_add (relay->channels, channel);
  welcome = new_welcome (channel);
  receive_message (channel, welcome);
  return channel;
}

void
fake_relay_leave (FakeRelay *relay, FakeChannel *channel)
{
  g_autoptr (ParlorMessage) left = parlor_message_new (PARLOR_MESSAGE_LEFT);

  left->left.id = g_strdup (channel->id);
  channel->relay = NULL;
  g_ptr_array_remove (relay->channels, channel);
  for (guint i = 0; i < relay->channels->len; i++)
    receive_message (g_ptr_array_index (relay->channels, i), left);
}

void
fake_channel_lose (FakeChannel *channel)
{
  channel->state = PARLOR_CHANNEL_WAITING;
  g_object_notify (G_OBJECT (channel), "state");
}

void
fake_channel_lock_out (FakeChannel *channel)
{
  channel->state = PARLOR_CHANNEL_LOCKED;
  g_object_notify (G_OBJECT (channel), "state");
}

void
fake_channel_return (FakeChannel *channel, const char *id)
{
  g_autoptr (ParlorMessage) welcome = NULL;

  if (!g_str_equal (id, channel->id))
    g_ptr_array_set_size (channel->waiting, 0);
  g_free (channel->id);
  channel->id = g_strdup (id);
  welcome = new_welcome (channel);
  receive_message (channel, welcome);
}

GPtrArray *
fake_channel_get_sent (FakeChannel *channel)
{
  return channel->sent;
}

guint
fake_channel_get_n_probes (FakeChannel *channel)
{
  return channel->n_probes;
}

guint
fake_channel_count_sent (FakeChannel *channel, ParlorMessageType type)
{
  guint count = 0;

  for (guint i = 0; i < channel->sent->len; i++)
    {
      g_autoptr (ParlorMessage) message = parlor_message_parse (g_ptr_array_index (channel->sent, i), -1, channel->dialect, NULL);

      count += message && message->type == type;
    }
  return count;
}
