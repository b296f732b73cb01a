/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-call"

#include "config.h"

#include "parlor-porter.h"

#include "parlor-error.h"

/*
 * ParlorPorter: listens beside the switchboard to the same channel, to the messages that are about the door and not about a call.
 * What it shows is what the relay said last; it asks, and does not pretend. Main thread only.
 */

#define MAX_KNOCKERS 64 /* a relay may say anything: not without end */

enum
{
  PROP_0,
  PROP_OWNER,
  PROP_LOCKED,
  PROP_KNOCKERS,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorPorter
{
  GObject parent_instance;

  ParlorChannel *channel;
  gboolean owner;
  gboolean locked;
  GListStore *knockers;
};

G_DEFINE_FINAL_TYPE (ParlorPorter, parlor_porter, G_TYPE_OBJECT)

static void
set_flag (ParlorPorter *self, gboolean *flag, gboolean value, guint prop)
{
  if (*flag == value)
    return;

  *flag = value;
  g_object_notify_by_pspec (G_OBJECT (self), props[prop]);
}

static gboolean
find_knocker (ParlorPorter *self, const char *id, guint *position)
{
  GListModel *model = G_LIST_MODEL (self->knockers);

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (ParlorParticipant) knocker = g_list_model_get_item (model, i);

      *position = i;
      if (g_strcmp0 (parlor_participant_get_id (knocker), id) == 0)
        return TRUE;
    }
  return FALSE;
}

static void
handle_knock (ParlorPorter *self, const ParlorMessage *message)
{
  g_autoptr (ParlorParticipant) knocker = NULL;
  guint position;

  if (!self->owner || !message->knock.id || find_knocker (self, message->knock.id, &position)
      || g_list_model_get_n_items (G_LIST_MODEL (self->knockers)) >= MAX_KNOCKERS)
    return;

  knocker = parlor_participant_new (message->knock.id, message->knock.name, PARLOR_DIALECT_PARLOR);
  g_list_store_append (self->knockers, knocker);
}

static void
forget_knocker (ParlorPorter *self, const char *id)
{
  guint position;

  if (find_knocker (self, id, &position))
    g_list_store_remove (self->knockers, position);
}

static void
on_message (ParlorChannel *channel, const ParlorMessage *message, gpointer user_data)
{
  g_autoptr (ParlorPorter) self = g_object_ref (user_data);

  /* All of it is the relay's to say: what has a sender is a peer's word. */
  if (message->from)
    return;

  switch (message->type)
    {
    case PARLOR_MESSAGE_WELCOME:
      g_list_store_remove_all (self->knockers);
      set_flag (self, &self->owner, message->welcome.owner != NULL, PROP_OWNER);
      set_flag (self, &self->locked, message->welcome.locked, PROP_LOCKED);
      break;
    case PARLOR_MESSAGE_OWNER:
      set_flag (self, &self->owner, TRUE, PROP_OWNER);
      break;
    case PARLOR_MESSAGE_LOCK:
    case PARLOR_MESSAGE_UNLOCK:
      set_flag (self, &self->locked, message->type == PARLOR_MESSAGE_LOCK, PROP_LOCKED);
      break;
    case PARLOR_MESSAGE_KNOCK:
      handle_knock (self, message);
      break;
    case PARLOR_MESSAGE_LEFT:
      forget_knocker (self, message->left.id);
      break;
    case PARLOR_MESSAGE_JOINED:
      forget_knocker (self, message->joined.peer->id); /* another owner let them in */
      break;
    default:
      break;
    }
}

static void
on_channel_state (ParlorChannel *channel, GParamSpec *pspec, gpointer user_data)
{
  ParlorPorter *self = user_data;

  /* Who waits there now is told again when the connection is back. */
  if (parlor_channel_get_state (channel) != PARLOR_CHANNEL_OPEN)
    g_list_store_remove_all (self->knockers);
}

