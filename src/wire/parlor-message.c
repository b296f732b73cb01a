/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-wire"

#include "config.h"

#include "parlor-message-private.h"

/*
 * ParlorMessage: the boxed type, its copies and its words. How it is read is in parlor-message-parse.c, how it is
 * written in parlor-message-serialize.c.
 *
 * Plain data without a lock: it belongs to whoever holds it, and may be handed to another thread as a whole.
 * `source` is a GRefString: the compact text that was received, without `from`; NULL for a message made here
 * and for one from a seed page.
 */

typedef enum
{
  BY_RELAY = 1 << 0,  /* only a relay may say it */
  TO_A_PEER = 1 << 1, /* needs `to` */
} TypeFlags;

static const struct
{
  const char *word;
  TypeFlags flags;
} types[] = {
  [PARLOR_MESSAGE_UNKNOWN] = { "unknown", 0 },
  [PARLOR_MESSAGE_HELLO] = { "hello", 0 },
  [PARLOR_MESSAGE_WELCOME] = { "welcome", BY_RELAY },
  [PARLOR_MESSAGE_JOINED] = { "joined", BY_RELAY },
  [PARLOR_MESSAGE_LEFT] = { "left", BY_RELAY },
  [PARLOR_MESSAGE_AWAY] = { "away", BY_RELAY },
  [PARLOR_MESSAGE_BACK] = { "back", BY_RELAY },
  [PARLOR_MESSAGE_OWNER] = { "owner", BY_RELAY },
  [PARLOR_MESSAGE_IN_CALL] = { "in-call", 0 },
  [PARLOR_MESSAGE_KNOCK] = { "knock", 0 },
  [PARLOR_MESSAGE_ADMIT] = { "admit", 0 },
  [PARLOR_MESSAGE_REFUSE] = { "refuse", 0 },
  [PARLOR_MESSAGE_LOCK] = { "lock", 0 },
  [PARLOR_MESSAGE_UNLOCK] = { "unlock", 0 },
  [PARLOR_MESSAGE_REMOVE] = { "remove", 0 },
  [PARLOR_MESSAGE_TURN] = { "turn", 0 },
  [PARLOR_MESSAGE_RING] = { "ring", TO_A_PEER },
  [PARLOR_MESSAGE_ACCEPT] = { "accept", TO_A_PEER },
  [PARLOR_MESSAGE_DECLINE] = { "decline", TO_A_PEER },
  [PARLOR_MESSAGE_CANCEL] = { "cancel", TO_A_PEER },
  [PARLOR_MESSAGE_OFFER] = { "offer", TO_A_PEER },
  [PARLOR_MESSAGE_ANSWER] = { "answer", TO_A_PEER },
  [PARLOR_MESSAGE_REVEAL] = { "reveal", TO_A_PEER },
  [PARLOR_MESSAGE_RENEW] = { "renew", TO_A_PEER },
  [PARLOR_MESSAGE_ICE] = { "ice", TO_A_PEER },
  [PARLOR_MESSAGE_BYE] = { "bye", TO_A_PEER },
  [PARLOR_MESSAGE_ERROR] = { "error", 0 },
  [PARLOR_MESSAGE_STATE] = { "state", 0 },
  [PARLOR_MESSAGE_IDENTITY] = { "identity", 0 },
  [PARLOR_MESSAGE_RENEWED] = { "renewed", 0 },
  [PARLOR_MESSAGE_HERE] = { "here", 0 },
  [PARLOR_MESSAGE_PING] = { "ping", 0 },
  [PARLOR_MESSAGE_PONG] = { "pong", 0 },
};

G_DEFINE_BOXED_TYPE (ParlorMessage, parlor_message, parlor_message_copy, parlor_message_free)

ParlorPeerInfo *
parlor_peer_info_new (const char *id, const char *name, ParlorDialect dialect, gboolean in_call)
{
  ParlorPeerInfo *self = g_new0 (ParlorPeerInfo, 1);

  self->id = g_strdup (id);
  self->name = g_strdup (name);
  self->dialect = dialect;
  self->in_call = in_call;
  return self;
}

