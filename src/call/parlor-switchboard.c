/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-call"

#include "config.h"

#include "parlor-switchboard.h"

#include <string.h>

#include "parlor-call-private.h"
#include "parlor-error.h"
#include "parlor-ice-list.h"
#include "parlor-participant-private.h"

/*
 * ParlorSwitchboard: between one channel and at most one call. It keeps the list of who is in the room from welcome, joined and
 * left; finds for every other message the call it belongs to, by (from, call) or, in the seed's dialect, by who is expected;
 * answers rings with busy while there is a call; and settles two who ring each other. While the relay is lost all of it stays, for
 * a while: who comes back under the same id has missed nothing. Main thread only.
 */

#define MAX_PARTICIPANTS 256
#define RENEW_TURN_MS (30 * 60 * 1000) /* half of the time for which a relay makes credentials */
#define PATIENCE_MS (15 * 1000)

enum
{
  PROP_0,
  PROP_CALL,
  PROP_PARTICIPANTS,
  PROP_ID,
  N_PROPS
};

enum
{
  INCOMING,
  ENDED,
  REFUSED,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

struct _ParlorSwitchboard
{
  GObject parent_instance;

  ParlorChannel *channel;
  ParlorPeerFactory *factory;
  ParlorDeadlines deadlines;
  gboolean allow_seed;
  guint patience_ms;
  guint patience_source; /* while the relay is lost */
  guint away_source;     /* while the other of a call that is not up is away */

  char *id;
  GListStore *participants;
  ParlorIceList *ice;
  ParlorCallKeys *keys;
  ParlorIdentity *identity; /* nullable */
  ParlorCall *call;
};

G_DEFINE_FINAL_TYPE (ParlorSwitchboard, parlor_switchboard, G_TYPE_OBJECT)

static ParlorParticipant *
find_participant (ParlorSwitchboard *self, const char *id, guint *position)
{
  GListModel *model = G_LIST_MODEL (self->participants);

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (ParlorParticipant) participant = g_list_model_get_item (model, i);

      if (g_strcmp0 (parlor_participant_get_id (participant), id) == 0)
        {
          if (position)
            *position = i;
          return participant; /* the list keeps it */
        }
    }
  return NULL;
}

static void
add_participant (ParlorSwitchboard *self, const ParlorPeerInfo *info)
{
  g_autoptr (ParlorParticipant) participant = NULL;

  /* A relay may say anything: not ourselves, and not without end. */
  if (g_strcmp0 (info->id, self->id) == 0 || find_participant (self, info->id, NULL) || g_list_model_get_n_items (G_LIST_MODEL (self->participants)) >= MAX_PARTICIPANTS)
    return;

  participant = parlor_participant_new (info->id, info->name, info->dialect);
  parlor_participant_set_in_call (participant, info->in_call);
  parlor_participant_set_away (participant, info->away);
  g_list_store_append (self->participants, participant);
}

static gboolean
is_participant_of_call (ParlorSwitchboard *self, const char *id)
{
  return self->call && g_strcmp0 (parlor_participant_get_id (parlor_call_get_participant (self->call)), id) == 0;
}

static void
on_call_state (ParlorCall *call, GParamSpec *pspec, gpointer user_data)
{
  g_autoptr (ParlorSwitchboard) self = g_object_ref (user_data); /* who hears of the end may let go of us */
  g_autoptr (ParlorCall) ended = NULL;

  /* The way to the relay may be gone with the one to them, and another way to them needs it. */
  if (parlor_call_get_state (call) == PARLOR_CALL_RECONNECTING && self->channel)
    parlor_channel_probe (self->channel);
  if (parlor_call_get_state (call) != PARLOR_CALL_ENDED || self->call != call)
    return;

  g_clear_handle_id (&self->away_source, g_source_remove);
  ended = g_steal_pointer (&self->call);
  g_signal_handlers_disconnect_by_data (ended, self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CALL]);
  g_signal_emit (self, signals[ENDED], 0, ended);
}

static void
take_call (ParlorSwitchboard *self, ParlorCall *call)
{
  self->call = call;
  g_signal_connect (call, "notify::state", G_CALLBACK (on_call_state), self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CALL]);
}

