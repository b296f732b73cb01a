/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-studio-private.h"
#include "parlor-error.h"
#include "parlor-test-media.h"

/*
 * The studio with test media: what its feeds get, muting, starting and stopping.
 */

typedef struct
{
  ParlorTestMeter *pictures, *sound, *preview;
  ParlorTestDecoder *video, *audio;
  ParlorStudio *studio;
  ParlorFeed *feed;

  gint n_video, n_keyframes, n_audio; /* atomic */
  gint first_is_keyframe;             /* atomic: -1 until the first picture since it was set */
} Fixture;

static void
on_feed (ParlorMediaFlags kind, GstSample *sample, gpointer user_data)
{
  Fixture *f = user_data;
  gboolean key
    = !GST_BUFFER_FLAG_IS_SET (gst_sample_get_buffer (sample), GST_BUFFER_FLAG_DELTA_UNIT);

  if (kind == PARLOR_MEDIA_AUDIO)
    {
      g_atomic_int_inc (&f->n_audio);
      parlor_test_decoder_push (f->audio, sample);
      return;
    }
  g_atomic_int_inc (&f->n_video);
  if (key)
    g_atomic_int_inc (&f->n_keyframes);
  g_atomic_int_compare_and_exchange (&f->first_is_keyframe, -1, key);
  parlor_test_decoder_push (f->video, sample);
}

static void
setup (Fixture *f, gconstpointer data)
{
  const ParlorStudioConfig config = {
    .test_media = TRUE,
    .media = data ? GPOINTER_TO_INT (data) : PARLOR_MEDIA_AUDIO | PARLOR_MEDIA_VIDEO,
  };
  g_autoptr (ParlorTestSinks) sinks = NULL;

  f->pictures = parlor_test_meter_new ();
  f->sound = parlor_test_meter_new ();
  f->preview = parlor_test_meter_new ();
  f->video = parlor_test_decoder_new (PARLOR_MEDIA_VIDEO, f->pictures);
  f->audio = parlor_test_decoder_new (PARLOR_MEDIA_AUDIO, f->sound);
  f->first_is_keyframe = -1;
  sinks = parlor_test_sinks_new (f->preview);
  f->studio = parlor_studio_new (&config, PARLOR_SINK_FACTORY (sinks), NULL);
}

static void
start (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  parlor_studio_start (f->studio, &error);
  g_assert_no_error (error);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  if (f->feed)
    parlor_studio_remove_feed (f->studio, f->feed);
  parlor_studio_stop (f->studio);
  g_assert_finalize_object (f->studio);
  parlor_test_decoder_free (f->video);
  parlor_test_decoder_free (f->audio);
  parlor_test_meter_unref (f->pictures);
  parlor_test_meter_unref (f->sound);
  parlor_test_meter_unref (f->preview);
}

static void
test_feeds (Fixture *f, gconstpointer data)
{
  int width, height;

  start (f);
  f->feed = parlor_studio_add_feed (f->studio, on_feed, f);
  parlor_test_wait (parlor_test_meter_get_frames (f->pictures) >= 15
                      && parlor_test_meter_get_rms (f->sound) > 0,
                    20);

  g_assert_cmpint (f->first_is_keyframe, ==, TRUE);
  g_assert_true (parlor_test_meter_is_moving (f->pictures));
  parlor_test_meter_get_size (f->pictures, &width, &height);
  g_assert_cmpint (width, ==, 1280);
  g_assert_cmpint (height, ==, 720);
  parlor_test_wait (parlor_test_meter_get_tone (f->sound, 440) > 0.9, 10);
  g_assert_cmpfloat_with_epsilon (parlor_test_meter_get_rms (f->sound), 0.0707, 0.03);

  g_assert_cmpint (parlor_studio_get_camera_status (f->studio), ==, PARLOR_DEVICE_TEST);
  g_assert_cmpint (parlor_studio_get_microphone_status (f->studio), ==, PARLOR_DEVICE_TEST);
  g_assert_cmpint (parlor_studio_get_sending (f->studio), ==,
                   PARLOR_MEDIA_AUDIO | PARLOR_MEDIA_VIDEO);
  g_assert_cmpint (parlor_studio_get_video_target (f->studio), ==, 1500000);
}

static void
test_preview (Fixture *f, gconstpointer data)
{
  int width, height;

  start (f);
  g_assert_nonnull (parlor_studio_get_view (f->studio));
  parlor_test_wait (parlor_test_meter_get_frames (f->preview) >= 15, 10);
  g_assert_true (parlor_test_meter_is_moving (f->preview));
  parlor_test_meter_get_size (f->preview, &width, &height);
  g_assert_cmpint (width, ==, 640);
  g_assert_cmpint (height, ==, 360);

  parlor_studio_stop (f->studio);
  g_assert_null (parlor_studio_get_view (f->studio));
  g_assert_cmpint (parlor_studio_get_camera_status (f->studio), ==, PARLOR_DEVICE_OFF);
}

