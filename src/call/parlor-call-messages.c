/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-call"

#include "config.h"

#include "parlor-call-private.h"

#include "parlor-participant-private.h"

/*
 * What messages mean to a call, and how it tells the other side that it is over. A message that does not fit the state is
 * ignored: the network reorders, repeats and lies, and the deadlines end whatever does not come to an end.
 */

gboolean
parlor_call_send (ParlorCall *self, ParlorMessage *message, GError **error)
{
  g_free (message->to);
  g_free (message->call);
  message->to = g_strdup (parlor_participant_get_id (self->participant));
  message->call = g_strdup (self->id);
  return parlor_channel_send (self->channel, message, error);
}

/* Over the data channel once it is open: from then on the relay has no say. */
gboolean
parlor_call_send_text (ParlorPeer *peer, const ParlorMessage *message)
{
  g_autofree char *text = NULL;

  if (!peer || !parlor_peer_get_data_open (peer))
    return FALSE;

  text = parlor_message_serialize (message, PARLOR_DIALECT_PARLOR);
  return parlor_peer_send_text (peer, text, NULL);
}

void
parlor_call_send_state (ParlorCall *self, ParlorPeer *peer)
{
  g_autoptr (ParlorMessage) message = parlor_message_new (PARLOR_MESSAGE_STATE);

  message->state.audio = !!(self->local_media & PARLOR_MEDIA_AUDIO);
  message->state.video = !!(self->local_media & PARLOR_MEDIA_VIDEO);
  parlor_call_send_text (peer, message);
}

static ParlorMessage *
new_farewell (ParlorCall *self, ParlorEndReason reason)
{
  ParlorMessage *message;

  switch (self->state)
    {
    case PARLOR_CALL_DIALING:
      return parlor_message_new (PARLOR_MESSAGE_CANCEL);
    case PARLOR_CALL_RINGING:
      message = parlor_message_new (PARLOR_MESSAGE_DECLINE);
      message->decline.reason = reason == PARLOR_END_NO_ANSWER ? PARLOR_DECLINE_TIMEOUT : PARLOR_DECLINE_DECLINED;
      return message;
    default:
      message = parlor_message_new (PARLOR_MESSAGE_BYE);
      message->bye.reason = g_strdup (parlor_end_reason_to_string (reason));
      return message;
    }
}

/* Ends the call and lets the other side know, as far as anything still carries words there. */
void
parlor_call_end_and_tell (ParlorCall *self, ParlorEndReason reason, const char *message)
{
  g_autoptr (ParlorCall) keep = g_object_ref (self);

  if (self->state == PARLOR_CALL_ENDED)
    return;

  /* The seed's dialect has no word for it: the other side sees the connection close. */
  if (!self->seed)
    {
      g_autoptr (ParlorMessage) farewell = new_farewell (self, reason);

      /* Both ways: the data channel is believed, the relay is quicker to say what a dying connection may not get out. */
      if (farewell->type == PARLOR_MESSAGE_BYE)
        parlor_call_send_text (self->peer, farewell);
      if (farewell->type == PARLOR_MESSAGE_BYE && self->renewal)
        parlor_call_send_text (self->renewal->peer, farewell);
      parlor_call_send (self, farewell, NULL);
    }
  parlor_call_end (self, reason, message);
}

static void
take_decline (ParlorCall *self, ParlorDeclineReason reason)
{
  static const ParlorEndReason reasons[] = {
    [PARLOR_DECLINE_DECLINED] = PARLOR_END_DECLINED,
    [PARLOR_DECLINE_BUSY] = PARLOR_END_BUSY,
    [PARLOR_DECLINE_TIMEOUT] = PARLOR_END_NO_ANSWER,
    [PARLOR_DECLINE_NO_DEVICE] = PARLOR_END_NO_DEVICE,
  };

  if (self->state == PARLOR_CALL_DIALING)
    parlor_call_end (self, reasons[reason], NULL);
}

static void
take_offer (ParlorCall *self, const ParlorMessage *message)
{
  if (message->generation != self->generation && !self->seed)
    {
      parlor_call_take_renewal_offer (self, message);
      return;
    }
  if (self->state != PARLOR_CALL_CONNECTING || self->seed || self->offerer || self->offer_taken)
    return;

  self->offer_taken = TRUE;
  parlor_negotiator_answer (self->negotiator, self->peer, message);
}

/* The ringer gave up. Our accept may have crossed with it. */
static void
take_cancel (ParlorCall *self)
{
  if (self->state == PARLOR_CALL_RINGING || (self->state == PARLOR_CALL_CONNECTING && !self->offerer))
    parlor_call_end (self, PARLOR_END_CANCELLED, NULL);
}

