/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-call"

#include "config.h"

#include "parlor-call.h"
#include "parlor-call-private.h"

#include "parlor-call-enums.h"
#include "parlor-error.h"
#include "parlor-keys.h"
#include "parlor-participant-private.h"

/*
 * ParlorCall: the state machine between the first ring and the end. One private setter with one table of legal transitions;
 * a deadline and a named end for every phase. Ending always goes through parlor_call_end(), which lets go of the peer
 * connection first, so that nothing is sent once the state says ENDED. Main thread only.
 */

#define LOOK_MS 250

/* How long a rumour of the relay's stands: a later silence is the network's. */
#define RUMOUR_US (3 * G_USEC_PER_SEC)

enum
{
  PROP_0,
  PROP_STATE,
  PROP_END_REASON,
  PROP_PARTICIPANT,
  PROP_PEER,
  PROP_INCOMING,
  PROP_SECURITY,
  PROP_PEER_IDENTITY,
  PROP_GAUGE,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (ParlorCall, parlor_call, G_TYPE_OBJECT)

#define TO(state) (1u << (state))

/* From each state, the states it may go to. From DIALING to RINGING: see parlor_call_yield(). */
static const guint transitions[] = {
  [PARLOR_CALL_DIALING] = TO (PARLOR_CALL_RINGING) | TO (PARLOR_CALL_CONNECTING) | TO (PARLOR_CALL_ENDED),
  [PARLOR_CALL_RINGING] = TO (PARLOR_CALL_CONNECTING) | TO (PARLOR_CALL_ENDED),
  [PARLOR_CALL_CONNECTING] = TO (PARLOR_CALL_ACTIVE) | TO (PARLOR_CALL_ENDED),
  [PARLOR_CALL_ACTIVE] = TO (PARLOR_CALL_RECONNECTING) | TO (PARLOR_CALL_ENDED),
  [PARLOR_CALL_RECONNECTING] = TO (PARLOR_CALL_ACTIVE) | TO (PARLOR_CALL_ENDED),
  [PARLOR_CALL_ENDED] = 0,
};

static void
tell_in_call (ParlorCall *self, gboolean in_call)
{
  g_autoptr (ParlorMessage) message = NULL;

  if (parlor_channel_get_dialect (self->channel) != PARLOR_DIALECT_PARLOR)
    return;

  message = parlor_message_new (PARLOR_MESSAGE_IN_CALL);
  message->in_call.in_call = in_call;
  parlor_channel_send (self->channel, message, NULL);
}

static void
set_state (ParlorCall *self, ParlorCallState state)
{
  ParlorCallState old = self->state;

  g_return_if_fail (transitions[old] & TO (state));

  self->state = state;
  if (state == PARLOR_CALL_CONNECTING)
    tell_in_call (self, TRUE);
  else if (state == PARLOR_CALL_ACTIVE && old == PARLOR_CALL_CONNECTING)
    self->active_since = g_get_monotonic_time ();
  else if (state == PARLOR_CALL_ENDED && old >= PARLOR_CALL_CONNECTING)
    tell_in_call (self, FALSE);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

void
parlor_call_set_reconnecting (ParlorCall *self, gboolean reconnecting)
{
  ParlorCallState state = reconnecting ? PARLOR_CALL_RECONNECTING : PARLOR_CALL_ACTIVE;

  if (parlor_call_is_up (self) && self->state != state)
    set_state (self, state);
}

static gboolean
on_deadline (gpointer user_data)
{
  ParlorCall *self = user_data;

  self->deadline_source = 0;
  parlor_call_end_and_tell (self, self->deadline_reason, NULL);
  return G_SOURCE_REMOVE;
}

/* One deadline at a time: each phase has its own, the next one replaces it. */
void
parlor_call_set_deadline (ParlorCall *self, guint ms, ParlorEndReason reason)
{
  g_clear_handle_id (&self->deadline_source, g_source_remove);
  self->deadline_reason = reason;
  if (ms)
    self->deadline_source = g_timeout_add (ms, on_deadline, self);
}

static gboolean
on_liveness_check (gpointer user_data)
{
  g_autoptr (ParlorCall) self = g_object_ref (user_data); /* who hears of a state may hang up */
  gint64 now = g_get_monotonic_time ();
  gint64 silence = now - MAX (parlor_peer_get_last_activity (self->peer), self->active_since);
  gboolean rumour = self->rumour_at && now - self->rumour_at < RUMOUR_US;

  if (rumour && silence >= (gint64) self->deadlines.silence_ms * 1000)
    {
      self->liveness_source = 0;
      parlor_call_end (self, PARLOR_END_REMOTE_HUNG_UP, NULL);
      return G_SOURCE_REMOVE;
    }
  if (parlor_call_look_after_path (self, now))
    return G_SOURCE_CONTINUE;
  if (silence >= (gint64) self->deadlines.liveness_ms * 1000)
    {
      self->liveness_source = 0;
      parlor_call_end_and_tell (self, PARLOR_END_LOST, NULL);
      return G_SOURCE_REMOVE;
    }
  return G_SOURCE_CONTINUE;
}

static ParlorEndReason
reason_of_error (ParlorCall *self, const GError *error)
{
  gboolean was_up = parlor_call_is_up (self);

  if (error && error->domain == PARLOR_ERROR)
    switch ((ParlorError) error->code)
      {
      case PARLOR_ERROR_BAD_SDP:
      case PARLOR_ERROR_TOO_LARGE:
        return PARLOR_END_BAD_SDP;
      case PARLOR_ERROR_NO_FINGERPRINT:
        return PARLOR_END_FINGERPRINT_MISSING;
      case PARLOR_ERROR_FINGERPRINT:
        return PARLOR_END_FINGERPRINT_MISMATCH;
      case PARLOR_ERROR_PROOF_MISSING:
        return PARLOR_END_PROOF_MISSING;
      case PARLOR_ERROR_PROOF_WRONG:
        return PARLOR_END_PROOF_WRONG;
      case PARLOR_ERROR_COMMIT:
        return PARLOR_END_COMMIT_MISMATCH;
      case PARLOR_ERROR_UNREACHABLE:
        return was_up ? PARLOR_END_LOST : PARLOR_END_CONNECT_FAILED;
      case PARLOR_ERROR_CLOSED:
        return was_up ? PARLOR_END_REMOTE_HUNG_UP : PARLOR_END_CONNECT_FAILED;
      case PARLOR_ERROR_LOST:
        return PARLOR_END_LOST;
      default:
        break;
      }
  return PARLOR_END_MEDIA_FAILED;
}

static void
end_with_error (ParlorCall *self, const GError *error)
{
  parlor_call_end_and_tell (self, reason_of_error (self, error), error ? error->message : NULL);
}

/* The peer in use is over. A path that broke is no end: another one may be found. Nor is it that they let go of it when they chose the next. */
static void
lose_peer (ParlorCall *self, const GError *error)
{
  ParlorEndReason reason = reason_of_error (self, error);

  if (reason == PARLOR_END_REMOTE_HUNG_UP && self->renewal && !self->offerer)
    {
      self->renewal->chosen = TRUE;
      parlor_call_lose_path (self);
    }
  else if (reason == PARLOR_END_LOST && parlor_call_is_up (self) && self->fingerprint)
    {
      parlor_call_lose_path (self);
    }
  else
    {
      end_with_error (self, error);
    }
}

static void
on_peer_state (ParlorPeer *peer, GParamSpec *pspec, gpointer user_data)
{
  ParlorCall *self = user_data;

  if (peer != self->peer)
    {
      parlor_call_take_renewal_state (self, peer);
      return;
    }
  switch (parlor_peer_get_state (peer))
    {
    case PARLOR_PEER_CONNECTED:
      if (self->state != PARLOR_CALL_CONNECTING)
        return;
      parlor_call_set_deadline (self, 0, PARLOR_END_NONE);
      parlor_call_start_liveness (self);
      self->liveness_source = g_timeout_add (self->deadlines.look_ms ? self->deadlines.look_ms : LOOK_MS, on_liveness_check, self);
      set_state (self, PARLOR_CALL_ACTIVE);
      break;
    case PARLOR_PEER_FAILED:
      lose_peer (self, parlor_peer_get_error (peer));
      break;
    default:
      break;
    }
}

static void
on_peer_data_open (ParlorPeer *peer, GParamSpec *pspec, gpointer user_data)
{
  ParlorCall *self = user_data;

  if (!parlor_peer_get_data_open (peer))
    return;
  parlor_call_send_state (self, peer);
  if (peer == self->peer && self->generation == 1)
    parlor_call_send_identity (self);
}

static void
on_peer_text (ParlorPeer *peer, const char *text, gpointer user_data)
{
  parlor_call_take_text (user_data, peer, text);
}

static void
on_negotiator_event (ParlorNegotiatorEvent event, const GError *error, gpointer user_data)
{
  g_autoptr (ParlorCall) self = g_object_ref (user_data); /* who hears of a state may hang up */

  switch (event)
    {
    case PARLOR_NEGOTIATOR_OFFERED:
      /* In the seed's dialect the offer is the ring: a person has to answer it. */
      if (self->state == PARLOR_CALL_CONNECTING)
        parlor_call_set_deadline (self, self->deadlines.answer_ms, PARLOR_END_ANSWER_TIMEOUT);
      break;
    case PARLOR_NEGOTIATOR_ANSWERED:
      parlor_call_set_deadline (self, self->deadlines.reveal_ms, PARLOR_END_REVEAL_TIMEOUT);
      break;
    case PARLOR_NEGOTIATOR_AGREED:
      if (self->state == PARLOR_CALL_DIALING)
        set_state (self, PARLOR_CALL_CONNECTING);
      if (self->state == PARLOR_CALL_CONNECTING)
        parlor_call_set_deadline (self, self->deadlines.connect_ms, PARLOR_END_CONNECT_TIMEOUT);
      if (self->state != PARLOR_CALL_ENDED)
        parlor_call_take_trust (self);
      break;
    case PARLOR_NEGOTIATOR_FAILED:
      end_with_error (self, error);
      break;
    }
}

/* (transfer full) (nullable) */
ParlorPeer *
parlor_call_create_peer (ParlorCall *self, guint generation, GError **error)
{
  const ParlorPeerOptions options = {
    .dialect = self->seed ? PARLOR_DIALECT_SEED : PARLOR_DIALECT_PARLOR,
    .ice_servers = self->ice_servers,
    .held = !self->seed && !self->offerer, /* until what they reveal was checked; the offerer gives an answer to the peer only then */
    .quiet = generation > 1,
    .fingerprint = self->fingerprint,
  };
  ParlorPeer *peer = parlor_peer_factory_create_peer (self->factory, &options, error);

  if (!peer)
    return NULL;

  g_signal_connect_object (peer, "notify::state", G_CALLBACK (on_peer_state), self, 0);
  g_signal_connect_object (peer, "notify::data-open", G_CALLBACK (on_peer_data_open), self, 0);
  g_signal_connect_object (peer, "text", G_CALLBACK (on_peer_text), self, 0);
  return peer;
}

/* Of the generation in use. */
void
parlor_call_drop_negotiation (ParlorCall *self)
{
  g_autoptr (ParlorPeer) peer = g_steal_pointer (&self->peer);

  g_clear_pointer (&self->negotiator, parlor_negotiator_free);
  g_clear_pointer (&self->later_handshake, parlor_handshake_free);
  if (!peer)
    return;

  g_signal_handlers_disconnect_by_data (peer, self);
  parlor_peer_close (peer);
}

static void
drop_all (ParlorCall *self)
{
  parlor_call_drop_renewal (self);
  parlor_call_drop_negotiation (self);
  g_clear_pointer (&self->handshake, parlor_handshake_free);
}

static void
new_negotiator (ParlorCall *self)
{
  const char *their_id = parlor_participant_get_id (self->participant);

  if (!self->seed)
    self->handshake = parlor_handshake_new (self->keys, self->own_id, their_id, self->id, self->generation, self->offerer);
  self->negotiator = parlor_negotiator_new (self->channel, their_id, self->id, self->generation, self->seed, self->handshake,
                                            on_negotiator_event, self);
}

/* Makes the peer connection: to offer, to answer the seed's offer that rang, or to wait for an offer. */
static void
connect_peer (ParlorCall *self)
{
  g_autoptr (GError) error = NULL;

  self->peer = parlor_call_create_peer (self, self->generation, &error);
  if (!self->peer)
    {
      parlor_call_end_and_tell (self, PARLOR_END_MEDIA_FAILED, error->message);
      return;
    }

  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PEER]);
  if (self->state == PARLOR_CALL_ENDED)
    return;
  if (self->offerer)
    parlor_negotiator_offer (self->negotiator, self->peer);
  else if (self->seed)
    parlor_negotiator_answer (self->negotiator, self->peer, self->seed_offer);
}

