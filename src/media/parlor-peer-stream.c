/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-webrtc-peer-private.h"

#include "parlor-error.h"

/*
 * ParlorPeerStream: what webrtcbin's threads and the streaming threads of a peer may touch, and the letters that they send to main.
 *
 * Any thread may hold a reference and drop the last one: the struct owns nothing that must die on main. The studio is not owned but
 * borrowed under a lock that parlor_peer_stream_close() takes for writing.
 */

ParlorPeerStream *
parlor_peer_stream_new (ParlorStudio *studio, ParlorMailbox *mailbox)
{
  ParlorPeerStream *stream = g_new0 (ParlorPeerStream, 1);

  g_atomic_ref_count_init (&stream->refs);
  g_rw_lock_init (&stream->studio_lock);
  g_mutex_init (&stream->lock);
  stream->studio = studio;
  stream->mailbox = parlor_mailbox_ref (mailbox);
  stream->transports = g_ptr_array_new ();
  stream->flight.records = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);
  stream->jitters = g_ptr_array_new_with_free_func (g_free);
  stream->freezes.last = -1;
  stream->media_time = GST_CLOCK_TIME_NONE;
  stream->rate = parlor_peer_rate_new ();
  for (guint i = 0; i < PARLOR_N_TRACKS; i++)
    stream->tracks[i].line = stream->tracks[i].payload = stream->tracks[i].retransmission = -1;
  return stream;
}

ParlorPeerStream *
parlor_peer_stream_ref (ParlorPeerStream *stream)
{
  g_atomic_ref_count_inc (&stream->refs);
  return stream;
}

/*
 * Any thread, when nothing flows any more: the probes of these elements hold references to the stream, so it must not hold the elements for
 * longer than it needs them.
 */
void
parlor_peer_stream_forget_elements (ParlorPeerStream *stream)
{
  for (guint i = 0; i < PARLOR_N_TRACKS; i++)
    gst_clear_object (&stream->tracks[i].source);
  for (guint i = 0; i < stream->jitters->len; i++)
    gst_clear_object (&((ParlorJitter *) g_ptr_array_index (stream->jitters, i))->element);
  gst_clear_object (&stream->video_sink);
  gst_clear_object (&stream->video_end);
  gst_clear_object (&stream->video_sink_end);
  parlor_peer_stream_forget_flight (stream);
}

void
parlor_peer_stream_unref (gpointer data)
{
  ParlorPeerStream *stream = data;

  if (!g_atomic_ref_count_dec (&stream->refs))
    return;
  parlor_peer_stream_forget_elements (stream);
  g_ptr_array_unref (stream->flight.records);
  g_ptr_array_unref (stream->jitters);
  g_ptr_array_unref (stream->transports);
  parlor_peer_rate_free (stream->rate);
  g_clear_pointer (&stream->voice, parlor_voice_unref);
  g_free (stream->pem);
  parlor_mailbox_unref (stream->mailbox);
  g_rw_lock_clear (&stream->studio_lock);
  g_mutex_clear (&stream->lock);
  g_free (stream);
}

/* Main: after it nothing passes the gates, and no streaming thread is or will be inside the studio on our behalf. */
void
parlor_peer_stream_close (ParlorPeerStream *stream)
{
  g_atomic_int_set (&stream->open, FALSE);
  g_atomic_int_set (&stream->gone, TRUE);
  g_rw_lock_writer_lock (&stream->studio_lock);
  stream->studio = NULL;
  g_rw_lock_writer_unlock (&stream->studio_lock);
}

static void
unref_closure (gpointer data, GClosure *closure)
{
  parlor_peer_stream_unref (data);
}

gulong
parlor_peer_stream_connect (ParlorPeerStream *stream, gpointer instance, const char *signal, GCallback callback)
{
  return g_signal_connect_data (instance, signal, callback, parlor_peer_stream_ref (stream), unref_closure, 0);
}

gulong
parlor_peer_stream_probe (ParlorPeerStream *stream, GstElement *element, const char *name, GstPadProbeType type, GstPadProbeCallback callback)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, name);

  return gst_pad_add_probe (pad, type, callback, parlor_peer_stream_ref (stream), parlor_peer_stream_unref);
}

void
parlor_peer_stream_request_keyframe_in_stream (ParlorPeerStream *stream)
{
  g_rw_lock_reader_lock (&stream->studio_lock);
  if (stream->studio)
    parlor_studio_request_keyframe_in_stream (stream->studio);
  g_rw_lock_reader_unlock (&stream->studio_lock);
}

ParlorLetter *
parlor_letter_new (ParlorLetterType type, guint number)
{
  ParlorLetter *letter = g_new0 (ParlorLetter, 1);

  letter->type = type;
  letter->number = number;
  return letter;
}

void
parlor_letter_free (gpointer data)
{
  ParlorLetter *letter = data;

  g_free (letter->text);
  g_clear_error (&letter->error);
  g_clear_object (&letter->object);
  g_clear_pointer (&letter->description, gst_webrtc_session_description_free);
  g_clear_pointer (&letter->structure, gst_structure_free);
  g_free (letter);
}

/* (transfer full) */
void
parlor_peer_stream_post (ParlorPeerStream *stream, ParlorLetter *letter)
{
  parlor_mailbox_post (stream->mailbox, letter);
}

/* Under the lock. (transfer none) (nullable): what the other side's sound or picture comes through. */
ParlorJitter *
parlor_peer_stream_find_jitter (ParlorPeerStream *stream, ParlorTrackKind kind)
{
  for (guint i = 0; i < stream->jitters->len; i++)
    {
      ParlorJitter *jitter = g_ptr_array_index (stream->jitters, i);

      if (jitter->element && jitter->ssrc == stream->tracks[kind].remote_ssrc)
        return jitter;
    }
  return NULL;
}

/* A streaming thread: sound or picture of the other side is there, for the first time or again. */
void
parlor_peer_stream_say_first (ParlorPeerStream *stream, ParlorTrackKind kind)
{
  gboolean first;

  g_mutex_lock (&stream->lock);
  first = !stream->shown[kind];
  stream->shown[kind] = TRUE;
  g_mutex_unlock (&stream->lock);
  if (first)
    parlor_peer_stream_post (stream, parlor_letter_new (PARLOR_LETTER_FIRST_FRAME, kind == PARLOR_TRACK_VIDEO
                                                                                     ? PARLOR_MEDIA_VIDEO
                                                                                     : PARLOR_MEDIA_AUDIO));
}

void
parlor_peer_stream_post_error (ParlorPeerStream *stream, int code, const char *format, ...)
{
  ParlorLetter *letter = parlor_letter_new (PARLOR_LETTER_FAILED, 0);
  va_list args;

  va_start (args, format);
  letter->error = g_error_new_valist (PARLOR_ERROR, code, format, args);
  va_end (args);
  parlor_peer_stream_post (stream, letter);
}