static void
take_bye (ParlorCall *self, const char *reason)
{
  if (self->state == PARLOR_CALL_RINGING)
    parlor_call_end (self, PARLOR_END_CANCELLED, reason);
  else if (self->state == PARLOR_CALL_CONNECTING && (g_strcmp0 (reason, "connect-failed") == 0 || g_strcmp0 (reason, "connect-timeout") == 0))
    parlor_call_end (self, PARLOR_END_CONNECT_FAILED, reason); /* they only noticed first */
  else
    parlor_call_end (self, PARLOR_END_REMOTE_HUNG_UP, reason);
}

void
parlor_call_handle_message (ParlorCall *self, const ParlorMessage *message)
{
  g_autoptr (ParlorCall) keep = g_object_ref (self); /* who hears of a state may hang up */
  ParlorNegotiator *negotiator = parlor_call_find_negotiator (self, message->generation);

  switch (message->type)
    {
    case PARLOR_MESSAGE_ACCEPT:
      if (self->state == PARLOR_CALL_DIALING && !self->seed)
        parlor_call_accepted (self);
      break;
    case PARLOR_MESSAGE_DECLINE:
      take_decline (self, message->decline.reason);
      break;
    case PARLOR_MESSAGE_CANCEL:
      take_cancel (self);
      break;
    case PARLOR_MESSAGE_OFFER:
      take_offer (self, message);
      break;
    case PARLOR_MESSAGE_ANSWER:
      if (negotiator && (parlor_call_is_up (self) || self->state == PARLOR_CALL_CONNECTING || (self->seed && self->state == PARLOR_CALL_DIALING)))
        parlor_negotiator_take_answer (negotiator, message);
      break;
    case PARLOR_MESSAGE_REVEAL:
      if (negotiator && self->state == PARLOR_CALL_CONNECTING)
        parlor_negotiator_take_reveal (negotiator, message);
      break;
    case PARLOR_MESSAGE_ICE:
      if (negotiator)
        parlor_negotiator_take_candidate (negotiator, message->ice.candidate, message->ice.sdp_mid, message->ice.sdp_mline_index);
      break;
    case PARLOR_MESSAGE_RENEW:
      parlor_call_take_renew (self, message->generation);
      break;
    case PARLOR_MESSAGE_BYE:
      if (parlor_call_media_is_up (self))
        self->rumour_at = g_get_monotonic_time ();
      else
        take_bye (self, message->bye.reason);
      break;
    default:
      break;
    }
}

/* On the channel of the generation in use, or of the one that is to follow. */
void
parlor_call_take_text (ParlorCall *self, ParlorPeer *peer, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ParlorMessage) message = parlor_message_parse (text, -1, PARLOR_DIALECT_PARLOR, &error);

  self->heard = TRUE;
  if (!message)
    g_debug ("data channel: %s", error->message);
  else if (message->type == PARLOR_MESSAGE_IDENTITY)
    parlor_call_take_identity (self, message);
  else if (message->type == PARLOR_MESSAGE_BYE)
    take_bye (self, message->bye.reason);
  else
    parlor_call_take_path_text (self, peer, message);
}

void
parlor_call_handle_left (ParlorCall *self)
{
  if (parlor_call_is_up (self))
    self->rumour_at = g_get_monotonic_time ();
  else
    parlor_call_end (self, PARLOR_END_PEER_LEFT, NULL);
}

void
parlor_call_handle_channel_lost (ParlorCall *self)
{
  if (!parlor_call_is_up (self))
    parlor_call_end (self, PARLOR_END_RELAY_LOST, NULL);
}

/* Is it about what we said last in this call? What a relay refused of an earlier one may come late. */
static gboolean
is_our_refusal (ParlorCall *self, const ParlorMessage *error)
{
  const char *about = error->error.about;

  if (error->call && g_strcmp0 (error->call, self->id) != 0)
    return FALSE;
  if (self->state == PARLOR_CALL_DIALING)
    return g_strcmp0 (about, self->seed ? "offer" : "ring") == 0;
  if (self->state == PARLOR_CALL_CONNECTING && self->offerer)
    return g_strcmp0 (about, "offer") == 0;
  return self->state == PARLOR_CALL_CONNECTING && (g_strcmp0 (about, "accept") == 0 || g_strcmp0 (about, "answer") == 0);
}

/* The relay did not carry something of ours. */
void
parlor_call_handle_refusal (ParlorCall *self, const ParlorMessage *error)
{
  g_autofree char *words = NULL;

  if (!is_our_refusal (self, error)) /* of a call that is up nothing is */
    return;

  words = g_strdup_printf ("%s: %s", error->error.code, error->error.message ? error->error.message : "");
  parlor_call_end (self, g_str_equal (error->error.code, "no-such-peer") ? PARLOR_END_PEER_LEFT : PARLOR_END_REFUSED,
                   words);
}
