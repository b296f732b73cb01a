/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-call"

#include "config.h"

#include "parlor-negotiator.h"

#include <string.h>

#include "parlor-error.h"

/*
 * ParlorNegotiator: brings one offer and one answer across, and candidates both ways, each no earlier than the other side can use it:
 * ours wait until our description was sent, theirs until their description is in place. webrtcbin never renegotiates, so a
 * negotiator is used once. Main thread only.
 *
 * The pages of the seed's dialect ignore candidates sent to the offering side: an answer to them waits SEED_GATHER_MS for
 * our candidates and carries them in its text.
 */

#define SEED_GATHER_MS 150

typedef struct
{
  char *candidate;
  char *mid;
  int mline_index;
} Candidate;

struct _ParlorNegotiator
{
  ParlorChannel *channel;
  ParlorPeer *peer;
  char *to;
  char *call;
  guint generation;
  gboolean seed;
  ParlorHandshake *handshake; /* nullable, not owned */
  ParlorNegotiatorFunc func;
  gpointer user_data;
  GCancellable *cancellable;

  char *local_offer;
  char *held_answer; /* made, but waiting for candidates (seed) */
  guint held_source;
  gboolean described;       /* our description was sent */
  gboolean answer_expected; /* we offered and no answer came yet */
  gboolean agreed;          /* their description is in place */
  GPtrArray *ours;          /* waiting for our description */
  GPtrArray *theirs;        /* waiting for theirs */
  guint n_theirs;
};

static void
candidate_free (Candidate *candidate)
{
  g_free (candidate->candidate);
  g_free (candidate->mid);
  g_free (candidate);
}

static Candidate *
candidate_new (const char *text, const char *mid, int mline_index)
{
  Candidate *candidate = g_new0 (Candidate, 1);

  candidate->candidate = g_strdup (text);
  candidate->mid = g_strdup (mid);
  candidate->mline_index = mline_index;
  return candidate;
}

static GPtrArray *
new_candidates (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) candidate_free);
}

static void
fail (ParlorNegotiator *self, const GError *error)
{
  self->func (PARLOR_NEGOTIATOR_FAILED, error, self->user_data);
}

static ParlorMessage *
new_message (ParlorNegotiator *self, ParlorMessageType type)
{
  ParlorMessage *message = parlor_message_new_addressed (type, self->to, self->call);

  message->generation = self->generation;
  return message;
}

/* A candidate that cannot be sent is no failure: others may do, and the deadline decides. */
static void
send_candidate (ParlorNegotiator *self, const Candidate *candidate)
{
  g_autoptr (ParlorMessage) message = new_message (self, PARLOR_MESSAGE_ICE);
  g_autoptr (GError) error = NULL;

  message->ice.candidate = g_strdup (candidate->candidate);
  message->ice.sdp_mid = g_strdup (candidate->mid);
  message->ice.sdp_mline_index = candidate->mline_index;
  if (!parlor_channel_send (self->channel, message, &error))
    g_debug ("candidate not sent: %s", error->message);
}

static gboolean
send_description (ParlorNegotiator *self, ParlorMessageType type, const char *sdp, GError **error)
{
  g_autoptr (ParlorMessage) message = new_message (self, type);

  message->description.sdp = g_strdup (sdp);
  if (self->handshake && type == PARLOR_MESSAGE_OFFER)
    parlor_handshake_seal_offer (self->handshake, message);
  else if (self->handshake)
    parlor_handshake_seal_answer (self->handshake, message);
  if (!parlor_channel_send (self->channel, message, error))
    return FALSE;

  self->described = TRUE;
  for (guint i = 0; i < self->ours->len; i++)
    send_candidate (self, g_ptr_array_index (self->ours, i));
  g_ptr_array_set_size (self->ours, 0);
  return TRUE;
}

/* A candidate may be the peer's end, and that ours: free() cancels. */
static void
agree (ParlorNegotiator *self)
{
  g_autoptr (GCancellable) alive = g_object_ref (self->cancellable);
  g_autoptr (GPtrArray) theirs = g_steal_pointer (&self->theirs);

  self->agreed = TRUE;
  self->theirs = new_candidates ();
  for (guint i = 0; i < theirs->len && !g_cancellable_is_cancelled (alive); i++)
    {
      const Candidate *candidate = g_ptr_array_index (theirs, i);

      parlor_peer_add_candidate (self->peer, candidate->candidate, candidate->mid, candidate->mline_index);
    }
  if (!g_cancellable_is_cancelled (alive))
    self->func (self->handshake && parlor_handshake_awaits_reveal (self->handshake) ? PARLOR_NEGOTIATOR_ANSWERED
                                                                                    : PARLOR_NEGOTIATOR_AGREED,
                NULL, self->user_data);
}

