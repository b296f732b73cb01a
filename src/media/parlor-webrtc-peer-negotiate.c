/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-webrtc-peer-private.h"

#include "parlor-error.h"

/*
 * The negotiating part of ParlorWebrtcPeer: one offer and one answer in a peer's life, and candidates.
 *
 * Main thread only. webrtcbin cannot renegotiate, so m-lines are fixed here: sound, picture, data channel. An offer is read first, and
 * payloaders take its payload types, before webrtcbin is given it: it rejects m-lines whose types differ. Each operation is a GTask that
 * advances with the letters of webrtcbin's promises and returns once, also when the peer is closed meanwhile.
 */

#define OFFER_AUDIO_PAYLOAD 111
#define OFFER_VIDEO_PAYLOAD 96
#define OFFER_TRANSPORT_CC 3
#define GATHER_MS 500 /* how long an answer to a seed page waits for candidates */

typedef enum
{
  OPERATION_OFFER,
  OPERATION_ANSWER,
  OPERATION_SET_ANSWER,
} Operation;

typedef enum
{
  STEP_REMOTE, /* set-remote-description runs */
  STEP_CREATE, /* create-offer or create-answer */
  STEP_LOCAL,  /* set-local-description */
  STEP_GATHER, /* candidates are waited for */
} Step;

typedef struct
{
  Operation operation;
  Step step;
  char *text; /* of our description */
} Progress;

static void
progress_free (gpointer data)
{
  Progress *progress = data;

  g_free (progress->text);
  g_free (progress);
}

static void
take_candidates (ParlorWebrtcPeer *self)
{
  for (guint i = 0; i < self->remote->candidates->len; i++)
    parlor_webrtc_peer_add_candidate (PARLOR_PEER (self), g_ptr_array_index (self->remote->candidates, i), NULL,
                                      self->remote->leader);
}

/* (transfer none): ends the operation that is under way, if there is one. */
void
parlor_webrtc_peer_end_negotiation (ParlorWebrtcPeer *self, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  g_clear_handle_id (&self->gather_timeout, g_source_remove);
  if (task)
    g_task_return_error (task, g_error_copy (error));
}

static void
succeed (ParlorWebrtcPeer *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);
  Progress *progress = g_task_get_task_data (task);

  g_clear_handle_id (&self->gather_timeout, g_source_remove);
  if (progress->operation != OPERATION_OFFER)
    {
      parlor_webrtc_peer_start_rate (self);
      parlor_webrtc_peer_set_state (self, PARLOR_PEER_CONNECTING);
      parlor_webrtc_peer_start_ways (self);
      parlor_webrtc_peer_watch_flights (self);
      take_candidates (self);
    }
  if (progress->operation == OPERATION_SET_ANSWER)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_pointer (task, g_steal_pointer (&progress->text), g_free);
}

static void
on_description (GstPromise *promise, gpointer user_data)
{
  ParlorLetter *letter = parlor_letter_new (PARLOR_LETTER_DESCRIPTION, 0);
  const GstStructure *reply = gst_promise_wait (promise) == GST_PROMISE_RESULT_REPLIED ? gst_promise_get_reply (promise)
                                                                                       : NULL;

  if (reply && !gst_structure_get (reply, "offer", GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &letter->description, NULL))
    gst_structure_get (reply, "answer", GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &letter->description, NULL);
  if (reply && gst_structure_has_field (reply, "error"))
    gst_structure_get (reply, "error", G_TYPE_ERROR, &letter->error, NULL);
  parlor_peer_stream_post (user_data, letter);
  gst_promise_unref (promise);
}

static void
on_taken (GstPromise *promise, gpointer user_data)
{
  ParlorLetter *letter = parlor_letter_new (PARLOR_LETTER_TAKEN, 0);
  const GstStructure *reply = gst_promise_wait (promise) == GST_PROMISE_RESULT_REPLIED ? gst_promise_get_reply (promise)
                                                                                       : NULL;

  if (reply && gst_structure_has_field (reply, "error"))
    gst_structure_get (reply, "error", G_TYPE_ERROR, &letter->error, NULL);
  parlor_peer_stream_post (user_data, letter);
  gst_promise_unref (promise);
}

static GstPromise *
promise_new (ParlorWebrtcPeer *self, GstPromiseChangeFunc func)
{
  return gst_promise_new_with_change_func (func, parlor_peer_stream_ref (self->stream), parlor_peer_stream_unref);
}

static void
create_description (ParlorWebrtcPeer *self, Progress *progress)
{
  progress->step = STEP_CREATE;
  g_signal_emit_by_name (self->webrtc, progress->operation == OPERATION_OFFER ? "create-offer" : "create-answer", NULL,
                         promise_new (self, on_description));
}