void
parlor_peer_info_free (ParlorPeerInfo *self)
{
  g_free (self->id);
  g_free (self->name);
  g_free (self);
}

static gpointer
copy_peer_info (gconstpointer item, gpointer user_data)
{
  const ParlorPeerInfo *peer = item;
  ParlorPeerInfo *copy = parlor_peer_info_new (peer->id, peer->name, peer->dialect, peer->in_call);

  copy->away = peer->away;
  return copy;
}

ParlorIceServer *
parlor_ice_server_new (const char *url, const char *username, const char *credential)
{
  ParlorIceServer *self = g_new0 (ParlorIceServer, 1);

  self->url = g_strdup (url);
  self->username = g_strdup (username);
  self->credential = g_strdup (credential);
  return self;
}

void
parlor_ice_server_free (ParlorIceServer *self)
{
  g_free (self->url);
  g_free (self->username);
  g_free (self->credential);
  g_free (self);
}

static gpointer
copy_ice_server (gconstpointer item, gpointer user_data)
{
  const ParlorIceServer *server = item;

  return parlor_ice_server_new (server->url, server->username, server->credential);
}

/**
 * parlor_message_new:
 * @type: what it says
 *
 * The arm of @type is empty (`welcome` and `turn` have empty lists, `welcome` no limits, `ice` no line index): fill in what it needs.
 *
 * Returns: (transfer full): a message
 */
ParlorMessage *
parlor_message_new (ParlorMessageType type)
{
  ParlorMessage *self = g_new0 (ParlorMessage, 1);

  self->type = type;
  if (type == PARLOR_MESSAGE_WELCOME)
    {
      self->welcome.peers = g_ptr_array_new_with_free_func ((GDestroyNotify) parlor_peer_info_free);
      self->welcome.ice_servers = g_ptr_array_new_with_free_func ((GDestroyNotify) parlor_ice_server_free);
      self->welcome.limits.message = self->welcome.limits.rate = self->welcome.limits.away_ms = -1;
    }
  else if (type == PARLOR_MESSAGE_TURN)
    {
      self->turn.ice_servers = g_ptr_array_new_with_free_func ((GDestroyNotify) parlor_ice_server_free);
    }
  else if (type == PARLOR_MESSAGE_ICE)
    {
      self->ice.sdp_mline_index = -1;
    }
  return self;
}

static GPtrArray *
copy_list (GPtrArray *list, GCopyFunc copy, GDestroyNotify free_item)
{
  GPtrArray *result = g_ptr_array_new_with_free_func (free_item);

  for (guint i = 0; list && i < list->len; i++)
    g_ptr_array_add (result, copy (list->pdata[i], NULL));
  return result;
}

static GPtrArray *
copy_ice_servers (GPtrArray *servers)
{
  return copy_list (servers, copy_ice_server, (GDestroyNotify) parlor_ice_server_free);
}

static void
copy_hello (ParlorMessage *copy, const ParlorMessage *self)
{
  copy->hello.name = g_strdup (self->hello.name);
  copy->hello.client = g_strdup (self->hello.client);
  copy->hello.ticket = g_strdup (self->hello.ticket);
  copy->hello.resume = g_strdup (self->hello.resume);
  copy->hello.owner = g_strdup (self->hello.owner);
}

static void
copy_welcome (ParlorMessage *copy, const ParlorMessage *self)
{
  g_clear_pointer (&copy->welcome.peers, g_ptr_array_unref);
  g_clear_pointer (&copy->welcome.ice_servers, g_ptr_array_unref);
  copy->welcome = self->welcome;
  copy->welcome.id = g_strdup (self->welcome.id);
  copy->welcome.room = g_strdup (self->welcome.room);
  copy->welcome.peers = copy_list (self->welcome.peers, copy_peer_info, (GDestroyNotify) parlor_peer_info_free);
  copy->welcome.ice_servers = copy_ice_servers (self->welcome.ice_servers);
  copy->welcome.resume = g_strdup (self->welcome.resume);
  copy->welcome.owner = g_strdup (self->welcome.owner);
}