static void
send_answer (ParlorNegotiator *self, const char *sdp)
{
  g_autoptr (GError) error = NULL;

  if (send_description (self, PARLOR_MESSAGE_ANSWER, sdp, &error))
    agree (self);
  else
    fail (self, error);
}

static void
release_held_answer (gpointer user_data)
{
  ParlorNegotiator *self = user_data;
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();
  g_autofree char *answer = g_steal_pointer (&self->held_answer);
  g_autofree char *sdp = NULL;

  self->held_source = 0;
  for (guint i = 0; i < self->ours->len; i++)
    {
      const Candidate *candidate = g_ptr_array_index (self->ours, i);

      if (candidate->candidate)
        g_ptr_array_add (lines, candidate->candidate);
    }
  sdp = parlor_negotiator_add_candidates_to_sdp (answer, lines);
  send_answer (self, sdp);
}

static void
on_peer_candidate (ParlorPeer *peer, const char *candidate, const char *mid, int mline_index, gpointer user_data)
{
  ParlorNegotiator *self = user_data;
  g_autoptr (GPtrArray) one = new_candidates ();

  g_ptr_array_add (one, candidate_new (candidate, mid, mline_index));
  if (self->described)
    send_candidate (self, g_ptr_array_index (one, 0));
  else
    g_ptr_array_add (self->ours, g_ptr_array_steal_index (one, 0));
}

static void
on_offer_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ParlorNegotiator *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *sdp = parlor_peer_create_offer_finish (PARLOR_PEER (source), result, &error);

  /* Cancelled: the negotiator may be gone. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  if (sdp && send_description (self, PARLOR_MESSAGE_OFFER, sdp, &error))
    {
      self->local_offer = g_steal_pointer (&sdp);
      self->answer_expected = TRUE;
      self->func (PARLOR_NEGOTIATOR_OFFERED, NULL, self->user_data);
    }
  else
    {
      fail (self, error);
    }
}

static void
on_answer_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ParlorNegotiator *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *sdp = parlor_peer_create_answer_finish (PARLOR_PEER (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  if (!sdp)
    {
      fail (self, error);
    }
  else if (self->seed)
    {
      self->held_answer = g_steal_pointer (&sdp);
      self->held_source = g_timeout_add_once (SEED_GATHER_MS, release_held_answer, self);
    }
  else
    {
      send_answer (self, sdp);
    }
}

static void
on_answer_taken (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ParlorNegotiator *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean taken = parlor_peer_set_answer_finish (PARLOR_PEER (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  if (taken)
    agree (self);
  else
    fail (self, error);
}

static void
adopt_peer (ParlorNegotiator *self, ParlorPeer *peer)
{
  g_return_if_fail (self->peer == NULL);

  self->peer = g_object_ref (peer);
  g_signal_connect (peer, "candidate", G_CALLBACK (on_peer_candidate), self);
}

ParlorNegotiator *
parlor_negotiator_new (ParlorChannel *channel,
                       const char *to,
                       const char *call,
                       guint generation,
                       gboolean seed,
                       ParlorHandshake *handshake,
                       ParlorNegotiatorFunc func,
                       gpointer user_data)
{
  ParlorNegotiator *self = g_new0 (ParlorNegotiator, 1);

  self->channel = g_object_ref (channel);
  self->to = g_strdup (to);
  self->call = g_strdup (call);
  self->generation = generation;
  self->seed = seed;
  self->handshake = handshake;
  self->func = func;
  self->user_data = user_data;
  self->cancellable = g_cancellable_new ();
  self->ours = new_candidates ();
  self->theirs = new_candidates ();
  return self;
}

void
parlor_negotiator_free (ParlorNegotiator *self)
{
  g_cancellable_cancel (self->cancellable);
  if (self->peer)
    g_signal_handlers_disconnect_by_data (self->peer, self);
  g_clear_handle_id (&self->held_source, g_source_remove);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->peer);
  g_clear_object (&self->channel);
  g_clear_pointer (&self->ours, g_ptr_array_unref);
  g_clear_pointer (&self->theirs, g_ptr_array_unref);
  g_free (self->held_answer);
  g_free (self->local_offer);
  g_free (self->to);
  g_free (self->call);
  g_free (self);
}

void
parlor_negotiator_offer (ParlorNegotiator *self, ParlorPeer *peer)
{
  adopt_peer (self, peer);
  parlor_peer_create_offer_async (peer, self->cancellable, on_offer_created, self);
}

void
parlor_negotiator_answer (ParlorNegotiator *self, ParlorPeer *peer, const ParlorMessage *offer)
{
  g_autoptr (GError) error = NULL;

  if (self->handshake && !parlor_handshake_check_offer (self->handshake, offer, &error))
    {
      fail (self, error);
      return;
    }
  adopt_peer (self, peer);
  parlor_peer_create_answer_async (peer, offer->description.sdp, self->cancellable, on_answer_created, self);
}

/* What they wait for, as soon as their answer was checked: it travels while the peer takes the answer. */
static gboolean
send_reveal (ParlorNegotiator *self, GError **error)
{
  g_autoptr (ParlorMessage) reveal = self->handshake ? parlor_handshake_new_reveal (self->handshake) : NULL;

  if (!reveal)
    return TRUE;

  reveal->to = g_strdup (self->to);
  reveal->call = g_strdup (self->call);
  reveal->generation = self->generation;
  return parlor_channel_send (self->channel, reveal, error);
}