static void
decline_busy (ParlorSwitchboard *self, const ParlorMessage *ring)
{
  g_autoptr (ParlorMessage) message = parlor_message_new_addressed (PARLOR_MESSAGE_DECLINE, ring->from, ring->call);

  message->decline.reason = PARLOR_DECLINE_BUSY;
  parlor_channel_send (self->channel, message, NULL);
}

/* Whose ring stands when two ring each other? The one of the bytewise smaller id; between seeds, the one whose offer has the smaller fingerprint. */
static gboolean
ours_stands (ParlorSwitchboard *self, const ParlorMessage *theirs)
{
  g_autofree char *our_print = NULL, *their_print = NULL;
  const char *our_offer;

  if (theirs->type == PARLOR_MESSAGE_RING)
    return g_strcmp0 (self->id, theirs->from) < 0;

  our_offer = self->call->negotiator ? parlor_negotiator_get_local_offer (self->call->negotiator) : NULL;
  our_print = our_offer ? parlor_negotiator_fingerprint_of (our_offer) : NULL;
  their_print = parlor_negotiator_fingerprint_of (theirs->description.sdp);
  return our_print && g_strcmp0 (our_print, their_print) < 0;
}

static ParlorCallMeans
get_means (ParlorSwitchboard *self)
{
  return (ParlorCallMeans){
    .channel = self->channel,
    .factory = self->factory,
    .ice_servers = parlor_ice_list_get (self->ice),
    .deadlines = &self->deadlines,
    .own_id = self->id,
    .keys = self->keys,
    .identity = self->identity,
  };
}

static void
ring_in (ParlorSwitchboard *self, ParlorParticipant *participant, const ParlorMessage *ring_or_offer)
{
  const ParlorCallMeans means = get_means (self);
  g_autoptr (ParlorCall) call = NULL;

  if (self->call)
    {
      if (parlor_call_get_state (self->call) == PARLOR_CALL_DIALING && is_participant_of_call (self, ring_or_offer->from))
        {
          if (!ours_stands (self, ring_or_offer))
            parlor_call_yield (self->call, ring_or_offer);
        }
      else if (ring_or_offer->type == PARLOR_MESSAGE_RING)
        {
          decline_busy (self, ring_or_offer);
        }
      return;
    }

  call = parlor_call_new_incoming (&means, participant, ring_or_offer);
  take_call (self, g_object_ref (call));
  if (self->call == call)
    g_signal_emit (self, signals[INCOMING], 0, call);
}

static void
handle_ring (ParlorSwitchboard *self, const ParlorMessage *message)
{
  ParlorParticipant *participant = message->from ? find_participant (self, message->from, NULL) : NULL;

  /* Before welcome we do not know ourselves, and could prove nothing. */
  if (!participant || !message->call || !self->id)
    {
      g_debug ("ring from nobody we know");
      return;
    }
  ring_in (self, participant, message);
}

/* offer, answer and ice of a seed: no call id; from, where the relay knows one. */
static void
handle_seed (ParlorSwitchboard *self, const ParlorMessage *message)
{
  g_autoptr (ParlorParticipant) somebody = NULL;
  ParlorParticipant *participant = NULL;

  if (!self->allow_seed)
    {
      g_debug ("seed message ignored: the invite has a key");
      if (message->type == PARLOR_MESSAGE_OFFER)
        g_signal_emit (self, signals[REFUSED], 0, "downgrade", "A call without the proof that this invite asks for was not taken.");
      return;
    }

  if (message->type != PARLOR_MESSAGE_OFFER)
    {
      if (self->call && self->call->seed && is_participant_of_call (self, message->from))
        parlor_call_handle_message (self->call, message);
      return;
    }

  if (message->from)
    participant = find_participant (self, message->from, NULL);
  else
    participant = somebody = parlor_participant_new (NULL, NULL, PARLOR_DIALECT_SEED);
  if (participant)
    ring_in (self, participant, message);
}

