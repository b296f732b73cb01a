/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-webrtc-peer-private.h"

#include "parlor-error.h"

#include <string.h>

/*
 * The data channel `parlor` of ParlorWebrtcPeer: ordered, reliable, made by the offerer before the offer.
 *
 * The callbacks run on SCTP's threads, after the gates: what they say comes from the certificate that was promised. They hand on text
 * as letters, of which only so many may wait. Any other channel the other side opens is left alone, but for `parlor-ping`
 * (parlor-webrtc-peer-ping.c).
 */

#define LABEL "parlor"
#define MAX_WAITING 256 /* letters with text, unread */
#define MAX_BUFFERED (1024 * 1024)

static void
post_channel (ParlorPeerStream *stream, ParlorLetterType type, GObject *channel)
{
  ParlorLetter *letter = parlor_letter_new (type, 0);

  letter->object = g_object_ref (channel);
  parlor_peer_stream_post (stream, letter);
}

static void
on_open (GObject *channel, gpointer user_data)
{
  post_channel (user_data, PARLOR_LETTER_DATA_OPEN, channel);
}

static void
on_close (GObject *channel, gpointer user_data)
{
  parlor_peer_stream_post (user_data, parlor_letter_new (PARLOR_LETTER_DATA_CLOSED, 0));
}

static void
on_message_string (GObject *channel, const char *text, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;
  ParlorLetter *letter;

  if (!text || strlen (text) > PARLOR_PEER_MAX_TEXT || !g_utf8_validate (text, -1, NULL))
    return;
  if (g_atomic_int_add (&stream->n_texts, 1) >= MAX_WAITING)
    {
      parlor_peer_stream_post_error (stream, PARLOR_ERROR_TOO_LARGE, "More messages came than can be read");
      return;
    }
  letter = parlor_letter_new (PARLOR_LETTER_TEXT, 0);
  letter->text = g_strdup (text);
  parlor_peer_stream_post (stream, letter);
}

static void
watch_channel (ParlorPeerStream *stream, GObject *channel)
{
  parlor_peer_stream_connect (stream, channel, "on-open", G_CALLBACK (on_open));
  parlor_peer_stream_connect (stream, channel, "on-close", G_CALLBACK (on_close));
  parlor_peer_stream_connect (stream, channel, "on-message-string", G_CALLBACK (on_message_string));
}

/* It may come OPEN already, and then fire on-open as well. */
static void
on_data_channel (GstElement *webrtc, GObject *channel, gpointer user_data)
{
  GstWebRTCDataChannelState state;
  g_autofree char *label = NULL;

  g_object_get (channel, "label", &label, "ready-state", &state, NULL);
  parlor_peer_stream_accept_ping_in_stream (user_data, channel, label, state == GST_WEBRTC_DATA_CHANNEL_STATE_OPEN);
  if (g_strcmp0 (label, LABEL) != 0)
    return;
  watch_channel (user_data, channel);
  if (state == GST_WEBRTC_DATA_CHANNEL_STATE_OPEN)
    post_channel (user_data, PARLOR_LETTER_DATA_OPEN, channel);
}

void
parlor_peer_stream_accept_channel (ParlorPeerStream *stream, GstElement *webrtc)
{
  parlor_peer_stream_connect (stream, webrtc, "on-data-channel", G_CALLBACK (on_data_channel));
}

gboolean
parlor_webrtc_peer_create_channel (ParlorWebrtcPeer *self, GError **error)
{
  g_autoptr (GObject) channel = NULL;

  g_signal_emit_by_name (self->webrtc, "create-data-channel", LABEL, NULL, &channel);
  if (!channel)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_MEDIA, "webrtcbin lacks the elements of SCTP");
      return FALSE;
    }
  watch_channel (self->stream, channel);
  parlor_webrtc_peer_create_ping (self);
  return TRUE;
}

gboolean
parlor_webrtc_peer_send_text (ParlorPeer *peer, const char *text, GError **error)
{
  ParlorWebrtcPeer *self = PARLOR_WEBRTC_PEER (peer);
  guint64 buffered = 0;

  if (!self->channel || !self->data_open)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_STATE, "The data channel is not open");
      return FALSE;
    }
  g_object_get (self->channel, "buffered-amount", &buffered, NULL);
  if (strlen (text) > PARLOR_PEER_MAX_TEXT || buffered > MAX_BUFFERED)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_TOO_LARGE, "More than the data channel takes");
      return FALSE;
    }
  return gst_webrtc_data_channel_send_string_full (self->channel, text, error);
}