gboolean
parlor_negotiator_take_answer (ParlorNegotiator *self, const ParlorMessage *answer)
{
  g_autoptr (GError) error = NULL;

  if (!self->answer_expected)
    return FALSE;

  self->answer_expected = FALSE;
  if ((!self->handshake || parlor_handshake_check_answer (self->handshake, answer, &error)) && send_reveal (self, &error))
    parlor_peer_set_answer_async (self->peer, answer->description.sdp, self->cancellable, on_answer_taken, self);
  else
    fail (self, error);
  return TRUE;
}

gboolean
parlor_negotiator_take_reveal (ParlorNegotiator *self, const ParlorMessage *reveal)
{
  g_autoptr (GError) error = NULL;

  if (!self->handshake || !parlor_handshake_awaits_reveal (self->handshake))
    return FALSE;

  if (parlor_handshake_check_reveal (self->handshake, reveal, &error))
    self->func (PARLOR_NEGOTIATOR_AGREED, NULL, self->user_data);
  else
    fail (self, error);
  return TRUE;
}

void
parlor_negotiator_take_candidate (ParlorNegotiator *self, const char *candidate, const char *mid, int mline_index)
{
  if (self->n_theirs >= PARLOR_NEGOTIATOR_MAX_CANDIDATES || (!self->agreed && self->theirs->len >= PARLOR_NEGOTIATOR_MAX_WAITING))
    return;

  self->n_theirs++;
  if (self->agreed)
    parlor_peer_add_candidate (self->peer, candidate, mid, mline_index);
  else
    g_ptr_array_add (self->theirs, candidate_new (candidate, mid, mline_index));
}

const char *
parlor_negotiator_get_local_offer (ParlorNegotiator *self)
{
  return self->local_offer;
}

char *
parlor_negotiator_add_candidates_to_sdp (const char *sdp, GPtrArray *candidates)
{
  const char *first = g_str_has_prefix (sdp, "m=") ? sdp : strstr (sdp, "\nm=");
  const char *second = first ? strstr (first + 1, "\nm=") : NULL;
  gsize head = second ? (gsize) (second + 1 - sdp) : strlen (sdp);
  GString *result;

  if (!first)
    return g_strdup (sdp);

  result = g_string_new_len (sdp, head);
  for (guint i = 0; i < candidates->len; i++)
    g_string_append_printf (result, "a=%s\r\n", (const char *) g_ptr_array_index (candidates, i));
  g_string_append (result, sdp + head);
  return g_string_free (result, FALSE);
}

char *
parlor_negotiator_fingerprint_of (const char *sdp)
{
  static const char attribute[] = "a=fingerprint:sha-256 ";
  const char *start = strstr (sdp, attribute);
  gsize length;

  if (!start)
    return NULL;

  start += strlen (attribute);
  length = strcspn (start, "\r\n");
  return g_ascii_strup (start, length);
}
