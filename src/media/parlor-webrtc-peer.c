/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-webrtc-peer-private.h"

#include "parlor-certificate.h"
#include "parlor-error.h"

#include <string.h>

/*
 * ParlorWebrtcPeer: one generation of a peer connection, a GstPipeline of its own around webrtcbin, fed from the studio.
 *
 * Main thread only. What happens elsewhere comes as letters from its ParlorPeerStream, the only thing that other threads
 * hold; parlor-webrtc-peer-gate.c keeps everything shut until the certificate is the one that was promised, -negotiate.c makes the one
 * offer or answer, -send.c and -receive.c carry media, -data.c the data channel, -ping.c
 * measures the round trip, parlor-stats-collect.c counts.
 * A peer ends once: in FAILED or in CLOSED. The pipeline then dies in a thread of its own, which takes up to 55 ms.
 */

enum
{
  PROP_0,
  PROP_STATE,
  PROP_DATA_OPEN,
  PROP_VIEW,
};

static void peer_iface_init (ParlorPeerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ParlorWebrtcPeer,
                               parlor_webrtc_peer,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (PARLOR_TYPE_PEER, peer_iface_init))

/* No media is sent or shown after this returns; what was said on the data channel before still leaves. */
static void
let_go (ParlorWebrtcPeer *self)
{
  parlor_peer_stream_close (self->stream);
  parlor_mailbox_close (self->mailbox);
  if (self->bus)
    gst_bus_remove_watch (self->bus);
  gst_clear_object (&self->bus);
  g_clear_handle_id (&self->gather_timeout, g_source_remove);
  g_clear_handle_id (&self->head_start, g_source_remove);
  g_clear_handle_id (&self->flight_timeout, g_source_remove);
  parlor_webrtc_peer_stop_pings (self);
  parlor_webrtc_peer_stop_rate (self);
  g_cancellable_cancel (self->lookups);
  if (self->feed)
    parlor_studio_remove_feed (self->studio, g_steal_pointer (&self->feed));
  if (self->stream->voice)
    parlor_studio_remove_voice (self->studio, self->stream->voice);
  if (self->pipeline)
    parlor_webrtc_peer_bury (g_steal_pointer (&self->pipeline), g_steal_pointer (&self->webrtc), g_steal_pointer (&self->channel),
                             self->stream);
}

static void
set_data_open (ParlorWebrtcPeer *self, gboolean open)
{
  if (self->data_open == open)
    return;
  self->data_open = open;
  g_object_notify (G_OBJECT (self), "data-open");
}

void
parlor_webrtc_peer_set_state (ParlorWebrtcPeer *self, ParlorPeerState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify (G_OBJECT (self), "state");
}

static gboolean
is_over (ParlorWebrtcPeer *self)
{
  return self->state == PARLOR_PEER_FAILED || self->state == PARLOR_PEER_CLOSED;
}

static void
end (ParlorWebrtcPeer *self, ParlorPeerState state, GError *error)
{
  g_autoptr (ParlorWebrtcPeer) alive = g_object_ref (self);

  let_go (self);
  set_data_open (self, FALSE);
  parlor_webrtc_peer_set_state (self, state);
  parlor_webrtc_peer_end_negotiation (self, error);
  parlor_webrtc_peer_finish_stats (self, NULL);
}

/* (transfer full): the peer is over, for that reason. The first one stands. */
void
parlor_webrtc_peer_fail (ParlorWebrtcPeer *self, GError *error)
{
  if (is_over (self))
    {
      g_error_free (error);
      return;
    }
  g_debug ("Peer failed: %s", error->message);
  self->error = error;
  end (self, PARLOR_PEER_FAILED, self->error);
}

static void
parlor_webrtc_peer_close (ParlorPeer *peer)
{
  ParlorWebrtcPeer *self = PARLOR_WEBRTC_PEER (peer);
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "The peer was closed");

  if (!is_over (self))
    end (self, PARLOR_PEER_CLOSED, error);
}