/* Our ring was accepted. */
void
parlor_call_accepted (ParlorCall *self)
{
  parlor_call_set_deadline (self, self->deadlines.answer_ms, PARLOR_END_ANSWER_TIMEOUT);
  set_state (self, PARLOR_CALL_CONNECTING);
  if (self->state == PARLOR_CALL_CONNECTING)
    connect_peer (self);
}

/* It was connected, and is not over. */
gboolean
parlor_call_is_up (ParlorCall *self)
{
  return self->state == PARLOR_CALL_ACTIVE || self->state == PARLOR_CALL_RECONNECTING;
}

/*
 * The relay has no more say over this call. Not yet when our data channel opens: theirs may not be open, and then a bye of theirs
 * can only come through the relay. Each says its state as soon as its own is open: hearing that settles it.
 */
gboolean
parlor_call_media_is_up (ParlorCall *self)
{
  return parlor_call_is_up (self) && (self->seed || self->heard);
}

/* The one way out: lets go of everything, then says ENDED. Idempotent. */
void
parlor_call_end (ParlorCall *self, ParlorEndReason reason, const char *message)
{
  g_autoptr (ParlorCall) keep = NULL;

  if (self->state == PARLOR_CALL_ENDED)
    return;

  keep = g_object_ref (self);
  parlor_call_set_deadline (self, 0, PARLOR_END_NONE);
  g_clear_handle_id (&self->liveness_source, g_source_remove);
  drop_all (self);
  self->ended_at = g_get_monotonic_time ();
  self->end_reason = reason;
  self->end_message = g_strdup (message);
  g_debug ("call ended: %s%s%s", parlor_end_reason_to_string (reason), message ? ": " : "",
           message ? message : "");

  g_object_freeze_notify (G_OBJECT (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PEER]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_END_REASON]);
  set_state (self, PARLOR_CALL_ENDED);
  g_object_thaw_notify (G_OBJECT (self));
}