/* Without a feed nothing is encoded; a second feed begins with a keyframe; a removed one hears
   nothing. */
static void
test_feed_life (Fixture *f, gconstpointer data)
{
  gint before;

  start (f);
  f->feed = parlor_studio_add_feed (f->studio, on_feed, f);
  parlor_test_wait (g_atomic_int_get (&f->n_video) >= 5 && g_atomic_int_get (&f->n_audio) >= 5, 20);

  parlor_studio_remove_feed (f->studio, f->feed);
  before = g_atomic_int_get (&f->n_video) + g_atomic_int_get (&f->n_audio);
  parlor_test_meter_reset (f->preview);
  parlor_test_wait (parlor_test_meter_get_frames (f->preview) >= 10, 10);
  g_assert_cmpint (g_atomic_int_get (&f->n_video) + g_atomic_int_get (&f->n_audio), ==, before);

  g_atomic_int_set (&f->first_is_keyframe, -1);
  f->feed = parlor_studio_add_feed (f->studio, on_feed, f);
  parlor_test_wait (g_atomic_int_get (&f->first_is_keyframe) != -1, 10);
  g_assert_cmpint (f->first_is_keyframe, ==, TRUE);
}

static void
test_keyframe (Fixture *f, gconstpointer data)
{
  gint before, pictures;

  start (f);
  f->feed = parlor_studio_add_feed (f->studio, on_feed, f);
  parlor_test_wait (g_atomic_int_get (&f->n_video) >= 15, 20);
  g_assert_cmpint (g_atomic_int_get (&f->n_keyframes), ==, 1);

  /* A hundred requests in a moment make one keyframe, or two: one for those that came after it
     was begun. */
  before = g_atomic_int_get (&f->n_keyframes);
  for (int i = 0; i < 100; i++)
    parlor_studio_request_keyframe_in_stream (f->studio);
  parlor_test_wait (g_atomic_int_get (&f->n_keyframes) > before, 10);
  pictures = g_atomic_int_get (&f->n_video);
  parlor_test_wait (g_atomic_int_get (&f->n_video) >= pictures + 15, 10);
  g_assert_cmpint (g_atomic_int_get (&f->n_keyframes), <=, before + 2);
}

static void
on_notify (GObject *object, GParamSpec *pspec, guint *n)
{
  (*n)++;
}

static void
test_mute_video (Fixture *f, gconstpointer data)
{
  guint notified = 0;
  gint before;

  start (f);
  f->feed = parlor_studio_add_feed (f->studio, on_feed, f);
  parlor_test_wait (parlor_test_meter_get_frames (f->pictures) >= 10, 20);

  g_signal_connect (f->studio, "notify::video-muted", G_CALLBACK (on_notify), &notified);
  parlor_studio_set_video_muted (f->studio, TRUE);
  parlor_studio_set_video_muted (f->studio, TRUE);
  g_assert_cmpuint (notified, ==, 1);
  g_assert_cmpint (parlor_studio_get_sending (f->studio), ==, PARLOR_MEDIA_AUDIO);

  /* The one picture that may be in the feed's hands already. */
  parlor_test_run_for (0.1);
  before = g_atomic_int_get (&f->n_video);
  parlor_test_run_for (0.7);
  g_assert_cmpint (g_atomic_int_get (&f->n_video), ==, before);
  g_assert_cmpfloat_with_epsilon (parlor_test_meter_get_brightness (f->preview), 16, 1);
  parlor_test_meter_reset (f->sound);
  parlor_test_wait (parlor_test_meter_get_tone (f->sound, 440) > 0.9, 10);
  g_assert_cmpint (parlor_studio_get_camera_status (f->studio), ==, PARLOR_DEVICE_TEST);

  g_atomic_int_set (&f->first_is_keyframe, -1);
  parlor_test_meter_reset (f->pictures);
  parlor_test_meter_reset (f->preview);
  parlor_studio_set_video_muted (f->studio, FALSE);
  parlor_test_wait (parlor_test_meter_get_frames (f->pictures) >= 10, 10);
  g_assert_cmpint (f->first_is_keyframe, ==, TRUE);
  g_assert_true (parlor_test_meter_is_moving (f->pictures));
  g_assert_true (parlor_test_meter_is_moving (f->preview));
}