static void
copy_description (ParlorMessage *copy, const ParlorMessage *self)
{
  copy->description.sdp = g_strdup (self->description.sdp);
  copy->description.commit = g_strdup (self->description.commit);
  copy->description.nonce = g_strdup (self->description.nonce);
  copy->description.proof_by = self->description.proof_by;
  copy->description.proof_mac = g_strdup (self->description.proof_mac);
  copy->description.proof_guest = g_strdup (self->description.proof_guest);
}

static void
copy_arm (ParlorMessage *copy, const ParlorMessage *self)
{
  switch (self->type)
    {
    case PARLOR_MESSAGE_HELLO:
      copy_hello (copy, self);
      break;
    case PARLOR_MESSAGE_WELCOME:
      copy_welcome (copy, self);
      break;
    case PARLOR_MESSAGE_JOINED:
      if (self->joined.peer)
        copy->joined.peer = copy_peer_info (self->joined.peer, NULL);
      break;
    case PARLOR_MESSAGE_LEFT:
      copy->left.id = g_strdup (self->left.id);
      copy->left.reason = g_strdup (self->left.reason);
      break;
    case PARLOR_MESSAGE_AWAY:
    case PARLOR_MESSAGE_BACK:
    case PARLOR_MESSAGE_ADMIT:
    case PARLOR_MESSAGE_REFUSE:
    case PARLOR_MESSAGE_REMOVE:
    case PARLOR_MESSAGE_HERE:
      copy->person.id = g_strdup (self->person.id);
      break;
    case PARLOR_MESSAGE_OWNER:
      copy->owner.token = g_strdup (self->owner.token);
      break;
    case PARLOR_MESSAGE_KNOCK:
      copy->knock.id = g_strdup (self->knock.id);
      copy->knock.name = g_strdup (self->knock.name);
      break;
    case PARLOR_MESSAGE_TURN:
      g_clear_pointer (&copy->turn.ice_servers, g_ptr_array_unref);
      copy->turn.ice_servers = copy_ice_servers (self->turn.ice_servers);
      break;
    case PARLOR_MESSAGE_IN_CALL:
      copy->in_call.id = g_strdup (self->in_call.id);
      copy->in_call.in_call = self->in_call.in_call;
      break;
    case PARLOR_MESSAGE_RING:
      copy->ring = self->ring;
      break;
    case PARLOR_MESSAGE_DECLINE:
      copy->decline = self->decline;
      break;
    case PARLOR_MESSAGE_OFFER:
    case PARLOR_MESSAGE_ANSWER:
      copy_description (copy, self);
      break;
    case PARLOR_MESSAGE_REVEAL:
      copy->reveal.nonce = g_strdup (self->reveal.nonce);
      break;
    case PARLOR_MESSAGE_ICE:
      copy->ice.candidate = g_strdup (self->ice.candidate);
      copy->ice.sdp_mid = g_strdup (self->ice.sdp_mid);
      copy->ice.sdp_mline_index = self->ice.sdp_mline_index;
      break;
    case PARLOR_MESSAGE_BYE:
      copy->bye.reason = g_strdup (self->bye.reason);
      break;
    case PARLOR_MESSAGE_ERROR:
      copy->error.code = g_strdup (self->error.code);
      copy->error.message = g_strdup (self->error.message);
      copy->error.about = g_strdup (self->error.about);
      break;
    case PARLOR_MESSAGE_STATE:
      copy->state = self->state;
      break;
    case PARLOR_MESSAGE_IDENTITY:
      copy->identity.key = g_strdup (self->identity.key);
      copy->identity.signature = g_strdup (self->identity.signature);
      break;
    case PARLOR_MESSAGE_PING:
    case PARLOR_MESSAGE_PONG:
      copy->ping = self->ping;
      break;
    case PARLOR_MESSAGE_UNKNOWN:
    case PARLOR_MESSAGE_ACCEPT:
    case PARLOR_MESSAGE_CANCEL:
    case PARLOR_MESSAGE_LOCK:
    case PARLOR_MESSAGE_UNLOCK:
    case PARLOR_MESSAGE_RENEW:
    case PARLOR_MESSAGE_RENEWED:
    default:
      break;
    }
}