static void
parlor_call_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorCall *self = PARLOR_CALL (object);

  switch (id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_END_REASON:
      g_value_set_enum (value, self->end_reason);
      break;
    case PROP_PARTICIPANT:
      g_value_set_object (value, self->participant);
      break;
    case PROP_PEER:
      g_value_set_object (value, self->peer);
      break;
    case PROP_INCOMING:
      g_value_set_boolean (value, self->incoming);
      break;
    case PROP_SECURITY:
      g_value_set_enum (value, self->security);
      break;
    case PROP_PEER_IDENTITY:
      g_value_set_boxed (value, self->peer_identity);
      break;
    case PROP_GAUGE:
      g_value_set_object (value, self->gauge);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_call_dispose (GObject *object)
{
  ParlorCall *self = PARLOR_CALL (object);

  g_clear_handle_id (&self->deadline_source, g_source_remove);
  g_clear_handle_id (&self->liveness_source, g_source_remove);
  drop_all (self);
  g_clear_object (&self->gauge);
  g_clear_object (&self->channel);
  g_clear_object (&self->factory);
  g_clear_object (&self->participant);
  G_OBJECT_CLASS (parlor_call_parent_class)->dispose (object);
}

static void
parlor_call_finalize (GObject *object)
{
  ParlorCall *self = PARLOR_CALL (object);

  g_clear_pointer (&self->ice_servers, g_ptr_array_unref);
  g_free (self->id);
  g_free (self->own_id);
  g_free (self->fingerprint);
  g_clear_pointer (&self->seed_offer, parlor_message_free);
  g_clear_pointer (&self->peer_identity, g_bytes_unref);
  g_clear_pointer (&self->identity, parlor_identity_unref);
  parlor_call_keys_unref (self->keys);
  g_free (self->end_message);
  G_OBJECT_CLASS (parlor_call_parent_class)->finalize (object);
}

static void
parlor_call_class_init (ParlorCallClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = parlor_call_get_property;
  object_class->dispose = parlor_call_dispose;
  object_class->finalize = parlor_call_finalize;

  props[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, PARLOR_TYPE_CALL_STATE,
                                         PARLOR_CALL_DIALING, flags);
  props[PROP_END_REASON] = g_param_spec_enum ("end-reason", NULL, NULL, PARLOR_TYPE_END_REASON,
                                              PARLOR_END_NONE, flags);
  props[PROP_PARTICIPANT] = g_param_spec_object ("participant", NULL, NULL, PARLOR_TYPE_PARTICIPANT, flags);
  props[PROP_PEER] = g_param_spec_object ("peer", NULL, NULL, PARLOR_TYPE_PEER, flags);
  props[PROP_INCOMING] = g_param_spec_boolean ("incoming", NULL, NULL, FALSE, flags);
  props[PROP_SECURITY] = g_param_spec_enum ("security", NULL, NULL, PARLOR_TYPE_CALL_SECURITY,
                                            PARLOR_SECURITY_UNKNOWN, flags);
  props[PROP_PEER_IDENTITY] = g_param_spec_boxed ("peer-identity", NULL, NULL, G_TYPE_BYTES, flags);
  props[PROP_GAUGE] = g_param_spec_object ("gauge", NULL, NULL, PARLOR_TYPE_GAUGE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
parlor_call_init (ParlorCall *self)
{
  self->generation = self->last_generation = 1;
  self->gauge = parlor_gauge_new (self);
}

void
parlor_call_notify_peer (ParlorCall *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PEER]);
}

void
parlor_call_notify_security (ParlorCall *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SECURITY]);
}

