/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "peer-lab.h"

#include <glib-unix.h>
#include <unistd.h>

#include "parlor-test-forgive.h"

static gpointer
listen_to_speaker (gpointer data)
{
  PeerEnd *self = data;
  g_autoptr (GstCaps) caps = gst_caps_from_string ("audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved");
  guint8 heard[960];
  gssize n;

  while ((n = read (self->ear, heard, sizeof heard)) > 0)
    {
      g_autoptr (GstBuffer) buffer = gst_buffer_new_memdup (heard, (gsize) n & ~(gsize) 1);
      g_autoptr (GstSample) sample = gst_sample_new (buffer, caps, NULL, NULL);

      parlor_test_meter_add (self->sound, sample);
    }
  return NULL;
}

PeerEnd *
peer_end_new (ParlorMediaFlags media, guint tone)
{
  return peer_end_new_with_picture (
    media, tone, "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=30/1");
}

PeerEnd *
peer_end_new_with_picture (ParlorMediaFlags media, guint tone, const char *picture)
{
  PeerEnd *self = g_new0 (PeerEnd, 1);
  g_autofree char *source = g_strdup_printf ("audiotestsrc is-live=true freq=%u volume=0.5 samplesperbuffer=480", tone);
  g_autofree char *speaker = NULL;
  ParlorStudioConfig config = { .media = media, .audio_source = source };
  g_autoptr (ParlorTestSinks) sinks = NULL;
  g_autoptr (GError) error = NULL;
  int fds[2];

  parlor_test_forgive_rtp_session ();
  g_assert_true (g_unix_open_pipe (fds, FD_CLOEXEC, NULL));
  self->ear = fds[0];
  speaker = g_strdup_printf ("audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=48000,channels=1 ! "
                             "fdsink fd=%d sync=true",
                             fds[1]);
  config.audio_sink = speaker;
  config.video_source = picture;
  self->pictures = parlor_test_meter_new ();
  self->sound = parlor_test_meter_new ();
  self->candidates = g_ptr_array_new_with_free_func (g_free);
  self->texts = g_ptr_array_new_with_free_func (g_free);
  sinks = parlor_test_sinks_new (self->pictures);
  self->studio = parlor_studio_new (&config, NULL, PARLOR_SINK_FACTORY (sinks));
  parlor_studio_start (self->studio, &error);
  g_assert_no_error (error);
  g_object_set_data (G_OBJECT (self->studio), "speaker-fd", GINT_TO_POINTER (fds[1]));
  self->listener = g_thread_new ("listener", listen_to_speaker, self);
  return self;
}

void
peer_end_free (PeerEnd *self)
{
  int speaker = GPOINTER_TO_INT (g_object_get_data (G_OBJECT (self->studio), "speaker-fd"));

  if (self->peer)
    peer_end_drop_peer (self);
  parlor_studio_stop (self->studio);
  g_assert_finalize_object (self->studio);
  close (speaker);
  g_thread_join (self->listener);
  close (self->ear);
  parlor_test_meter_unref (self->pictures);
  parlor_test_meter_unref (self->sound);
  g_ptr_array_unref (self->candidates);
  g_ptr_array_unref (self->texts);
  g_free (self->sdp);
  g_free (self->fingerprint);
  g_clear_error (&self->error);
  g_free (self);
}

static void
flush_candidates (PeerEnd *self)
{
  for (guint i = 0; self->described && !self->mute_candidates && self->other->peer && i < self->candidates->len; i++)
    parlor_peer_add_candidate (PARLOR_PEER (self->other->peer), g_ptr_array_index (self->candidates, i), NULL, 0);
  if (self->described)
    g_ptr_array_set_size (self->candidates, 0);
}

static void
on_candidate (ParlorPeer *peer, const char *candidate, const char *mid, int mline_index, PeerEnd *self)
{
  g_assert_nonnull (mid);
  g_assert_cmpint (mline_index, ==, 0);
  g_ptr_array_add (self->candidates, g_strdup (candidate));
  flush_candidates (self);
}

static void
on_state_notify (ParlorPeer *peer, GParamSpec *pspec, PeerEnd *self)
{
  if (parlor_peer_get_state (peer) == PARLOR_PEER_CONNECTED)
    self->connected = g_get_monotonic_time ();
}

static void
on_text (ParlorPeer *peer, const char *text, PeerEnd *self)
{
  g_ptr_array_add (self->texts, g_strdup (text));
}

static void
on_first_frame (ParlorPeer *peer, ParlorMediaFlags kind, PeerEnd *self)
{
  gint64 *when = kind == PARLOR_MEDIA_VIDEO ? &self->first_picture : &self->first_sound;

  g_assert_cmpint (*when, ==, 0);
  *when = g_get_monotonic_time ();
}