static gboolean
is_from_seed (ParlorSwitchboard *self, const ParlorMessage *message)
{
  ParlorParticipant *participant;

  if (parlor_channel_get_dialect (self->channel) == PARLOR_DIALECT_SEED)
    return TRUE;

  participant = message->from ? find_participant (self, message->from, NULL) : NULL;
  return participant && parlor_participant_get_dialect (participant) == PARLOR_DIALECT_SEED;
}

static void
say_unexpected (ParlorSwitchboard *self, const ParlorMessage *offer)
{
  g_autoptr (ParlorMessage) message = parlor_message_new_error ("unexpected", "Nobody asked for this offer. Ring first.", "offer");

  message->to = g_strdup (offer->from);
  parlor_channel_send (self->channel, message, NULL);
}

static void
handle_addressed (ParlorSwitchboard *self, const ParlorMessage *message)
{
  if (is_from_seed (self, message))
    {
      if (message->type == PARLOR_MESSAGE_OFFER || message->type == PARLOR_MESSAGE_ANSWER || message->type == PARLOR_MESSAGE_ICE)
        handle_seed (self, message);
    }
  else if (message->type == PARLOR_MESSAGE_RING)
    {
      handle_ring (self, message);
    }
  else if (is_participant_of_call (self, message->from) && message->call && g_strcmp0 (parlor_call_get_id (self->call), message->call) == 0)
    {
      parlor_call_handle_message (self->call, message);
    }
  else if (message->type == PARLOR_MESSAGE_OFFER && message->from)
    {
      say_unexpected (self, message);
    }
}

static void
remove_participant (ParlorSwitchboard *self, const char *id)
{
  guint position;

  if (is_participant_of_call (self, id))
    parlor_call_handle_left (self->call);
  if (find_participant (self, id, &position))
    g_list_store_remove (self->participants, position);
}

static gboolean
on_away_too_long (gpointer user_data)
{
  g_autoptr (ParlorSwitchboard) self = g_object_ref (user_data);

  self->away_source = 0;
  if (!parlor_call_is_up (self->call))
    parlor_call_handle_left (self->call);
  return G_SOURCE_REMOVE;
}

/* A call that is up goes on over its own connection. One that is not waits as long as their end of it would: without the relay they
 * give it up themselves. */
static void
set_away (ParlorSwitchboard *self, const char *id, gboolean away)
{
  ParlorParticipant *participant = find_participant (self, id, NULL);

  if (participant == NULL || parlor_participant_get_away (participant) == away)
    return;

  if (is_participant_of_call (self, id))
    {
      g_clear_handle_id (&self->away_source, g_source_remove);
      if (away)
        self->away_source = g_timeout_add (self->patience_ms, on_away_too_long, self);
      parlor_participant_set_away (parlor_call_get_participant (self->call), away); /* not in the list any more, if they moved */
    }
  parlor_participant_set_away (participant, away);
}

static gboolean
is_among (GPtrArray *peers, ParlorParticipant *participant)
{
  for (guint i = 0; i < peers->len; i++)
    if (g_strcmp0 (((ParlorPeerInfo *) peers->pdata[i])->id, parlor_participant_get_id (participant)) == 0)
      return TRUE;
  return FALSE;
}

/* We are back in our old place: who is here now, and who left meanwhile. Those who stayed are who they were. */
static void
catch_up (ParlorSwitchboard *self, GPtrArray *peers)
{
  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (self->participants)); i > 0; i--)
    {
      g_autoptr (ParlorParticipant) participant = g_list_model_get_item (G_LIST_MODEL (self->participants), i - 1);

      /* Who hears of one that left may have done anything to the list. */
      if (participant && !is_among (peers, participant))
        remove_participant (self, parlor_participant_get_id (participant));
    }

  for (guint i = 0; i < peers->len; i++)
    {
      const ParlorPeerInfo *info = g_ptr_array_index (peers, i);
      ParlorParticipant *participant = find_participant (self, info->id, NULL);

      if (participant == NULL)
        {
          add_participant (self, info);
          continue;
        }
      parlor_participant_set_in_call (participant, info->in_call);
      set_away (self, info->id, info->away);
    }
}