void
parlor_call_notify_peer_identity (ParlorCall *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PEER_IDENTITY]);
}

static ParlorCall *
new_call (const ParlorCallMeans *means, ParlorParticipant *participant)
{
  ParlorCall *self = g_object_new (PARLOR_TYPE_CALL, NULL);

  self->channel = g_object_ref (means->channel);
  self->factory = g_object_ref (means->factory);
  self->ice_servers = means->ice_servers ? g_ptr_array_ref (means->ice_servers) : NULL;
  self->deadlines = *means->deadlines;
  self->own_id = g_strdup (means->own_id);
  self->keys = parlor_call_keys_ref (means->keys);
  self->identity = means->identity ? parlor_identity_ref (means->identity) : NULL;
  self->participant = g_object_ref (participant);
  self->seed = parlor_participant_get_dialect (participant) == PARLOR_DIALECT_SEED;
  return self;
}

ParlorCall *
parlor_call_new_outgoing (const ParlorCallMeans *means, ParlorParticipant *participant, ParlorMediaFlags media)
{
  ParlorCall *self = new_call (means, participant);

  self->state = PARLOR_CALL_DIALING;
  self->offerer = TRUE;
  self->offered_media = self->local_media = media;
  self->id = self->seed ? NULL : parlor_keys_new_call_id ();
  new_negotiator (self);
  return self;
}