void
peer_end_add_peer (PeerEnd *self, ParlorDialect dialect)
{
  const ParlorPeerOptions options = { .dialect = dialect, .held = self->hold, .quiet = self->quiet, .fingerprint = self->fingerprint };
  g_autoptr (GError) error = NULL;

  self->peer = parlor_webrtc_peer_new (self->studio, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (parlor_peer_get_state (PARLOR_PEER (self->peer)), ==, PARLOR_PEER_NEW);
  self->connected = self->first_picture = self->first_sound = 0;
  self->described = FALSE;
  g_ptr_array_set_size (self->candidates, 0);
  g_ptr_array_set_size (self->texts, 0);
  g_signal_connect (self->peer, "candidate", G_CALLBACK (on_candidate), self);
  g_signal_connect (self->peer, "notify::state", G_CALLBACK (on_state_notify), self);
  g_signal_connect (self->peer, "text", G_CALLBACK (on_text), self);
  g_signal_connect (self->peer, "first-frame", G_CALLBACK (on_first_frame), self);
}

static void
on_gone (gpointer data, GObject *object)
{
  *(gboolean *) data = TRUE;
}

void
peer_end_drop_peer (PeerEnd *self)
{
  gboolean gone = FALSE;

  parlor_peer_close (PARLOR_PEER (self->peer));
  g_object_weak_ref (G_OBJECT (self->peer), on_gone, &gone);
  g_clear_object (&self->peer);
  parlor_test_wait (gone, 10);
}

void
peer_end_link (PeerEnd *a, PeerEnd *b)
{
  a->other = b;
  b->other = a;
}

static void
on_described (GObject *object, GAsyncResult *result, gpointer user_data)
{
  PeerEnd *self = user_data;

  g_clear_error (&self->error);
  g_free (self->sdp);
  self->sdp = parlor_peer_create_offer_finish (PARLOR_PEER (object), result, &self->error);
  self->n_operations++;
}

static void
on_answer_taken (GObject *object, GAsyncResult *result, gpointer user_data)
{
  PeerEnd *self = user_data;

  g_clear_error (&self->error);
  parlor_peer_set_answer_finish (PARLOR_PEER (object), result, &self->error);
  self->n_operations++;
}

void
peer_end_offer (PeerEnd *self)
{
  self->n_operations = 0;
  self->began = g_get_monotonic_time ();
  parlor_peer_create_offer_async (PARLOR_PEER (self->peer), NULL, on_described, self);
}

void
peer_end_answer (PeerEnd *self, const char *offer)
{
  self->n_operations = 0;
  self->began = g_get_monotonic_time ();
  parlor_peer_create_answer_async (PARLOR_PEER (self->peer), offer, NULL, on_described, self);
}

void
peer_end_take_answer (PeerEnd *self, const char *answer)
{
  self->n_operations = 0;
  parlor_peer_set_answer_async (PARLOR_PEER (self->peer), answer, NULL, on_answer_taken, self);
}

void
peer_end_wait_done (PeerEnd *self)
{
  parlor_test_wait (self->n_operations == 1, 20);
  g_assert_no_error (self->error);
}

void
peer_end_call (PeerEnd *from, PeerEnd *to, PeerBend bend)
{
  g_autofree char *offer = NULL, *answer = NULL;

  peer_end_link (from, to);
  peer_end_offer (from);
  peer_end_wait_done (from);
  offer = bend ? bend (g_strdup (from->sdp), TRUE) : g_strdup (from->sdp);
  peer_end_answer (to, offer);
  peer_end_wait_done (to);
  from->described = TRUE;
  flush_candidates (from);
  answer = bend ? bend (g_strdup (to->sdp), FALSE) : g_strdup (to->sdp);
  peer_end_take_answer (from, answer);
  peer_end_wait_done (from);
  to->described = TRUE;
  flush_candidates (to);
}

void
peer_end_wait_connected (PeerEnd *from, PeerEnd *to)
{
  parlor_test_wait (from->connected && to->connected, 20);
}

static void
on_stats (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;

  *(ParlorStats **) user_data = parlor_peer_collect_stats_finish (PARLOR_PEER (object), result, &error);
  g_assert_no_error (error);
}

ParlorStats *
peer_end_get_stats (PeerEnd *self)
{
  ParlorStats *stats = NULL;

  parlor_peer_collect_stats_async (PARLOR_PEER (self->peer), NULL, on_stats, &stats);
  parlor_test_wait (stats, 10);
  return stats;
}