/* Connected, and the certificate is the one that was promised: media may flow. */
static void
open_up (ParlorWebrtcPeer *self)
{
  if (self->state != PARLOR_PEER_CONNECTING)
    return;
  if (!parlor_peer_stream_is_verified (self->stream))
    {
      parlor_webrtc_peer_fail (self, g_error_new (PARLOR_ERROR, PARLOR_ERROR_FINGERPRINT,
                                                  "mismatch: no certificate that was promised"));
      return;
    }
  g_atomic_int_set (&self->stream->open, TRUE);
  parlor_studio_force_keyframe (self->studio); /* the last one went nowhere */
  parlor_webrtc_peer_set_state (self, PARLOR_PEER_CONNECTED);
}

static void
read_connection (ParlorWebrtcPeer *self, GstWebRTCPeerConnectionState state)
{
  if (state == GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED)
    open_up (self);
  else if (state == GST_WEBRTC_PEER_CONNECTION_STATE_FAILED)
    parlor_webrtc_peer_fail (self, g_error_new (PARLOR_ERROR, PARLOR_ERROR_UNREACHABLE, "No path was found"));
}

static void
emit_text (ParlorWebrtcPeer *self, const char *text)
{
  g_atomic_int_add (&self->stream->n_texts, -1);
  open_up (self);
  if (!is_over (self))
    g_signal_emit_by_name (self, "text", text);
}

static void
lose_channel (ParlorWebrtcPeer *self)
{
  g_clear_object (&self->channel);
  set_data_open (self, FALSE);
}

static void
take_channel (ParlorWebrtcPeer *self, GObject *channel)
{
  open_up (self);
  if (is_over (self))
    return;
  g_set_object (&self->channel, GST_WEBRTC_DATA_CHANNEL (channel));
  set_data_open (self, TRUE);
}

/* What a peer that is held does not tell: that it is connected, and all of the data channels. Failures and candidates it tells. */
static gboolean
is_kept_back (ParlorWebrtcPeer *self, const ParlorLetter *letter)
{
  if (!self->held)
    return FALSE;
  return (letter->type == PARLOR_LETTER_CONNECTION && letter->number == GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED)
         || letter->type == PARLOR_LETTER_DATA_OPEN || letter->type == PARLOR_LETTER_DATA_CLOSED
         || letter->type == PARLOR_LETTER_TEXT || letter->type == PARLOR_LETTER_PING_OPEN
         || letter->type == PARLOR_LETTER_PING_CLOSED;
}

static void
read_letter (gpointer data, gpointer user_data)
{
  ParlorWebrtcPeer *self = user_data;
  ParlorLetter *letter = data;
  g_autoptr (ParlorWebrtcPeer) alive = g_object_ref (self);

  if (is_kept_back (self, letter))
    {
      g_ptr_array_add (self->kept_back, letter);
      return;
    }

  switch (letter->type)
    {
    case PARLOR_LETTER_DESCRIPTION:
    case PARLOR_LETTER_TAKEN:
    case PARLOR_LETTER_GATHERED:
      parlor_webrtc_peer_negotiate (self, letter);
      break;
    case PARLOR_LETTER_CANDIDATE:
      parlor_webrtc_peer_emit_candidate (self, letter->text, (int) letter->number);
      break;
    case PARLOR_LETTER_CONNECTION:
      read_connection (self, letter->number);
      break;
    case PARLOR_LETTER_HUNG_UP:
      parlor_webrtc_peer_fail (self, g_error_new (PARLOR_ERROR, PARLOR_ERROR_CLOSED, "The other side closed the connection"));
      break;
    case PARLOR_LETTER_DATA_OPEN:
      take_channel (self, letter->object);
      break;
    case PARLOR_LETTER_DATA_CLOSED:
      lose_channel (self);
      break;
    case PARLOR_LETTER_TEXT:
      emit_text (self, letter->text);
      break;
    case PARLOR_LETTER_PING_OPEN:
      parlor_webrtc_peer_start_pings (self, letter->object);
      break;
    case PARLOR_LETTER_PING_CLOSED:
      parlor_webrtc_peer_stop_pings (self);
      break;
    case PARLOR_LETTER_FIRST_FRAME:
      g_signal_emit_by_name (self, "first-frame", letter->number);
      break;
    case PARLOR_LETTER_FAILED:
      parlor_webrtc_peer_fail (self, g_steal_pointer (&letter->error));
      break;
    case PARLOR_LETTER_STATS:
      parlor_webrtc_peer_finish_stats (self, letter->structure);
      break;
    }
  parlor_letter_free (letter);
}