/* Whoever was here, and whatever we said to them, belongs to a relay, or a place, that is gone. */
static void
lose_all (ParlorSwitchboard *self)
{
  g_clear_handle_id (&self->patience_source, g_source_remove);
  if (self->call)
    parlor_call_handle_channel_lost (self->call);
  g_list_store_remove_all (self->participants);
}

static gboolean
on_patience_over (gpointer user_data)
{
  g_autoptr (ParlorSwitchboard) self = g_object_ref (user_data);

  self->patience_source = 0;
  lose_all (self);
  return G_SOURCE_REMOVE;
}

/* A call that is up outlived the relay, or our place there, which knows nothing of it. */
static void
tell_in_call (ParlorSwitchboard *self)
{
  g_autoptr (ParlorMessage) message = parlor_message_new (PARLOR_MESSAGE_IN_CALL);

  message->in_call.in_call = TRUE;
  parlor_channel_send (self->channel, message, NULL);
}

static void
handle_welcome (ParlorSwitchboard *self, const ParlorMessage *message)
{
  gboolean resumed = g_strcmp0 (self->id, message->welcome.id) == 0;

  g_clear_handle_id (&self->patience_source, g_source_remove);
  /* A new id: what was rung under the old one reaches nobody. Who hears of that end may close us. */
  if (!resumed)
    lose_all (self);
  if (!self->channel)
    return;

  g_free (self->id);
  self->id = g_strdup (message->welcome.id);
  parlor_ice_list_take (self->ice, message->welcome.ice_servers);
  if (!resumed && self->call)
    {
      tell_in_call (self);
      parlor_call_move (self->call, self->id);
    }
  catch_up (self, message->welcome.peers);
  if (self->call)
    parlor_call_handle_channel_back (self->call);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ID]);
}

static void
handle_error (ParlorSwitchboard *self, const ParlorMessage *message)
{
  gboolean about_call = message->error.about && (g_str_equal (message->error.about, "ring") || g_str_equal (message->error.about, "accept") || g_str_equal (message->error.about, "offer") || g_str_equal (message->error.about, "answer"));

  /* Only the relay may end a call by an error: one from a peer is a complaint. */
  if (self->call && about_call && !message->from)
    parlor_call_handle_refusal (self->call, message);
  else if (!message->from)
    g_signal_emit (self, signals[REFUSED], 0, message->error.code, message->error.message);
}

static void
on_message (ParlorChannel *channel, const ParlorMessage *message, gpointer user_data)
{
  g_autoptr (ParlorSwitchboard) self = g_object_ref (user_data);

  switch (message->type)
    {
    case PARLOR_MESSAGE_WELCOME:
      handle_welcome (self, message);
      break;
    case PARLOR_MESSAGE_JOINED:
      add_participant (self, message->joined.peer);
      break;
    case PARLOR_MESSAGE_LEFT:
      remove_participant (self, message->left.id);
      break;
    case PARLOR_MESSAGE_AWAY:
    case PARLOR_MESSAGE_BACK:
      set_away (self, message->person.id, message->type == PARLOR_MESSAGE_AWAY);
      break;
    case PARLOR_MESSAGE_IN_CALL:
      {
        ParlorParticipant *participant = message->in_call.id ? find_participant (self, message->in_call.id, NULL) : NULL;

        if (participant)
          parlor_participant_set_in_call (participant, message->in_call.in_call);
        break;
      }
    case PARLOR_MESSAGE_TURN:
      parlor_ice_list_take (self->ice, message->turn.ice_servers);
      break;
    case PARLOR_MESSAGE_ERROR:
      handle_error (self, message);
      break;
    default:
      handle_addressed (self, message);
    }
}

static void
on_channel_state (ParlorChannel *channel, GParamSpec *pspec, gpointer user_data)
{
  g_autoptr (ParlorSwitchboard) self = g_object_ref (user_data); /* who hears of the end may let go of us */
  ParlorChannelState state = parlor_channel_get_state (channel);
  gboolean may_return = parlor_channel_get_dialect (channel) == PARLOR_DIALECT_PARLOR && self->patience_ms > 0;

  if (state == PARLOR_CHANNEL_CLOSED || state == PARLOR_CHANNEL_LOCKED || (state == PARLOR_CHANNEL_WAITING && !may_return))
    lose_all (self);
  else if (state == PARLOR_CHANNEL_WAITING && self->patience_source == 0)
    self->patience_source = g_timeout_add (self->patience_ms, on_patience_over, self);
}

