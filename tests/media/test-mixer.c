/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <unistd.h>

#include <glib-unix.h>
#include <gst/app/app.h>

#include "parlor-studio-private.h"
#include "parlor-test-media.h"

/*
 * Voices through the mixer to the end of the user's audio sink, which here is a pipe.
 */

#define PCM "audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved"

typedef struct
{
  ParlorStudio *studio;
  ParlorTestMeter *meter;
  int pipe[2];
  GThread *reader;
} Fixture;

/* Reads what comes out of the studio's speaker. */
static gpointer
read_pipe (gpointer user_data)
{
  Fixture *f = user_data;
  g_autoptr (GstCaps) caps = gst_caps_from_string (PCM);
  guint8 bytes[960];
  gssize n;

  while ((n = read (f->pipe[0], bytes, sizeof bytes)) > 0)
    {
      g_autoptr (GstBuffer) buffer = gst_buffer_new_memdup (bytes, n);
      g_autoptr (GstSample) sample = gst_sample_new (buffer, caps, NULL, NULL);

      parlor_test_meter_add (f->meter, sample);
    }
  return NULL;
}

static void
setup (Fixture *f, gconstpointer data)
{
  g_autofree char *sink = NULL;
  g_autoptr (GError) error = NULL;
  ParlorStudioConfig config = { .test_media = TRUE, .media = PARLOR_MEDIA_NONE };

  g_unix_open_pipe (f->pipe, FD_CLOEXEC, &error);
  g_assert_no_error (error);
  sink = g_strdup_printf ("fdsink fd=%d sync=true", f->pipe[1]);
  config.audio_sink = sink;
  f->meter = parlor_test_meter_new ();
  f->reader = g_thread_new ("reader", read_pipe, f);
  f->studio = parlor_studio_new (&config, NULL, NULL);
  parlor_studio_start (f->studio, &error);
  g_assert_no_error (error);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  parlor_studio_stop (f->studio);
  g_assert_finalize_object (f->studio);
  close (f->pipe[1]);
  g_thread_join (f->reader);
  close (f->pipe[0]);
  parlor_test_meter_unref (f->meter);
}

/* What a peer does: a tone in a pipeline of its own, brought to the mixer. */
typedef struct
{
  GstElement *pipeline;
  ParlorVoice *voice;
  ParlorStudio *studio;
  GstClockTime late;
} Speaker;

static GstFlowReturn
on_sample (GstAppSink *sink, gpointer user_data)
{
  Speaker *speaker = user_data;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  GstClockTime time = gst_segment_to_running_time (gst_sample_get_segment (sample), GST_FORMAT_TIME,
                                                   GST_BUFFER_PTS (gst_sample_get_buffer (sample)));

  /* As from behind a jitter buffer: by its running time it is late. */
  if (time >= speaker->late)
    parlor_voice_push_in_stream (speaker->voice, gst_buffer_ref (gst_sample_get_buffer (sample)),
                                 time - speaker->late);
  return GST_FLOW_OK;
}

static Speaker *
speak (ParlorStudio *studio, int frequency, guint peer_latency_ms, guint late_ms)
{
  GstAppSinkCallbacks callbacks = { .new_sample = on_sample };
  Speaker *speaker = g_new0 (Speaker, 1);
  g_autofree char *description
    = g_strdup_printf ("audiotestsrc is-live=true freq=%d volume=0.2 samplesperbuffer=480 ! " PCM
                       " ! appsink name=sink sync=false async=false",
                       frequency);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) sink = NULL;

  speaker->studio = studio;
  speaker->late = late_ms * GST_MSECOND;
  speaker->voice = parlor_studio_add_voice (studio, peer_latency_ms);
  speaker->pipeline = gst_parse_launch (description, &error);
  g_assert_no_error (error);
  sink = gst_bin_get_by_name (GST_BIN (speaker->pipeline), "sink");
  gst_app_sink_set_callbacks (GST_APP_SINK (sink), &callbacks, speaker, NULL);
  parlor_studio_adopt_pipeline (studio, GST_PIPELINE (speaker->pipeline), peer_latency_ms);
  gst_element_set_state (speaker->pipeline, GST_STATE_PLAYING);
  return speaker;
}

/* Removes the voice first, so that the last buffers find it gone. */
static void
hush (Speaker *speaker)
{
  parlor_studio_remove_voice (speaker->studio, speaker->voice);
  parlor_studio_remove_voice (speaker->studio, speaker->voice);
  gst_element_set_state (speaker->pipeline, GST_STATE_NULL);
  gst_object_unref (speaker->pipeline);
  parlor_voice_unref (speaker->voice);
  g_free (speaker);
}