/*
 * The data channels broke, which is not the end of the peer: a browser that closes aborts them first (RFC 9260, 3.3.7), and DTLS a
 * moment later, which is told as PARLOR_LETTER_HUNG_UP.
 */
static gboolean
is_of_data_channels (GstMessage *message)
{
  GstElementFactory *factory = GST_IS_ELEMENT (message->src) ? gst_element_get_factory (GST_ELEMENT (message->src)) : NULL;

  return factory && g_str_equal (GST_OBJECT_NAME (factory), "sctpenc");
}

static gboolean
on_bus_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  ParlorWebrtcPeer *self = user_data;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR && is_of_data_channels (message))
    {
      parlor_webrtc_peer_stop_pings (self);
      lose_channel (self);
    }
  else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *details = NULL;

      /* One fault posts two or three: parlor_webrtc_peer_fail() takes the watch away with the first. */
      gst_message_parse_error (message, &error, &details);
      parlor_webrtc_peer_fail (self, g_error_new (PARLOR_ERROR, PARLOR_ERROR_MEDIA, "%s: %s",
                                                  GST_MESSAGE_SRC_NAME (message), error->message));
      return G_SOURCE_REMOVE;
    }
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_LATENCY)
    gst_bin_recalculate_latency (GST_BIN (self->pipeline));
  return G_SOURCE_CONTINUE;
}

static void
on_ice_candidate (GstElement *webrtc, guint line, const char *candidate, gpointer user_data)
{
  ParlorLetter *letter = parlor_letter_new (PARLOR_LETTER_CANDIDATE, line);

  letter->text = g_strdup (candidate);
  parlor_peer_stream_post (user_data, letter);
}

static void
on_connection_state_notify (GstElement *webrtc, GParamSpec *pspec, gpointer user_data)
{
  GstWebRTCPeerConnectionState state;

  g_object_get (webrtc, "connection-state", &state, NULL);
  parlor_peer_stream_post (user_data, parlor_letter_new (PARLOR_LETTER_CONNECTION, state));
}

static void
on_gathering_state_notify (GstElement *webrtc, GParamSpec *pspec, gpointer user_data)
{
  GstWebRTCICEGatheringState state;

  g_object_get (webrtc, "ice-gathering-state", &state, NULL);
  if (state == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE)
    parlor_peer_stream_post (user_data, parlor_letter_new (PARLOR_LETTER_GATHERED, 0));
}

/* The studio's certificate: one for all its calls, made on first use (a millisecond). */
static char *
get_certificate (ParlorStudio *studio, GError **error)
{
  const char *pem = g_object_get_data (G_OBJECT (studio), "parlor-certificate");

  if (!pem)
    {
      char *made = parlor_certificate_new_pem (error);

      if (!made)
        return NULL;
      g_object_set_data_full (G_OBJECT (studio), "parlor-certificate", made, g_free);
      pem = made;
    }
  return g_strdup (pem);
}

/* Makes the pipeline, in READY: what is sent and negotiated comes next, then PLAYING. */
gboolean
parlor_webrtc_peer_build (ParlorWebrtcPeer *self, GError **error)
{
  ParlorPeerStream *stream = self->stream;

  self->webrtc = gst_element_factory_make ("webrtcbin", NULL);
  if (!self->webrtc)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_MEDIA, "GStreamer has no webrtcbin");
      return FALSE;
    }
  gst_object_ref_sink (self->webrtc);
  self->pipeline = gst_pipeline_new (NULL);
  gst_object_ref_sink (self->pipeline);
  g_object_set (self->webrtc, "bundle-policy", GST_WEBRTC_BUNDLE_POLICY_MAX_BUNDLE, "latency", PARLOR_PEER_JITTER_LATENCY,
                NULL);
  parlor_webrtc_peer_set_up_ice (self);
  parlor_peer_stream_guard (stream, self->webrtc);
  parlor_peer_stream_keep_flights (stream, self->webrtc);
  parlor_peer_stream_brief_session (stream, self->webrtc);
  parlor_peer_stream_control_rate (stream, self->webrtc);
  parlor_peer_stream_receive (stream, self->webrtc);
  parlor_peer_stream_accept_channel (stream, self->webrtc);
  parlor_peer_stream_connect (stream, self->webrtc, "on-ice-candidate", G_CALLBACK (on_ice_candidate));
  parlor_peer_stream_connect (stream, self->webrtc, "notify::connection-state", G_CALLBACK (on_connection_state_notify));
  parlor_peer_stream_connect (stream, self->webrtc, "notify::ice-gathering-state", G_CALLBACK (on_gathering_state_notify));
  gst_bin_add (GST_BIN (self->pipeline), self->webrtc);

  parlor_studio_adopt_pipeline (self->studio, GST_PIPELINE (self->pipeline), PARLOR_PEER_JITTER_LATENCY);
  stream->latency = gst_pipeline_get_latency (GST_PIPELINE (self->pipeline));
  self->bus = gst_element_get_bus (self->pipeline);
  gst_bus_add_watch (self->bus, on_bus_message, self);
  if (gst_element_set_state (self->pipeline, GST_STATE_READY) == GST_STATE_CHANGE_FAILURE)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_MEDIA, "webrtcbin lacks an element of libnice, DTLS or SRTP");
      return FALSE;
    }
  stream->voice = parlor_studio_add_voice (self->studio, PARLOR_PEER_JITTER_LATENCY);
  return TRUE;
}