static void
set_local (ParlorWebrtcPeer *self, Progress *progress, GstWebRTCSessionDescription *description)
{
  progress->step = STEP_LOCAL;
  progress->text = gst_sdp_message_as_text (description->sdp);
  g_signal_emit_by_name (self->webrtc, "set-local-description", description, promise_new (self, on_taken));
}

static gboolean
set_remote (ParlorWebrtcPeer *self, Progress *progress, GError **error)
{
  g_autoptr (GstWebRTCSessionDescription) description = NULL;
  GstSDPMessage *message = NULL;

  if (gst_sdp_message_new_from_text (self->remote->text, &message) != GST_SDP_OK)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_SDP, "GStreamer cannot read it");
      return FALSE;
    }
  description = gst_webrtc_session_description_new (
    self->remote->type == PARLOR_SDP_OFFER ? GST_WEBRTC_SDP_TYPE_OFFER : GST_WEBRTC_SDP_TYPE_ANSWER, message);
  parlor_peer_stream_expect (self->stream, self->remote->fingerprint);
  progress->step = STEP_REMOTE;
  g_signal_emit_by_name (self->webrtc, "set-remote-description", description, promise_new (self, on_taken));
  return TRUE;
}

/* The description as it goes out; an offer is kept, to hold the answer against it. */
static gboolean
finish_text (ParlorWebrtcPeer *self, Progress *progress, GError **error)
{
  g_autofree char *raw = g_steal_pointer (&progress->text);

  if (progress->step == STEP_GATHER)
    {
      g_autoptr (GstWebRTCSessionDescription) description = NULL;

      g_object_get (self->webrtc, "local-description", &description, NULL);
      g_free (raw);
      raw = gst_sdp_message_as_text (description->sdp);
    }
  progress->text = parlor_sdp_finish (raw, self->own_fingerprint, self->remote);
  if (progress->operation == OPERATION_OFFER)
    self->local = parlor_sdp_read (progress->text, PARLOR_SDP_OFFER, NULL, error);
  return progress->operation != OPERATION_OFFER || self->local;
}

static void
finish_description (ParlorWebrtcPeer *self, Progress *progress)
{
  g_autoptr (GError) error = NULL;

  if (finish_text (self, progress, &error))
    succeed (self);
  else
    parlor_webrtc_peer_fail (self, g_steal_pointer (&error));
}

static gboolean
on_gather_timeout (gpointer user_data)
{
  ParlorWebrtcPeer *self = user_data;

  self->gather_timeout = 0;
  finish_description (self, g_task_get_task_data (self->task));
  return G_SOURCE_REMOVE;
}

/* The seed's calling page throws candidates away that are sent to it: they have to be in the answer. */
static void
gather (ParlorWebrtcPeer *self, Progress *progress)
{
  GstWebRTCICEGatheringState state;

  progress->step = STEP_GATHER;
  g_object_get (self->webrtc, "ice-gathering-state", &state, NULL);
  if (state == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE)
    finish_description (self, progress);
  else
    self->gather_timeout = g_timeout_add (GATHER_MS, on_gather_timeout, self);
}

static void
advance (ParlorWebrtcPeer *self, Progress *progress)
{
  if (progress->operation == OPERATION_SET_ANSWER)
    succeed (self);
  else if (progress->step == STEP_REMOTE)
    create_description (self, progress);
  else if (progress->operation == OPERATION_ANSWER && self->dialect == PARLOR_DIALECT_SEED)
    gather (self, progress);
  else
    finish_description (self, progress);
}

/* A letter from webrtcbin: the next step of the operation under way. */
void
parlor_webrtc_peer_negotiate (ParlorWebrtcPeer *self, ParlorLetter *letter)
{
  Progress *progress = self->task ? g_task_get_task_data (self->task) : NULL;

  if (!progress)
    return;
  if (letter->error)
    parlor_webrtc_peer_fail (self, g_error_new (PARLOR_ERROR, PARLOR_ERROR_BAD_SDP, "webrtcbin: %s", letter->error->message));
  else if (letter->type == PARLOR_LETTER_GATHERED)
    {
      if (progress->step == STEP_GATHER)
        finish_description (self, progress);
    }
  else if (letter->type == PARLOR_LETTER_TAKEN)
    advance (self, progress);
  else if (letter->description)
    set_local (self, progress, letter->description);
  else
    parlor_webrtc_peer_fail (self, g_error_new (PARLOR_ERROR, PARLOR_ERROR_MEDIA, "webrtcbin made no description"));
}

