/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-call"

#include "config.h"

#include "parlor-call-private.h"

#include "parlor-participant-private.h"

/*
 * What happens to a call that is up when one side does not hear the other any more (PROTOCOL.md, "Reconnecting").
 *
 * Several times a second each side looks whether anything authenticated came in. Who is deaf says so over the channel, which may carry it
 * one way, and through the relay, which may lie: then only silence confirms it. The ringer makes the next generation of the peer connection, beside
 * the one in use, and decides, alone, which of the two goes on: the old one if it is heard again first, the new one as soon as it carries
 * words both ways and a picture. So there is nothing to agree on, and nothing to undo: the other side answers, and waits for the
 * word. Whatever is wrong with a later generation is no end of the call, but the end of that generation.
 */

#define LOOKS_TO_BELIEVE 2                       /* in a row, with something new: a path that is back */
#define WAIT_FOR_PICTURE_US (3 * G_USEC_PER_SEC) /* of theirs, that they say they send */
#define TRY_AGAIN_US G_USEC_PER_SEC              /* at the most: a young attempt is not given up for a newer one */
#define ASKS_IN_AN_ATTEMPT 8
#define UNSEEN_US (700 * G_TIME_SPAN_MILLISECOND)   /* after which they should have seen an offer of ours */
#define AWAY_BEFORE_SILENCE_US (2 * G_USEC_PER_SEC) /* that still has to do with it */

static gint64
us (guint ms)
{
  return (gint64) ms * G_TIME_SPAN_MILLISECOND;
}

static gint64
try_again_us (ParlorCall *self)
{
  return MIN (TRY_AGAIN_US, us (self->deadlines.attempt_ms) / ASKS_IN_AN_ATTEMPT);
}

/* --- a generation and its end --- */

void
parlor_call_drop_renewal (ParlorCall *self)
{
  ParlorRenewal *renewal = g_steal_pointer (&self->renewal);

  if (!renewal)
    return;

  g_debug ("generation %u is dropped", renewal->generation);
  g_signal_handlers_disconnect_by_data (renewal->peer, self);
  g_clear_pointer (&renewal->negotiator, parlor_negotiator_free);
  g_clear_pointer (&renewal->handshake, parlor_handshake_free);
  parlor_peer_close (renewal->peer);
  g_object_unref (renewal->peer);
  g_free (renewal);
}

ParlorNegotiator *
parlor_call_find_negotiator (ParlorCall *self, guint generation)
{
  if (self->seed || generation == self->generation)
    return self->negotiator;
  return self->renewal && self->renewal->generation == generation ? self->renewal->negotiator : NULL;
}

static gboolean
is_ready (ParlorCall *self, gint64 now)
{
  ParlorRenewal *renewal = self->renewal;
  ParlorMediaFlags wanted = parlor_participant_get_video (self->participant)   ? PARLOR_MEDIA_VIDEO
                            : parlor_participant_get_audio (self->participant) ? PARLOR_MEDIA_AUDIO
                                                                               : PARLOR_MEDIA_NONE;

  if (!renewal || !renewal->heard || !(self->offerer ? self->state == PARLOR_CALL_RECONNECTING : renewal->chosen))
    return FALSE;
  return (renewal->seen & wanted) == wanted || now - renewal->heard >= WAIT_FOR_PICTURE_US;
}

static void
tell_chosen (ParlorRenewal *renewal)
{
  g_autoptr (ParlorMessage) message = parlor_message_new (PARLOR_MESSAGE_RENEWED);

  message->generation = renewal->generation;
  parlor_call_send_text (renewal->peer, message);
}

static void
be_heard (ParlorCall *self, gint64 now)
{
  self->deaf = self->unheard = FALSE;
  self->n_heard = 0;
  parlor_liveness_start (&self->liveness, self->deadlines.alarm_ms, self->deadlines.early_ms, now, parlor_liveness_get_slept ());
}