static void
parlor_switchboard_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorSwitchboard *self = PARLOR_SWITCHBOARD (object);

  switch (id)
    {
    case PROP_CALL:
      g_value_set_object (value, self->call);
      break;
    case PROP_PARTICIPANTS:
      g_value_set_object (value, self->participants);
      break;
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_switchboard_dispose (GObject *object)
{
  ParlorSwitchboard *self = PARLOR_SWITCHBOARD (object);

  parlor_switchboard_close (self);
  g_clear_object (&self->factory);
  g_clear_object (&self->participants);
  G_OBJECT_CLASS (parlor_switchboard_parent_class)->dispose (object);
}

static void
parlor_switchboard_finalize (GObject *object)
{
  ParlorSwitchboard *self = PARLOR_SWITCHBOARD (object);

  g_clear_pointer (&self->identity, parlor_identity_unref);
  parlor_call_keys_unref (self->keys);
  g_free (self->id);
  G_OBJECT_CLASS (parlor_switchboard_parent_class)->finalize (object);
}

static void
parlor_switchboard_class_init (ParlorSwitchboardClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = parlor_switchboard_get_property;
  object_class->dispose = parlor_switchboard_dispose;
  object_class->finalize = parlor_switchboard_finalize;

  props[PROP_CALL] = g_param_spec_object ("call", NULL, NULL, PARLOR_TYPE_CALL, flags);
  props[PROP_PARTICIPANTS] = g_param_spec_object ("participants", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  props[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  signals[INCOMING] = g_signal_new ("incoming", PARLOR_TYPE_SWITCHBOARD, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 1, PARLOR_TYPE_CALL);
  signals[ENDED] = g_signal_new ("ended", PARLOR_TYPE_SWITCHBOARD, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, PARLOR_TYPE_CALL);
  signals[REFUSED] = g_signal_new ("refused", PARLOR_TYPE_SWITCHBOARD, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
}

static void
parlor_switchboard_init (ParlorSwitchboard *self)
{
  self->participants = g_list_store_new (PARLOR_TYPE_PARTICIPANT);
  self->allow_seed = TRUE;
  self->keys = parlor_call_keys_new ("", NULL, NULL);
  self->patience_ms = PATIENCE_MS;
}

/**
 * parlor_switchboard_new:
 * @channel: the way to a relay; it may be open already or not
 * @factory: makes peer connections
 * @deadlines: (nullable): %NULL for the protocol's
 *
 * Returns: (transfer full): a switchboard with nobody in the room and no call
 */
ParlorSwitchboard *
parlor_switchboard_new (ParlorChannel *channel, ParlorPeerFactory *factory, const ParlorDeadlines *deadlines)
{
  ParlorSwitchboard *self = g_object_new (PARLOR_TYPE_SWITCHBOARD, NULL);

  self->channel = g_object_ref (channel);
  self->factory = g_object_ref (factory);
  self->ice = parlor_ice_list_new (channel, RENEW_TURN_MS);
  self->deadlines = deadlines ? *deadlines : PARLOR_DEADLINES_DEFAULT;
  g_signal_connect_object (channel, "message", G_CALLBACK (on_message), self, 0);
  g_signal_connect_object (channel, "notify::state", G_CALLBACK (on_channel_state), self, 0);
  return self;
}

void
parlor_switchboard_set_patience (ParlorSwitchboard *self, guint ms)
{
  g_return_if_fail (PARLOR_IS_SWITCHBOARD (self));

  self->patience_ms = ms;
}

void
parlor_switchboard_set_allow_seed (ParlorSwitchboard *self, gboolean allow)
{
  g_return_if_fail (PARLOR_IS_SWITCHBOARD (self));

  self->allow_seed = allow;
}

void
parlor_switchboard_set_keys (ParlorSwitchboard *self, ParlorCallKeys *keys)
{
  g_return_if_fail (PARLOR_IS_SWITCHBOARD (self));

  parlor_call_keys_ref (keys);
  parlor_call_keys_unref (self->keys);
  self->keys = keys;
}

void
parlor_switchboard_set_identity (ParlorSwitchboard *self, ParlorIdentity *identity)
{
  g_return_if_fail (PARLOR_IS_SWITCHBOARD (self));

  g_clear_pointer (&self->identity, parlor_identity_unref);
  self->identity = identity ? parlor_identity_ref (identity) : NULL;
}

void
parlor_switchboard_hurry (ParlorSwitchboard *self)
{
  g_return_if_fail (PARLOR_IS_SWITCHBOARD (self));

  if (self->call)
    parlor_call_hurry (self->call);
}

ParlorChannel *
parlor_switchboard_get_channel (ParlorSwitchboard *self)
{
  return self->channel;
}

ParlorCall *
parlor_switchboard_get_call (ParlorSwitchboard *self)
{
  return self->call;
}

GListModel *
parlor_switchboard_get_participants (ParlorSwitchboard *self)
{
  return G_LIST_MODEL (self->participants);
}

const char *
parlor_switchboard_get_id (ParlorSwitchboard *self)
{
  return self->id;
}

static ParlorCall *
still_on (ParlorSwitchboard *self, ParlorCall *call, GError **error)
{
  if (self->call == call)
    return call;

  g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_FAILED, "The call ended at once: %s",
               parlor_end_reason_to_string (parlor_call_get_end_reason (call)));
  return NULL;
}

ParlorCall *
parlor_switchboard_call (ParlorSwitchboard *self,
                         ParlorParticipant *participant,
                         ParlorMediaFlags media,
                         GError **error)
{
  g_autoptr (ParlorSwitchboard) keep = NULL;
  g_autoptr (ParlorParticipant) somebody = NULL;
  g_autoptr (ParlorCall) call = NULL;
  ParlorCallMeans means;

  g_return_val_if_fail (PARLOR_IS_SWITCHBOARD (self), NULL);

  if (self->call && participant == parlor_call_get_participant (self->call) && parlor_call_get_state (self->call) == PARLOR_CALL_RINGING)
    {
      keep = g_object_ref (self);
      call = g_object_ref (self->call);
      return parlor_call_accept (call, error) ? still_on (self, call, error) : NULL;
    }
  if (self->call)
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_STATE, "There is a call already. Hang up first.");
      return NULL;
    }
  if (!self->channel || parlor_channel_get_state (self->channel) != PARLOR_CHANNEL_OPEN)
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_STATE, "Not connected to a room yet.");
      return NULL;
    }
  if (!participant && parlor_channel_get_dialect (self->channel) == PARLOR_DIALECT_SEED)
    participant = somebody = parlor_participant_new (NULL, NULL, PARLOR_DIALECT_SEED);
  if (!participant)
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_STATE, "There is nobody in the room to call.");
      return NULL;
    }
  if (parlor_participant_get_dialect (participant) == PARLOR_DIALECT_SEED && !self->allow_seed)
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_REJECTED,
                           "This invite promises more than they can keep: they cannot prove that they have it.");
      return NULL;
    }

  keep = g_object_ref (self);
  means = get_means (self);
  call = parlor_call_new_outgoing (&means, participant, media);
  take_call (self, g_object_ref (call));
  if (self->call == call)
    parlor_call_dial (call);
  return still_on (self, call, error);
}

void
parlor_switchboard_close (ParlorSwitchboard *self)
{
  g_return_if_fail (PARLOR_IS_SWITCHBOARD (self));

  g_clear_handle_id (&self->patience_source, g_source_remove);
  if (self->call)
    parlor_call_hang_up (self->call);
  if (self->channel)
    {
      g_signal_handlers_disconnect_by_data (self->channel, self);
      g_clear_object (&self->channel);
      g_clear_pointer (&self->ice, parlor_ice_list_free);
    }
}
