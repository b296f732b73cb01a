/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-webrtc-peer-private.h"

#include "parlor-message.h"

#include <string.h>

/*
 * The data channel `parlor-ping` of ParlorWebrtcPeer: unordered, never sent again, made by the offerer beside `parlor`.
 *
 * The round trip is a property of the path, so it is measured and answered here, below the domain: the time is taken where a pong
 * comes in, on a thread of webrtcbin, which also answers the other side's pings in place. Sending only queues. The pings themselves leave
 * from main, by a timer. What the channel was opened with does not matter: one that is reliable is only measured worse.
 */

#define LABEL "parlor-ping"
#define LOOK_MS 250       /* how often it is looked whether to ping */
#define SILENCE_US 500000 /* after which each look is a ping: a call without media lives by them, and some are lost */
#define MAX_BUFFERED 1024 /* bytes that wait to leave; while there are more, nothing is added */

static void
send_message (GstWebRTCDataChannel *channel, ParlorMessageType type, guint seq)
{
  g_autoptr (ParlorMessage) message = parlor_message_new (type);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  message->ping.seq = seq;
  text = parlor_message_serialize (message, PARLOR_DIALECT_PARLOR);
  if (!gst_webrtc_data_channel_send_string_full (channel, text, &error))
    g_debug ("No %s: %s", parlor_message_type_to_string (type), error ? error->message : "not sent");
}

static gboolean
is_backed_up (GstWebRTCDataChannel *channel)
{
  guint64 buffered = 0;

  g_object_get (channel, "buffered-amount", &buffered, NULL);
  return buffered > MAX_BUFFERED;
}

static void
on_message_string (GObject *channel, const char *text, gpointer user_data)
{
  ParlorPeerStream *stream = user_data;
  gint64 now = g_get_monotonic_time ();
  g_autoptr (ParlorMessage) message = NULL;
  gboolean may_read;
  double trip = -1;

  g_mutex_lock (&stream->lock);
  may_read = parlor_round_trip_may_read (&stream->round_trip, now);
  g_mutex_unlock (&stream->lock);
  if (!may_read || !text || strlen (text) > PARLOR_ROUND_TRIP_MAX_TEXT || g_atomic_int_get (&stream->gone)
      || g_atomic_int_get (&stream->held))
    return;
  message = parlor_message_parse (text, -1, PARLOR_DIALECT_PARLOR, NULL);
  if (!message)
    return;
  if (message->type == PARLOR_MESSAGE_PONG)
    {
      g_mutex_lock (&stream->lock);
      if (parlor_round_trip_take_pong (&stream->round_trip, message->ping.seq, now))
        trip = parlor_round_trip_get_ms (&stream->round_trip, now);
      g_mutex_unlock (&stream->lock);
      if (trip >= 0)
        parlor_peer_stream_hurry_retries (stream, (gint64) (trip * G_TIME_SPAN_MILLISECOND));
    }
  else if (message->type == PARLOR_MESSAGE_PING && !is_backed_up (GST_WEBRTC_DATA_CHANNEL (channel)))
    send_message (GST_WEBRTC_DATA_CHANNEL (channel), PARLOR_MESSAGE_PONG, message->ping.seq);
}

static void
on_open (GObject *channel, gpointer user_data)
{
  ParlorLetter *letter = parlor_letter_new (PARLOR_LETTER_PING_OPEN, 0);

  letter->object = g_object_ref (channel);
  parlor_peer_stream_post (user_data, letter);
}

static void
on_close (GObject *channel, gpointer user_data)
{
  parlor_peer_stream_post (user_data, parlor_letter_new (PARLOR_LETTER_PING_CLOSED, 0));
}

/* Any thread. The first channel of that name counts, whoever opened it. */
static gboolean
watch_channel (ParlorPeerStream *stream, GObject *channel)
{
  if (!g_atomic_int_compare_and_exchange (&stream->has_ping, FALSE, TRUE))
    return FALSE;
  parlor_peer_stream_connect (stream, channel, "on-open", G_CALLBACK (on_open));
  parlor_peer_stream_connect (stream, channel, "on-close", G_CALLBACK (on_close));
  parlor_peer_stream_connect (stream, channel, "on-message-string", G_CALLBACK (on_message_string));
  return TRUE;
}

/* On webrtcbin's thread: the other side opened @channel. It may be OPEN already, and then fire on-open as well. */
void
parlor_peer_stream_accept_ping_in_stream (ParlorPeerStream *stream, GObject *channel, const char *label, gboolean is_open)
{
  if (g_strcmp0 (label, LABEL) == 0 && watch_channel (stream, channel) && is_open)
    on_open (channel, stream);
}

/* Main, before the offer. Without it the call goes on: the round trip then is RTCP's, or not known. */
void
parlor_webrtc_peer_create_ping (ParlorWebrtcPeer *self)
{
  g_autoptr (GstStructure) options = gst_structure_new ("options", "ordered", G_TYPE_BOOLEAN, FALSE, "max-retransmits", G_TYPE_INT, 0, NULL);
  g_autoptr (GObject) channel = NULL;

  g_signal_emit_by_name (self->webrtc, "create-data-channel", LABEL, options, &channel);
  if (channel)
    watch_channel (self->stream, channel);
}

static gboolean
ping (gpointer user_data)
{
  ParlorWebrtcPeer *self = user_data;
  gint64 now = g_get_monotonic_time ();
  gboolean is_silent = now - parlor_peer_get_last_activity (PARLOR_PEER (self)) > SILENCE_US;
  guint seq;

  /* A little early rather than a whole look late. */
  if ((!is_silent && now - self->pinged < (PARLOR_ROUND_TRIP_INTERVAL_MS - LOOK_MS / 2) * G_TIME_SPAN_MILLISECOND)
      || is_backed_up (self->ping_channel))
    return G_SOURCE_CONTINUE;
  self->pinged = now;
  g_mutex_lock (&self->stream->lock);
  seq = parlor_round_trip_ask (&self->stream->round_trip, now);
  g_mutex_unlock (&self->stream->lock);
  send_message (self->ping_channel, PARLOR_MESSAGE_PING, seq);
  return G_SOURCE_CONTINUE;
}

/* Main: @channel is open; the first ping leaves at once. */
void
parlor_webrtc_peer_start_pings (ParlorWebrtcPeer *self, GObject *channel)
{
  if (self->ping_channel)
    return;
  self->ping_channel = g_object_ref (GST_WEBRTC_DATA_CHANNEL (channel));
  self->ping_timeout = g_timeout_add (LOOK_MS, ping, self);
  ping (self);
}

/* Main: the channel or the peer is closed. */
void
parlor_webrtc_peer_stop_pings (ParlorWebrtcPeer *self)
{
  g_clear_handle_id (&self->ping_timeout, g_source_remove);
  g_clear_object (&self->ping_channel);
}