static void
parlor_porter_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorPorter *self = PARLOR_PORTER (object);

  switch (id)
    {
    case PROP_OWNER:
      g_value_set_boolean (value, self->owner);
      break;
    case PROP_LOCKED:
      g_value_set_boolean (value, self->locked);
      break;
    case PROP_KNOCKERS:
      g_value_set_object (value, self->knockers);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_porter_dispose (GObject *object)
{
  ParlorPorter *self = PARLOR_PORTER (object);

  g_clear_object (&self->channel);
  g_clear_object (&self->knockers);
  G_OBJECT_CLASS (parlor_porter_parent_class)->dispose (object);
}

static void
parlor_porter_class_init (ParlorPorterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = parlor_porter_get_property;
  object_class->dispose = parlor_porter_dispose;

  props[PROP_OWNER] = g_param_spec_boolean ("owner", NULL, NULL, FALSE, flags);
  props[PROP_LOCKED] = g_param_spec_boolean ("locked", NULL, NULL, FALSE, flags);
  props[PROP_KNOCKERS] = g_param_spec_object ("knockers", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
parlor_porter_init (ParlorPorter *self)
{
  self->knockers = g_list_store_new (PARLOR_TYPE_PARTICIPANT);
}

/**
 * parlor_porter_new:
 * @channel: the way to a relay
 *
 * Returns: (transfer full): a porter who knows nothing before the channel is welcomed
 */
ParlorPorter *
parlor_porter_new (ParlorChannel *channel)
{
  ParlorPorter *self = g_object_new (PARLOR_TYPE_PORTER, NULL);

  self->channel = g_object_ref (channel);
  g_signal_connect_object (channel, "message", G_CALLBACK (on_message), self, 0);
  g_signal_connect_object (channel, "notify::state", G_CALLBACK (on_channel_state), self, 0);
  return self;
}

gboolean
parlor_porter_get_owner (ParlorPorter *self)
{
  return self->owner;
}

gboolean
parlor_porter_get_locked (ParlorPorter *self)
{
  return self->locked;
}

GListModel *
parlor_porter_get_knockers (ParlorPorter *self)
{
  return G_LIST_MODEL (self->knockers);
}

static gboolean
ask (ParlorPorter *self, ParlorMessageType type, const char *id, GError **error)
{
  g_autoptr (ParlorMessage) message = parlor_message_new (type);

  if (!self->owner)
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_STATE, "Only who opened the room may do this.");
      return FALSE;
    }
  if (id)
    message->person.id = g_strdup (id);
  return parlor_channel_send (self->channel, message, error);
}

static gboolean
answer_knocker (ParlorPorter *self, ParlorMessageType type, const char *id, GError **error)
{
  g_autofree char *copy = g_strdup (id); /* @id may be the knocker's */
  guint position;

  if (!find_knocker (self, copy, &position))
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_STATE, "They are no longer at the door.");
      return FALSE;
    }
  if (!ask (self, type, copy, error))
    return FALSE;
  forget_knocker (self, copy);
  return TRUE;
}

gboolean
parlor_porter_admit (ParlorPorter *self, const char *id, GError **error)
{
  return answer_knocker (self, PARLOR_MESSAGE_ADMIT, id, error);
}

gboolean
parlor_porter_refuse (ParlorPorter *self, const char *id, GError **error)
{
  return answer_knocker (self, PARLOR_MESSAGE_REFUSE, id, error);
}

gboolean
parlor_porter_set_locked (ParlorPorter *self, gboolean locked, GError **error)
{
  return ask (self, locked ? PARLOR_MESSAGE_LOCK : PARLOR_MESSAGE_UNLOCK, NULL, error);
}

gboolean
parlor_porter_remove (ParlorPorter *self, const char *id, GError **error)
{
  if (!parlor_wire_id_is_valid (id))
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_STATE, "Nobody in the room has this id.");
      return FALSE;
    }
  return ask (self, PARLOR_MESSAGE_REMOVE, id, error);
}