static void
test_silence (Fixture *f, gconstpointer data)
{
  double elapsed;

  parlor_test_wait (parlor_test_meter_get_samples (f->meter) >= 24000, 10);
  g_assert_cmpfloat (parlor_test_meter_get_rms (f->meter), ==, 0);

  /* No faster than it is heard. */
  parlor_test_meter_reset (f->meter);
  elapsed = parlor_test_run_for (1);
  g_assert_cmpfloat (parlor_test_meter_get_samples (f->meter), <, 48000 * (elapsed + 0.25));
}

static void
test_two_voices (Fixture *f, gconstpointer data)
{
  Speaker *low = speak (f->studio, 500, 40, 40);
  Speaker *high;

  parlor_test_wait (parlor_test_meter_get_tone (f->meter, 500) > 0.95, 10);
  high = speak (f->studio, 800, 40, 40);
  parlor_test_wait (parlor_test_meter_get_tone (f->meter, 800) > 0.4, 10);
  parlor_test_wait (ABS (parlor_test_meter_get_tone (f->meter, 500) - 0.5) < 0.1, 10);
  parlor_test_wait (ABS (parlor_test_meter_get_rms (f->meter) - 0.2) < 0.03, 10);

  hush (low);
  parlor_test_wait (parlor_test_meter_get_tone (f->meter, 800) > 0.95, 10);
  hush (high);
  parlor_test_wait (parlor_test_meter_get_rms (f->meter) == 0, 10);
}

/* The longer jitter buffer of a slow peer is made up for: its voice is whole. */
static void
test_slow_peer (Fixture *f, gconstpointer data)
{
  Speaker *slow = speak (f->studio, 500, 200, 200);

  parlor_test_wait (parlor_test_meter_get_tone (f->meter, 500) > 0.95, 10);
  hush (slow);
}

/* Later than its peer said: such buffers are dropped, not heard out of time. */
static void
test_too_late (Fixture *f, gconstpointer data)
{
  Speaker *late = speak (f->studio, 500, 40, 40);

  parlor_test_wait (parlor_test_meter_get_tone (f->meter, 500) > 0.95, 10);
  hush (late);
  parlor_test_wait (parlor_test_meter_get_rms (f->meter) == 0, 10);

  late = speak (f->studio, 500, 40, 400);
  parlor_test_run_for (0.8);
  g_assert_cmpfloat (parlor_test_meter_get_rms (f->meter), ==, 0);
  hush (late);
}

/* Somebody speaks on while twenty others come and go. */
static void
test_come_and_go (Fixture *f, gconstpointer data)
{
  Speaker *steady = speak (f->studio, 500, 40, 40);
  guint threads = 0, fds = 0, whole = 0;
  gint64 longest = 0;

  parlor_test_wait (parlor_test_meter_get_tone (f->meter, 500) > 0.95, 10);
  for (int i = 0; i < 20; i++)
    {
      Speaker *guest = speak (f->studio, 800, i % 2 ? 40 : 200, i % 2 ? 40 : 200);
      gint64 begin;

      parlor_test_wait (parlor_test_meter_get_tone (f->meter, 800) > 0.4, 10);
      whole += ABS (parlor_test_meter_get_tone (f->meter, 500) - 0.5) < 0.15;
      begin = g_get_monotonic_time ();
      parlor_studio_remove_voice (f->studio, guest->voice);
      longest = MAX (longest, g_get_monotonic_time () - begin);
      hush (guest);
      parlor_test_wait (parlor_test_meter_get_tone (f->meter, 500) > 0.95, 10);
      if (i == 2)
        {
          threads = parlor_test_count_threads ();
          fds = parlor_test_count_fds ();
        }
    }
  g_test_message ("longest removal %" G_GINT64_FORMAT " us", longest);
  g_assert_cmpint (longest, <, 500000);
  g_assert_cmpuint (whole, >=, 15);
  parlor_test_wait (parlor_test_count_threads () <= threads, 10);
  g_assert_cmpuint (parlor_test_count_fds (), <=, fds);
  hush (steady);
}

/* The studio stops under a voice; what is still pushed is dropped. */
static void
test_stop (Fixture *f, gconstpointer data)
{
  Speaker *speaker = speak (f->studio, 500, 40, 40);
  ParlorVoice *early;

  parlor_test_wait (parlor_test_meter_get_tone (f->meter, 500) > 0.95, 10);
  parlor_studio_stop (f->studio);
  parlor_test_run_for (0.1);
  hush (speaker);

  /* A voice for a studio that does not play. */
  early = parlor_studio_add_voice (f->studio, 40);
  parlor_voice_push_in_stream (early, gst_buffer_new (), 0);
  parlor_studio_remove_voice (f->studio, early);
  parlor_voice_unref (early);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);

#define ADD(name, func) g_test_add ("/mixer/" name, Fixture, NULL, setup, func, teardown)
  ADD ("silence", test_silence);
  ADD ("two-voices", test_two_voices);
  ADD ("slow-peer", test_slow_peer);
  ADD ("too-late", test_too_late);
  ADD ("come-and-go", test_come_and_go);
  ADD ("stop", test_stop);
  return g_test_run ();
}