/* The call is theirs: its id, what they offer, and that we answer. */
static void
take_ring (ParlorCall *self, const ParlorMessage *ring_or_offer)
{
  self->incoming = TRUE;
  self->offerer = FALSE;
  self->offered_media = self->seed ? PARLOR_MEDIA_AUDIO | PARLOR_MEDIA_VIDEO : ring_or_offer->ring.media;
  g_free (self->id);
  self->id = self->seed ? NULL : g_strdup (ring_or_offer->call);
  g_clear_pointer (&self->seed_offer, parlor_message_free);
  self->seed_offer = self->seed ? parlor_message_copy (ring_or_offer) : NULL;
  new_negotiator (self);
}

ParlorCall *
parlor_call_new_incoming (const ParlorCallMeans *means, ParlorParticipant *participant, const ParlorMessage *ring_or_offer)
{
  ParlorCall *self = new_call (means, participant);

  self->state = PARLOR_CALL_RINGING;
  self->local_media = PARLOR_MEDIA_AUDIO | PARLOR_MEDIA_VIDEO;
  take_ring (self, ring_or_offer);
  parlor_call_set_deadline (self, self->deadlines.ring_ms, PARLOR_END_NO_ANSWER);
  return self;
}

void
parlor_call_dial (ParlorCall *self)
{
  g_autoptr (ParlorMessage) ring = NULL;
  g_autoptr (GError) error = NULL;

  parlor_call_set_deadline (self, self->deadlines.ring_ms, PARLOR_END_NO_ANSWER);
  if (self->seed)
    {
      connect_peer (self);
      return;
    }

  ring = parlor_message_new (PARLOR_MESSAGE_RING);
  ring->ring.media = self->offered_media;
  if (!parlor_call_send (self, ring, &error))
    parlor_call_end (self, PARLOR_END_RELAY_LOST, error->message);
}

/*
 * Both ring each other and theirs stands: our ring is forgotten (they know the same rule and ignore it), and since the
 * user wanted to talk to just them, theirs is accepted at once.
 */
void
parlor_call_yield (ParlorCall *self, const ParlorMessage *ring_or_offer)
{
  g_autoptr (ParlorCall) keep = g_object_ref (self);

  g_return_if_fail (self->state == PARLOR_CALL_DIALING);

  drop_all (self);
  take_ring (self, ring_or_offer);
  g_object_freeze_notify (G_OBJECT (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PEER]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_INCOMING]);
  set_state (self, PARLOR_CALL_RINGING);
  parlor_call_accept (self, NULL);
  g_object_thaw_notify (G_OBJECT (self)); /* nobody was asked: what they hear of is CONNECTING */
}