static void
parlor_webrtc_peer_release (ParlorPeer *peer)
{
  ParlorWebrtcPeer *self = PARLOR_WEBRTC_PEER (peer);
  g_autoptr (ParlorWebrtcPeer) alive = g_object_ref (self);
  g_autoptr (GPtrArray) letters = NULL;

  if (!self->held || is_over (self))
    return;
  self->held = FALSE;
  g_atomic_int_set (&self->stream->held, FALSE);
  letters = g_steal_pointer (&self->kept_back);
  self->kept_back = g_ptr_array_new_with_free_func (parlor_letter_free);
  while (letters->len > 0 && !is_over (self))
    read_letter (g_ptr_array_steal_index (letters, 0), self);
}

static void
parlor_webrtc_peer_set_quiet (ParlorPeer *peer, gboolean quiet)
{
  g_atomic_int_set (&PARLOR_WEBRTC_PEER (peer)->stream->quiet, quiet);
}

static char *
parlor_webrtc_peer_dup_fingerprint (ParlorPeer *peer)
{
  ParlorWebrtcPeer *self = PARLOR_WEBRTC_PEER (peer);

  return self->remote ? g_base64_encode (self->remote->fingerprint, sizeof self->remote->fingerprint) : NULL;
}

static gint64
parlor_webrtc_peer_get_last_activity (ParlorPeer *peer)
{
  return __atomic_load_n (&PARLOR_WEBRTC_PEER (peer)->stream->last_activity, __ATOMIC_RELAXED);
}

static const GError *
parlor_webrtc_peer_get_error (ParlorPeer *peer)
{
  return PARLOR_WEBRTC_PEER (peer)->error;
}

static void
peer_iface_init (ParlorPeerInterface *iface)
{
  iface->create_offer_async = parlor_webrtc_peer_create_offer_async;
  iface->create_offer_finish = parlor_webrtc_peer_create_description_finish;
  iface->create_answer_async = parlor_webrtc_peer_create_answer_async;
  iface->create_answer_finish = parlor_webrtc_peer_create_description_finish;
  iface->set_answer_async = parlor_webrtc_peer_set_answer_async;
  iface->set_answer_finish = parlor_webrtc_peer_set_answer_finish;
  iface->add_candidate = parlor_webrtc_peer_add_candidate;
  iface->send_text = parlor_webrtc_peer_send_text;
  iface->release = parlor_webrtc_peer_release;
  iface->set_quiet = parlor_webrtc_peer_set_quiet;
  iface->dup_fingerprint = parlor_webrtc_peer_dup_fingerprint;
  iface->get_last_activity = parlor_webrtc_peer_get_last_activity;
  iface->collect_stats_async = parlor_webrtc_peer_collect_stats_async;
  iface->collect_stats_finish = parlor_webrtc_peer_collect_stats_finish;
  iface->get_error = parlor_webrtc_peer_get_error;
  iface->close = parlor_webrtc_peer_close;
}