ParlorMessage *
parlor_message_copy (const ParlorMessage *self)
{
  ParlorMessage *copy = parlor_message_new (self->type);

  copy->type_name = g_strdup (self->type_name);
  copy->from = g_strdup (self->from);
  copy->to = g_strdup (self->to);
  copy->call = g_strdup (self->call);
  copy->generation = self->generation;
  copy_arm (copy, self);
  if (self->source)
    copy->source = g_ref_string_acquire (self->source);
  return copy;
}

static void
clear_arm (ParlorMessage *self)
{
  switch (self->type)
    {
    case PARLOR_MESSAGE_HELLO:
      g_free (self->hello.name);
      g_free (self->hello.client);
      g_free (self->hello.ticket);
      g_free (self->hello.resume);
      g_free (self->hello.owner);
      break;
    case PARLOR_MESSAGE_WELCOME:
      g_free (self->welcome.id);
      g_free (self->welcome.room);
      g_clear_pointer (&self->welcome.peers, g_ptr_array_unref);
      g_clear_pointer (&self->welcome.ice_servers, g_ptr_array_unref);
      g_free (self->welcome.resume);
      g_free (self->welcome.owner);
      break;
    case PARLOR_MESSAGE_JOINED:
      g_clear_pointer (&self->joined.peer, parlor_peer_info_free);
      break;
    case PARLOR_MESSAGE_LEFT:
      g_free (self->left.id);
      g_free (self->left.reason);
      break;
    case PARLOR_MESSAGE_AWAY:
    case PARLOR_MESSAGE_BACK:
    case PARLOR_MESSAGE_ADMIT:
    case PARLOR_MESSAGE_REFUSE:
    case PARLOR_MESSAGE_REMOVE:
    case PARLOR_MESSAGE_HERE:
      g_free (self->person.id);
      break;
    case PARLOR_MESSAGE_OWNER:
      g_free (self->owner.token);
      break;
    case PARLOR_MESSAGE_KNOCK:
      g_free (self->knock.id);
      g_free (self->knock.name);
      break;
    case PARLOR_MESSAGE_TURN:
      g_clear_pointer (&self->turn.ice_servers, g_ptr_array_unref);
      break;
    case PARLOR_MESSAGE_IN_CALL:
      g_free (self->in_call.id);
      break;
    case PARLOR_MESSAGE_OFFER:
    case PARLOR_MESSAGE_ANSWER:
      g_free (self->description.sdp);
      g_free (self->description.commit);
      g_free (self->description.nonce);
      g_free (self->description.proof_mac);
      g_free (self->description.proof_guest);
      break;
    case PARLOR_MESSAGE_REVEAL:
      g_free (self->reveal.nonce);
      break;
    case PARLOR_MESSAGE_ICE:
      g_free (self->ice.candidate);
      g_free (self->ice.sdp_mid);
      break;
    case PARLOR_MESSAGE_BYE:
      g_free (self->bye.reason);
      break;
    case PARLOR_MESSAGE_ERROR:
      g_free (self->error.code);
      g_free (self->error.message);
      g_free (self->error.about);
      break;
    case PARLOR_MESSAGE_IDENTITY:
      g_free (self->identity.key);
      g_free (self->identity.signature);
      break;
    case PARLOR_MESSAGE_UNKNOWN:
    case PARLOR_MESSAGE_RING:
    case PARLOR_MESSAGE_ACCEPT:
    case PARLOR_MESSAGE_DECLINE:
    case PARLOR_MESSAGE_CANCEL:
    case PARLOR_MESSAGE_LOCK:
    case PARLOR_MESSAGE_UNLOCK:
    case PARLOR_MESSAGE_RENEW:
    case PARLOR_MESSAGE_RENEWED:
    case PARLOR_MESSAGE_STATE:
    case PARLOR_MESSAGE_PING:
    case PARLOR_MESSAGE_PONG:
    default:
      break;
    }
}