/* What an m-line is to say. To an answer webrtcbin adds what the offer has beyond it (feedback, parameters). */
static GstCaps *
make_preferences (const ParlorTrack *track, ParlorTrackKind kind, gboolean offer, int transport_cc)
{
  gboolean video = kind == PARLOR_TRACK_VIDEO;
  GstCaps *caps = gst_caps_new_simple ("application/x-rtp", "media", G_TYPE_STRING, video ? "video" : "audio", "encoding-name",
                                       G_TYPE_STRING, video ? "VP8" : "OPUS", "clock-rate", G_TYPE_INT, video ? 90000 : 48000,
                                       "payload", G_TYPE_INT, track->payload, "ssrc", G_TYPE_UINT, track->ssrc, NULL);

  if (!video)
    gst_caps_set_simple (caps, "encoding-params", G_TYPE_STRING, "2", NULL);
  if (offer && !video)
    gst_caps_set_simple (caps, "minptime", G_TYPE_STRING, "10", "useinbandfec", G_TYPE_STRING, "1", NULL);
  if (offer && video)
    gst_caps_set_simple (caps, "rtcp-fb-nack", G_TYPE_BOOLEAN, TRUE, "rtcp-fb-nack-pli", G_TYPE_BOOLEAN, TRUE,
                         "rtcp-fb-ccm-fir", G_TYPE_BOOLEAN, TRUE, NULL);
  if (offer)
    gst_caps_set_simple (caps, "rtcp-fb-transport-cc", G_TYPE_BOOLEAN, TRUE, NULL);
  if (transport_cc > 0)
    {
      g_autofree char *field = g_strdup_printf ("extmap-%d", transport_cc);

      gst_caps_set_simple (caps, field, G_TYPE_STRING, PARLOR_PEER_TRANSPORT_CC, NULL);
    }
  return caps;
}

/* An SSRC is never 0, and must differ from the other track's. */
static guint32
pick_ssrc (ParlorPeerStream *stream)
{
  guint32 ssrc;

  do
    ssrc = g_random_int ();
  while (ssrc == 0 || ssrc == stream->tracks[PARLOR_TRACK_AUDIO].ssrc || ssrc == stream->tracks[PARLOR_TRACK_VIDEO].ssrc);
  return ssrc;
}

static gboolean
add_track (ParlorWebrtcPeer *self, ParlorTrackKind kind, gboolean offer, gboolean send, int transport_cc, GError **error)
{
  ParlorTrack *track = &self->stream->tracks[kind];
  g_autoptr (GstCaps) preferences = NULL;
  g_autoptr (GstWebRTCRTPTransceiver) transceiver = NULL;

  track->ssrc = pick_ssrc (self->stream);
  preferences = make_preferences (track, kind, offer, transport_cc);
  if (send)
    return parlor_webrtc_peer_add_sender (self, kind, preferences, error);

  g_signal_emit_by_name (self->webrtc, "add-transceiver", GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_RECVONLY, preferences,
                         &transceiver);
  if (transceiver && kind == PARLOR_TRACK_VIDEO)
    g_object_set (transceiver, "do-nack", TRUE, NULL);
  return TRUE;
}

static gboolean
play (ParlorWebrtcPeer *self, GError **error)
{
  if (gst_element_set_state (self->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_MEDIA, "The pipeline of the peer does not start");
      return FALSE;
    }
  self->feed = parlor_studio_add_feed (self->studio, parlor_webrtc_peer_feed_in_stream, self->stream);
  self->stream->feed = self->feed;
  return TRUE;
}

static gboolean
start_offer (ParlorWebrtcPeer *self, GError **error)
{
  ParlorTrack *tracks = self->stream->tracks;

  tracks[PARLOR_TRACK_AUDIO].line = 0;
  tracks[PARLOR_TRACK_AUDIO].payload = OFFER_AUDIO_PAYLOAD;
  tracks[PARLOR_TRACK_VIDEO].line = 1;
  tracks[PARLOR_TRACK_VIDEO].payload = OFFER_VIDEO_PAYLOAD;
  return parlor_webrtc_peer_build (self, error) && add_track (self, PARLOR_TRACK_AUDIO, TRUE, TRUE, OFFER_TRANSPORT_CC, error) && add_track (self, PARLOR_TRACK_VIDEO, TRUE, TRUE, OFFER_TRANSPORT_CC, error) && (self->dialect == PARLOR_DIALECT_SEED || parlor_webrtc_peer_create_channel (self, error)) && play (self, error);
}