static void
test_mute_audio (Fixture *f, gconstpointer data)
{
  gint before;

  start (f);
  f->feed = parlor_studio_add_feed (f->studio, on_feed, f);
  parlor_test_wait (parlor_test_meter_get_tone (f->sound, 440) > 0.9, 20);

  g_object_set (f->studio, "audio-muted", TRUE, NULL);
  g_assert_true (parlor_studio_get_audio_muted (f->studio));
  g_assert_cmpint (parlor_studio_get_sending (f->studio), ==, PARLOR_MEDIA_VIDEO);
  parlor_test_wait (parlor_test_meter_get_rms (f->sound) < 0.001, 10);
  /* Silence is sent: it is not that nothing is. */
  before = g_atomic_int_get (&f->n_audio);
  parlor_test_wait (g_atomic_int_get (&f->n_audio) >= before + 10, 10);
  g_assert_cmpfloat (parlor_test_meter_get_rms (f->sound), <, 0.001);

  parlor_studio_set_audio_muted (f->studio, FALSE);
  parlor_test_wait (parlor_test_meter_get_tone (f->sound, 440) > 0.9, 10);
}

/* Muted before the start: the very first picture and sound are not sent. */
static void
test_start_muted (Fixture *f, gconstpointer data)
{
  parlor_studio_set_audio_muted (f->studio, TRUE);
  parlor_studio_set_video_muted (f->studio, TRUE);
  start (f);
  f->feed = parlor_studio_add_feed (f->studio, on_feed, f);
  parlor_test_wait (parlor_test_meter_get_samples (f->sound) > 48000, 20);
  g_assert_cmpfloat (parlor_test_meter_get_rms (f->sound), <, 0.001);
  g_assert_cmpint (g_atomic_int_get (&f->n_video), ==, 0);
  g_assert_cmpfloat_with_epsilon (parlor_test_meter_get_brightness (f->preview), 16, 1);
}

static void
test_audio_only (Fixture *f, gconstpointer data)
{
  start (f);
  g_assert_null (parlor_studio_get_view (f->studio));
  f->feed = parlor_studio_add_feed (f->studio, on_feed, f);
  parlor_test_wait (parlor_test_meter_get_tone (f->sound, 440) > 0.9, 20);
  g_assert_cmpint (g_atomic_int_get (&f->n_video), ==, 0);
  g_assert_cmpuint (parlor_test_meter_get_frames (f->preview), ==, 0);
  g_assert_cmpint (parlor_studio_get_camera_status (f->studio), ==, PARLOR_DEVICE_OFF);
  g_assert_cmpint (parlor_studio_get_sending (f->studio), ==, PARLOR_MEDIA_AUDIO);
  g_assert_cmpint (parlor_studio_get_video_target (f->studio), ==, -1);
}

static void
test_again (Fixture *f, gconstpointer data)
{
  guint threads = 0, fds = 0;

  for (int i = 0; i < 6; i++)
    {
      start (f);
      parlor_test_meter_reset (f->pictures);
      parlor_test_meter_reset (f->sound);
      f->feed = parlor_studio_add_feed (f->studio, on_feed, f);
      parlor_test_wait (parlor_test_meter_get_frames (f->pictures) >= 5, 20);
      parlor_test_wait (parlor_test_meter_get_tone (f->sound, 440) > 0.9, 20);
      parlor_studio_remove_feed (f->studio, f->feed);
      f->feed = NULL;
      parlor_studio_stop (f->studio);
      parlor_studio_stop (f->studio);
      /* The first round brings threads that stay: GLib's pools, the decoders'. */
      if (i == 0)
        {
          threads = parlor_test_count_threads ();
          fds = parlor_test_count_fds ();
        }
    }
  parlor_test_wait (parlor_test_count_threads () <= threads, 10);
  g_assert_cmpuint (parlor_test_count_fds (), <=, fds);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);

#define ADD(name, data, func) g_test_add (name, Fixture, data, setup, func, teardown)
  ADD ("/studio/feeds", NULL, test_feeds);
  ADD ("/studio/preview", NULL, test_preview);
  ADD ("/studio/feed-life", NULL, test_feed_life);
  ADD ("/studio/keyframe", NULL, test_keyframe);
  ADD ("/studio/mute-video", NULL, test_mute_video);
  ADD ("/studio/mute-audio", NULL, test_mute_audio);
  ADD ("/studio/start-muted", NULL, test_start_muted);
  ADD ("/studio/audio-only", GINT_TO_POINTER (PARLOR_MEDIA_AUDIO), test_audio_only);
  ADD ("/studio/again", NULL, test_again);
  return g_test_run ();
}