void
parlor_message_free (ParlorMessage *self)
{
  clear_arm (self);
  g_free (self->type_name);
  g_free (self->from);
  g_free (self->to);
  g_free (self->call);
  g_clear_pointer ((char **) &self->source, g_ref_string_release);
  g_free (self);
}

/**
 * parlor_message_new_addressed:
 * @type: what it says
 * @to: (nullable): the id of whom it is for; %NULL on a seed relay and on a data channel
 * @call: (nullable): the call it belongs to
 *
 * Returns: (transfer full): a message whose arm is empty
 */
ParlorMessage *
parlor_message_new_addressed (ParlorMessageType type, const char *to, const char *call)
{
  ParlorMessage *self = parlor_message_new (type);

  self->to = g_strdup (to);
  self->call = g_strdup (call);
  return self;
}

/**
 * parlor_message_new_error:
 * @code: one of the codes of PROTOCOL.md
 * @message: (nullable): words for a developer
 * @about: (nullable): the type of the message it answers
 *
 * Returns: (transfer full): a message of type `error`
 */
ParlorMessage *
parlor_message_new_error (const char *code, const char *message, const char *about)
{
  ParlorMessage *self = parlor_message_new (PARLOR_MESSAGE_ERROR);

  self->error.code = g_strdup (code);
  self->error.message = g_strdup (message);
  self->error.about = g_strdup (about);
  return self;
}

ParlorMessageType
parlor_message_type_from_string (const char *word)
{
  for (guint i = PARLOR_MESSAGE_UNKNOWN + 1; i < G_N_ELEMENTS (types); i++)
    if (g_str_equal (word, types[i].word))
      return (ParlorMessageType) i;
  return PARLOR_MESSAGE_UNKNOWN;
}

const char *
parlor_message_type_to_string (ParlorMessageType type)
{
  g_return_val_if_fail ((guint) type < G_N_ELEMENTS (types), "unknown");

  return types[type].word;
}

gboolean
parlor_message_type_is_relays (ParlorMessageType type)
{
  g_return_val_if_fail ((guint) type < G_N_ELEMENTS (types), FALSE);

  return (types[type].flags & BY_RELAY) != 0;
}

gboolean
parlor_message_type_is_addressed (ParlorMessageType type)
{
  g_return_val_if_fail ((guint) type < G_N_ELEMENTS (types), FALSE);

  return (types[type].flags & TO_A_PEER) != 0;
}

static const char *const decline_reasons[] = {
  [PARLOR_DECLINE_DECLINED] = "declined",
  [PARLOR_DECLINE_BUSY] = "busy",
  [PARLOR_DECLINE_TIMEOUT] = "timeout",
  [PARLOR_DECLINE_NO_DEVICE] = "no-device",
};

const char *
parlor_decline_reason_to_string (ParlorDeclineReason reason)
{
  g_return_val_if_fail ((guint) reason < G_N_ELEMENTS (decline_reasons), "declined");

  return decline_reasons[reason];
}

ParlorDeclineReason
parlor_decline_reason_from_string (const char *word)
{
  for (guint i = 0; i < G_N_ELEMENTS (decline_reasons); i++)
    if (g_strcmp0 (word, decline_reasons[i]) == 0)
      return (ParlorDeclineReason) i;
  return PARLOR_DECLINE_DECLINED;
}

static const char *const proof_makers[] = {
  [PARLOR_PROOF_APP] = "app",
  [PARLOR_PROOF_GUEST] = "guest",
};

const char *
parlor_proof_by_to_string (ParlorProofBy by)
{
  g_return_val_if_fail ((guint) by < G_N_ELEMENTS (proof_makers), NULL);

  return proof_makers[by];
}

ParlorProofBy
parlor_proof_by_from_string (const char *word)
{
  for (guint i = PARLOR_PROOF_NONE + 1; i < G_N_ELEMENTS (proof_makers); i++)
    if (g_strcmp0 (word, proof_makers[i]) == 0)
      return (ParlorProofBy) i;
  return PARLOR_PROOF_NONE;
}