static gboolean
start_answer (ParlorWebrtcPeer *self, Progress *progress, GError **error)
{
  const int lines[PARLOR_N_TRACKS] = { self->remote->audio, self->remote->video };

  if (!parlor_webrtc_peer_build (self, error))
    return FALSE;
  for (guint i = 0; i < PARLOR_N_TRACKS; i++)
    {
      const ParlorSdpLine *line = parlor_sdp_get_line (self->remote, lines[i]);
      ParlorTrack *track = &self->stream->tracks[i];

      if (!line)
        continue;
      track->line = lines[i];
      track->payload = line->payload;
      track->retransmission = line->retransmission;
      g_atomic_int_set (&track->sends, line->receives);
      if (!add_track (self, i, FALSE, line->receives, line->transport_cc, error))
        return FALSE;
    }
  return play (self, error) && set_remote (self, progress, error);
}

/* What the answer says of our tracks. */
static void
settle_tracks (ParlorWebrtcPeer *self)
{
  for (guint i = 0; i < PARLOR_N_TRACKS; i++)
    {
      ParlorTrack *track = &self->stream->tracks[i];
      const ParlorSdpLine *theirs = parlor_sdp_get_line (self->remote, track->line);
      const ParlorSdpLine *ours = parlor_sdp_get_line (self->local, track->line);

      track->retransmission = ours->retransmission;
      g_atomic_int_set (&track->sends, theirs->usable && theirs->receives);
    }
}

/* The certificate is the one that this peer is to have, where that is settled: one in the whole of a call. */
static gboolean
is_settled_certificate (ParlorWebrtcPeer *self, GError **error)
{
  g_autofree char *promised = parlor_peer_dup_fingerprint (PARLOR_PEER (self));

  if (!self->fingerprint || g_strcmp0 (self->fingerprint, promised) == 0)
    return TRUE;
  g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_FINGERPRINT, "mismatch: the description promises another certificate than the call began with");
  return FALSE;
}

/* The task of a new operation, or NULL when it was refused (and returned). */
static Progress *
begin (ParlorWebrtcPeer *self, Operation operation, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  gboolean in_order = operation == OPERATION_SET_ANSWER ? self->local && !self->remote : !self->pipeline;
  Progress *progress;

  g_task_set_source_tag (task, begin);
  if (self->state != PARLOR_PEER_NEW || self->task || !in_order)
    {
      g_task_return_new_error (task, PARLOR_ERROR, PARLOR_ERROR_STATE, "A peer makes one offer or one answer");
      return NULL;
    }
  progress = g_new0 (Progress, 1);
  progress->operation = operation;
  g_task_set_task_data (task, progress, progress_free);
  self->task = g_steal_pointer (&task);
  return progress;
}

void
parlor_webrtc_peer_create_offer_async (ParlorPeer *peer, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ParlorWebrtcPeer *self = PARLOR_WEBRTC_PEER (peer);
  Progress *progress = begin (self, OPERATION_OFFER, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;

  if (!progress)
    return;
  if (start_offer (self, &error))
    create_description (self, progress);
  else
    parlor_webrtc_peer_fail (self, g_steal_pointer (&error));
}

void
parlor_webrtc_peer_create_answer_async (ParlorPeer *peer, const char *offer_sdp, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ParlorWebrtcPeer *self = PARLOR_WEBRTC_PEER (peer);
  Progress *progress = begin (self, OPERATION_ANSWER, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;

  if (!progress)
    return;
  self->remote = parlor_sdp_read (offer_sdp, PARLOR_SDP_OFFER, self->own_fingerprint, &error);
  if (!self->remote || !is_settled_certificate (self, &error) || !start_answer (self, progress, &error))
    parlor_webrtc_peer_fail (self, g_steal_pointer (&error));
}

void
parlor_webrtc_peer_set_answer_async (ParlorPeer *peer, const char *answer_sdp, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ParlorWebrtcPeer *self = PARLOR_WEBRTC_PEER (peer);
  Progress *progress = begin (self, OPERATION_SET_ANSWER, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;

  if (!progress)
    return;
  self->remote = parlor_sdp_read (answer_sdp, PARLOR_SDP_ANSWER, self->own_fingerprint, &error);
  if (self->remote && is_settled_certificate (self, &error) && parlor_sdp_matches_offer (self->remote, self->local, &error))
    {
      settle_tracks (self);
      set_remote (self, progress, &error);
    }
  if (error)
    parlor_webrtc_peer_fail (self, g_steal_pointer (&error));
}

char *
parlor_webrtc_peer_create_description_finish (ParlorPeer *peer, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
parlor_webrtc_peer_set_answer_finish (ParlorPeer *peer, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