gboolean
parlor_call_accept (ParlorCall *self, GError **error)
{
  g_autoptr (ParlorMessage) accept = NULL;
  g_autoptr (ParlorCall) keep = NULL;

  g_return_val_if_fail (PARLOR_IS_CALL (self), FALSE);

  if (self->state != PARLOR_CALL_RINGING)
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_STATE, "There is no ringing call to accept.");
      return FALSE;
    }

  keep = g_object_ref (self);
  if (!self->seed)
    {
      accept = parlor_message_new (PARLOR_MESSAGE_ACCEPT);
      if (!parlor_call_send (self, accept, error))
        {
          parlor_call_end (self, PARLOR_END_RELAY_LOST, NULL);
          return FALSE;
        }
    }

  /* The seed's offer is here already; otherwise it is on its way. */
  parlor_call_set_deadline (self, self->seed ? self->deadlines.connect_ms : self->deadlines.offer_ms,
                            self->seed ? PARLOR_END_CONNECT_TIMEOUT : PARLOR_END_OFFER_TIMEOUT);
  set_state (self, PARLOR_CALL_CONNECTING);
  if (self->state == PARLOR_CALL_CONNECTING)
    connect_peer (self);
  return TRUE;
}

gboolean
parlor_call_decline (ParlorCall *self, ParlorDeclineReason reason, GError **error)
{
  g_autoptr (ParlorMessage) decline = NULL;

  g_return_val_if_fail (PARLOR_IS_CALL (self), FALSE);

  if (self->state != PARLOR_CALL_RINGING)
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_STATE, "There is no ringing call to decline.");
      return FALSE;
    }

  if (!self->seed)
    {
      decline = parlor_message_new (PARLOR_MESSAGE_DECLINE);
      decline->decline.reason = reason;
      parlor_call_send (self, decline, NULL);
    }
  parlor_call_end (self, reason == PARLOR_DECLINE_TIMEOUT ? PARLOR_END_NO_ANSWER : PARLOR_END_DECLINED, NULL);
  return TRUE;
}

void
parlor_call_hang_up (ParlorCall *self)
{
  g_return_if_fail (PARLOR_IS_CALL (self));

  switch (self->state)
    {
    case PARLOR_CALL_RINGING:
      parlor_call_decline (self, PARLOR_DECLINE_DECLINED, NULL);
      break;
    case PARLOR_CALL_DIALING:
      parlor_call_end_and_tell (self, PARLOR_END_CANCELLED, NULL);
      break;
    case PARLOR_CALL_CONNECTING:
    case PARLOR_CALL_ACTIVE:
    case PARLOR_CALL_RECONNECTING:
      parlor_call_end_and_tell (self, PARLOR_END_HUNG_UP, NULL);
      break;
    case PARLOR_CALL_ENDED:
      break;
    }
}

void
parlor_call_set_local_media (ParlorCall *self, ParlorMediaFlags media)
{
  g_return_if_fail (PARLOR_IS_CALL (self));

  if (self->local_media == media)
    return;

  self->local_media = media;
  if (self->peer)
    parlor_call_send_state (self, self->peer);
}

ParlorCallState
parlor_call_get_state (ParlorCall *self)
{
  return self->state;
}

ParlorEndReason
parlor_call_get_end_reason (ParlorCall *self)
{
  return self->end_reason;
}

const char *
parlor_call_get_end_message (ParlorCall *self)
{
  return self->end_message;
}

ParlorParticipant *
parlor_call_get_participant (ParlorCall *self)
{
  return self->participant;
}

ParlorPeer *
parlor_call_get_peer (ParlorCall *self)
{
  return self->peer;
}

gboolean
parlor_call_get_incoming (ParlorCall *self)
{
  return self->incoming;
}

ParlorGauge *
parlor_call_get_gauge (ParlorCall *self)
{
  return self->gauge;
}

const char *
parlor_call_get_id (ParlorCall *self)
{
  return self->id;
}

ParlorMediaFlags
parlor_call_get_offered_media (ParlorCall *self)
{
  return self->offered_media;
}

gint64
parlor_call_get_active_since (ParlorCall *self)
{
  return self->active_since;
}

gint64
parlor_call_get_duration (ParlorCall *self)
{
  if (!self->active_since)
    return 0;
  return (self->ended_at ? self->ended_at : g_get_monotonic_time ()) - self->active_since;
}