/* The next generation becomes the one in use. The old one goes only after everybody has looked at the new. */
static void
take_over (ParlorCall *self, gint64 now)
{
  ParlorRenewal *renewal = g_steal_pointer (&self->renewal);
  g_autoptr (ParlorPeer) old = g_object_ref (self->peer);

  g_debug ("generation %u takes over", renewal->generation);
  if (self->offerer)
    tell_chosen (renewal);
  g_signal_handlers_disconnect_by_data (old, self);
  g_clear_object (&self->peer);
  parlor_call_drop_negotiation (self);
  self->generation = renewal->generation;
  self->negotiator = renewal->negotiator;
  self->later_handshake = renewal->handshake;
  self->peer = renewal->peer;
  g_free (renewal);

  be_heard (self, now);
  parlor_peer_set_quiet (old, TRUE);
  parlor_peer_set_quiet (self->peer, FALSE);
  parlor_call_notify_peer (self);
  parlor_peer_close (old);
  parlor_call_set_reconnecting (self, FALSE);
}

static void
advance (ParlorCall *self)
{
  gint64 now = g_get_monotonic_time ();

  if (is_ready (self, now))
    take_over (self, now);
}

/* --- what the next generation tells --- */

static void
on_first_frame (ParlorPeer *peer, ParlorMediaFlags kind, gpointer user_data)
{
  ParlorCall *self = user_data;

  if (!self->renewal || self->renewal->peer != peer)
    return;
  self->renewal->seen |= kind;
  advance (self);
}

void
parlor_call_take_renewal_state (ParlorCall *self, ParlorPeer *peer)
{
  if (self->renewal && self->renewal->peer == peer && parlor_peer_get_state (peer) == PARLOR_PEER_FAILED)
    parlor_call_drop_renewal (self);
}

static void
on_renewal_event (ParlorNegotiatorEvent event, const GError *error, gpointer user_data)
{
  ParlorCall *self = user_data;

  if (event == PARLOR_NEGOTIATOR_FAILED)
    {
      g_debug ("generation %u is refused: %s", self->renewal->generation, error ? error->message : "");
      parlor_call_drop_renewal (self);
    }
  else if (event == PARLOR_NEGOTIATOR_AGREED)
    {
      /* They prove what they proved before, or they are not who they were. */
      if (parlor_handshake_get_proof (self->renewal->handshake) == self->proof)
        parlor_peer_release (self->renewal->peer);
      else
        parlor_call_drop_renewal (self);
    }
}

static ParlorHandshake *
new_handshake (ParlorCall *self, guint generation)
{
  return parlor_handshake_new (self->keys, self->own_id, parlor_participant_get_id (self->participant), self->id, generation, self->offerer);
}

static gboolean
begin_renewal (ParlorCall *self, guint generation)
{
  g_autoptr (GError) error = NULL;
  ParlorPeer *peer;

  parlor_call_drop_renewal (self);
  self->last_generation = generation;
  self->stale = FALSE;
  self->tried = g_get_monotonic_time ();
  peer = parlor_call_create_peer (self, generation, &error);
  if (!peer)
    {
      g_debug ("no generation %u: %s", generation, error->message);
      return FALSE;
    }

  self->renewal = g_new0 (ParlorRenewal, 1);
  self->renewal->generation = generation;
  self->renewal->began = self->tried;
  self->renewal->peer = peer;
  self->renewal->handshake = new_handshake (self, generation);
  self->renewal->negotiator = parlor_negotiator_new (self->channel, parlor_participant_get_id (self->participant), self->id, generation,
                                                     FALSE, self->renewal->handshake, on_renewal_event, self);
  g_signal_connect_object (peer, "first-frame", G_CALLBACK (on_first_frame), self, 0);
  return TRUE;
}

/* It is theirs, and made for this generation; so nothing happens to the one that may be under way before we know. */
static gboolean
is_proven (ParlorCall *self, const ParlorMessage *offer)
{
  g_autoptr (ParlorHandshake) handshake = new_handshake (self, offer->generation);
  g_autoptr (GError) error = NULL;

  if (parlor_handshake_check_offer (handshake, offer, &error) && parlor_handshake_get_proof (handshake) == self->proof)
    return TRUE;
  g_debug ("an offer of generation %u is refused: %s", offer->generation, error ? error->message : "it proves less than before");
  return FALSE;
}

void
parlor_call_take_renewal_offer (ParlorCall *self, const ParlorMessage *offer)
{
  gboolean too_many = self->proof == PARLOR_PROOF_NONE && self->state == PARLOR_CALL_ACTIVE && self->tried
                      && g_get_monotonic_time () - self->tried < try_again_us (self);

  /* Whoever misses us may notice it before we miss them. Where nothing is proved, anybody could say so. */
  if (!parlor_call_is_up (self) || self->offerer || !self->fingerprint || offer->generation <= self->last_generation || too_many
      || !is_proven (self, offer))
    return;
  if (begin_renewal (self, offer->generation))
    parlor_negotiator_answer (self->renewal->negotiator, self->renewal->peer, offer);
}