static void
parlor_webrtc_peer_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorWebrtcPeer *self = PARLOR_WEBRTC_PEER (object);

  switch (id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_DATA_OPEN:
      g_value_set_boolean (value, self->data_open);
      break;
    case PROP_VIEW:
      g_value_set_object (value, self->view);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_webrtc_peer_dispose (GObject *object)
{
  parlor_webrtc_peer_close (PARLOR_PEER (object));
  G_OBJECT_CLASS (parlor_webrtc_peer_parent_class)->dispose (object);
}

static void
parlor_webrtc_peer_finalize (GObject *object)
{
  ParlorWebrtcPeer *self = PARLOR_WEBRTC_PEER (object);

  parlor_mailbox_unref (self->mailbox);
  parlor_peer_stream_unref (self->stream);
  g_clear_object (&self->view);
  g_clear_error (&self->error);
  g_clear_pointer (&self->local, parlor_sdp_free);
  g_clear_pointer (&self->remote, parlor_sdp_free);
  g_ptr_array_unref (self->turns);
  g_ptr_array_unref (self->local_candidates);
  g_ptr_array_unref (self->other_ways);
  g_ptr_array_unref (self->remote_candidates);
  g_ptr_array_unref (self->stats_tasks);
  g_ptr_array_unref (self->kept_back);
  g_free (self->fingerprint);
  g_free (self->stun);
  g_object_unref (self->lookups);
  g_object_unref (self->studio);
  G_OBJECT_CLASS (parlor_webrtc_peer_parent_class)->finalize (object);
}

static void
parlor_webrtc_peer_class_init (ParlorWebrtcPeerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = parlor_webrtc_peer_get_property;
  object_class->dispose = parlor_webrtc_peer_dispose;
  object_class->finalize = parlor_webrtc_peer_finalize;
  g_object_class_override_property (object_class, PROP_STATE, "state");
  g_object_class_override_property (object_class, PROP_DATA_OPEN, "data-open");
  g_object_class_override_property (object_class, PROP_VIEW, "view");
}

static void
parlor_webrtc_peer_init (ParlorWebrtcPeer *self)
{
  self->mailbox = parlor_mailbox_new (NULL, read_letter, self, parlor_letter_free);
  self->turns = g_ptr_array_new_with_free_func (g_free);
  self->local_candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) parlor_candidate_free);
  self->remote_candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) parlor_candidate_free);
  self->other_ways = g_ptr_array_new ();
  self->stats_tasks = g_ptr_array_new_with_free_func (g_object_unref);
  self->kept_back = g_ptr_array_new_with_free_func (parlor_letter_free);
  self->lookups = g_cancellable_new ();
}

/**
 * parlor_webrtc_peer_new:
 * @studio: what feeds it; must be started
 * @options: copied
 * @error: PARLOR_ERROR_MEDIA when GStreamer lacks an element
 *
 * One generation of a peer connection: a GstPipeline of its own around webrtcbin, fed from @studio. See #ParlorPeer.
 *
 * Returns: (transfer full) (nullable): a peer in %PARLOR_PEER_NEW
 */
ParlorWebrtcPeer *
parlor_webrtc_peer_new (ParlorStudio *studio, const ParlorPeerOptions *options, GError **error)
{
  g_autoptr (ParlorWebrtcPeer) self = g_object_new (PARLOR_TYPE_WEBRTC_PEER, NULL);

  self->studio = g_object_ref (studio);
  self->stream = parlor_peer_stream_new (studio, self->mailbox);
  self->dialect = options->dialect;
  self->held = options->held;
  self->stream->held = options->held;
  self->stream->quiet = options->quiet;
  self->fingerprint = g_strdup (options->fingerprint);
  for (guint i = 0; options->ice_servers && i < options->ice_servers->len; i++)
    parlor_webrtc_peer_take_ice_server (self, g_ptr_array_index (options->ice_servers, i));
  self->stream->pem = get_certificate (studio, error);
  if (!self->stream->pem || !parlor_sdp_fingerprint_of_pem (self->stream->pem, self->own_fingerprint))
    return NULL;
  self->stream->video_sink = parlor_studio_create_remote_sink (studio, &self->view, error);
  if (!self->stream->video_sink)
    return NULL;
  gst_object_ref_sink (self->stream->video_sink);
  return g_steal_pointer (&self);
}