/* --- the path in use --- */

void
parlor_call_start_liveness (ParlorCall *self)
{
  /* In the seed's dialect there is no word for it. */
  if (!self->seed && self->deadlines.alarm_ms > 0)
    self->fingerprint = parlor_peer_dup_fingerprint (self->peer);
  be_heard (self, g_get_monotonic_time ());
}

static ParlorMessage *
new_renew (ParlorCall *self)
{
  ParlorMessage *message = parlor_message_new_addressed (PARLOR_MESSAGE_RENEW, parlor_participant_get_id (self->participant), self->id);

  message->generation = self->last_generation + 1;
  return message;
}

/* We do not hear them. They may hear us: then only we can tell them. */
static void
go_deaf (ParlorCall *self)
{
  g_autoptr (ParlorMessage) renew = new_renew (self);

  g_debug ("they are not heard any more");
  self->deaf = TRUE;
  self->n_heard = 0;
  parlor_call_send_text (self->peer, renew);
}

static void
hear_again (ParlorCall *self)
{
  g_debug ("they are heard again");
  self->deaf = FALSE;
  parlor_call_send_state (self, self->peer);
}

/* Says what is true now. If nobody misses anything, the old path goes on, and the ringer lets go of the new one. */
static void
settle (ParlorCall *self, gint64 now)
{
  gboolean trouble = self->deaf || self->unheard;

  if (trouble && self->state == PARLOR_CALL_ACTIVE)
    {
      self->trouble_since = now;
      self->tried = 0;
      parlor_call_set_reconnecting (self, TRUE);
    }
  else if (!trouble && self->state == PARLOR_CALL_RECONNECTING)
    {
      if (self->offerer)
        parlor_call_drop_renewal (self);
      parlor_call_set_reconnecting (self, FALSE);
    }
}

static void
note_away (ParlorCall *self, gint64 now)
{
  if (!parlor_participant_get_away (self->participant))
    self->away_since = 0;
  else if (!self->away_since)
    self->away_since = now;
}

/* The same end of them has let go of the relay and of us, and says nothing to either. */
static gboolean
has_vanished (ParlorCall *self, gint64 now)
{
  gint64 heard = MAX (self->last_heard, self->active_since);

  return self->deadlines.vanished_ms > 0 && self->deaf && self->away_since > 0 && self->away_since >= heard - AWAY_BEFORE_SILENCE_US
         && now - heard >= us (self->deadlines.vanished_ms);
}

/* An offer has a relay to go through, or waits until there is one again: what was gathered for it would be old by then. */
static void
offer_another (ParlorCall *self, gint64 now)
{
  gboolean under_way = self->renewal && now - self->renewal->began < us (self->deadlines.attempt_ms) && !self->stale;

  if (parlor_channel_get_state (self->channel) != PARLOR_CHANNEL_OPEN || under_way || (self->tried && now - self->tried < try_again_us (self)))
    return;
  if (begin_renewal (self, self->last_generation + 1))
    parlor_negotiator_offer (self->renewal->negotiator, self->renewal->peer);
}

static void
ask_for_another (ParlorCall *self, gint64 now)
{
  g_autoptr (ParlorMessage) renew = NULL;

  if (self->tried && now - self->tried < us (self->deadlines.attempt_ms) / ASKS_IN_AN_ATTEMPT && !self->stale)
    return;
  self->stale = FALSE;
  self->tried = now;
  renew = new_renew (self);
  parlor_call_send (self, renew, NULL);
}

static void
look_for_another (ParlorCall *self, gint64 now)
{
  if (has_vanished (self, now))
    parlor_call_end_and_tell (self, PARLOR_END_VANISHED, NULL);
  else if (now - self->trouble_since >= us (self->deadlines.reconnect_ms))
    parlor_call_end_and_tell (self, PARLOR_END_LOST, NULL);
  else if (is_ready (self, now))
    take_over (self, now);
  else if (self->offerer)
    offer_another (self, now);
  else
    ask_for_another (self, now);
}

/*
 * Called several times a second while the call is up; it may have ended when this returns. FALSE: this is a call in which no other path
 * can be looked for.
 */
gboolean
parlor_call_look_after_path (ParlorCall *self, gint64 now)
{
  gint64 heard = parlor_peer_get_last_activity (self->peer);
  gboolean is_silent;

  if (!self->fingerprint)
    return FALSE;

  is_silent = parlor_liveness_look (&self->liveness, now, parlor_liveness_get_slept (), heard);
  self->n_heard = heard > self->last_heard ? self->n_heard + 1 : 0;
  self->last_heard = heard;
  note_away (self, now);
  if (!self->deaf && is_silent)
    go_deaf (self);
  else if (self->deaf && self->n_heard >= LOOKS_TO_BELIEVE)
    hear_again (self);
  settle (self, now);

  if (self->state == PARLOR_CALL_RECONNECTING)
    look_for_another (self, now);
  else if (self->renewal && now - self->renewal->began >= us (self->deadlines.connect_ms))
    parlor_call_drop_renewal (self); /* the ringer has chosen long ago, and not this one */
  return TRUE;
}

/* The path in use is known to be gone. */
void
parlor_call_lose_path (ParlorCall *self)
{
  gint64 now = g_get_monotonic_time ();

  if (self->renewal && self->renewal->chosen && !self->renewal->heard)
    self->renewal->heard = now;
  if (!self->deaf)
    go_deaf (self);
  settle (self, now);
  advance (self);
}

void
parlor_call_take_path_text (ParlorCall *self, ParlorPeer *peer, const ParlorMessage *message)
{
  gboolean of_renewal = self->renewal && self->renewal->peer == peer;

  if (message->type == PARLOR_MESSAGE_STATE)
    {
      parlor_participant_set_media (self->participant, message->state.audio, message->state.video);
      if (of_renewal)
        self->renewal->heard = g_get_monotonic_time ();
      else
        self->unheard = FALSE;
    }
  else if (message->type == PARLOR_MESSAGE_RENEW && !of_renewal)
    {
      /* Told at the next look: when it comes late, the word that all is well again comes right behind it. */
      self->unheard = self->fingerprint != NULL;
    }
  else if (message->type == PARLOR_MESSAGE_HERE)
    {
      /* By the one who proved to be the other end of this call; what comes under that id still has to prove itself. */
      parlor_participant_set_id (self->participant, message->person.id);
    }
  else if (message->type == PARLOR_MESSAGE_RENEWED && of_renewal && !self->offerer)
    {
      self->renewal->chosen = TRUE;
    }
  advance (self);
}

/* --- the world around it --- */

/* What is under way was made for the network as it was, or lost on its way: unless it is up already, there is to be another one. */
static void
start_anew (ParlorCall *self)
{
  if (self->state == PARLOR_CALL_RECONNECTING && !(self->renewal && parlor_peer_get_state (self->renewal->peer) == PARLOR_PEER_CONNECTED))
    self->stale = TRUE;
}

/*
 * The relay says that they ask for another path: a rumour, which a little silence confirms. They name the first generation that they have not
 * seen: if that one was offered a while ago, the offer was lost.
 */
void
parlor_call_take_renew (ParlorCall *self, guint generation)
{
  gint64 now = g_get_monotonic_time ();

  parlor_liveness_hurry (&self->liveness, now);
  if (self->offerer && self->renewal && generation <= self->renewal->generation && now - self->renewal->began >= UNSEEN_US)
    start_anew (self);
}

void
parlor_call_hurry (ParlorCall *self)
{
  g_return_if_fail (PARLOR_IS_CALL (self));

  parlor_liveness_hurry (&self->liveness, g_get_monotonic_time ());
  start_anew (self);
}

/* Nobody but we can tell them, over the channel: a relay that came back knows nothing of who was who. */
void
parlor_call_move (ParlorCall *self, const char *own_id)
{
  g_autoptr (ParlorMessage) here = parlor_message_new (PARLOR_MESSAGE_HERE);

  g_free (self->own_id);
  self->own_id = g_strdup (own_id);
  here->person.id = g_strdup (own_id);
  parlor_call_send_text (self->peer, here);
}

void
parlor_call_handle_channel_back (ParlorCall *self)
{
  start_anew (self);
}
