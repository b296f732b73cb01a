/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gio.h>
#include <gst/app/app.h>

#include "parlor-studio-private.h"
#include "parlor-test-media.h"

/*
 * Real devices as far as Parlor can tell: a camera, a microphone and a speaker of a PipeWire server
 * that belongs to this test. Runs under with-pipewire.sh, which skips it where there is no
 * PipeWire.
 */

#define PCM "audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved"

typedef struct
{
  ParlorTestMeter *pictures, *sound;
  ParlorTestDecoder *audio;
  ParlorStudio *studio;
  ParlorFeed *feed;
} Fixture;

static GSubprocess *
spawn (const char *command)
{
  g_auto (GStrv) argv = NULL;
  g_autoptr (GError) error = NULL;
  GSubprocess *process;

  g_shell_parse_argv (command, NULL, &argv, &error);
  g_assert_no_error (error);
  process
    = g_subprocess_newv ((const char *const *) argv, G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error);
  g_assert_no_error (error);
  return process;
}

static void
unplug (GSubprocess *process)
{
  g_subprocess_send_signal (process, SIGTERM);
  g_subprocess_wait (process, NULL, NULL);
  g_object_unref (process);
}

static void
run (const char *command)
{
  g_autoptr (GSubprocess) process = spawn (command);

  g_subprocess_wait_check (process, NULL, NULL);
}

/* A white picture; its process is the cable. */
static GSubprocess *
plug_camera (const char *name)
{
  g_autofree char *command = g_test_build_filename (G_TEST_DIST, "virtual-camera.sh", NULL);
  g_autofree char *line = g_strdup_printf ("'%s' %s pattern=white", command, name);

  return spawn (line);
}

static void
on_feed (ParlorMediaFlags kind, GstSample *sample, gpointer user_data)
{
  Fixture *f = user_data;

  if (kind == PARLOR_MEDIA_AUDIO)
    parlor_test_decoder_push (f->audio, sample);
}

static void
setup (Fixture *f, gconstpointer data)
{
  const ParlorStudioConfig config = { .media = GPOINTER_TO_INT (data) };
  g_autoptr (ParlorTestSinks) sinks = NULL;

  f->pictures = parlor_test_meter_new ();
  f->sound = parlor_test_meter_new ();
  f->audio = parlor_test_decoder_new (PARLOR_MEDIA_AUDIO, f->sound);
  sinks = parlor_test_sinks_new (f->pictures);
  f->studio = parlor_studio_new (&config, PARLOR_SINK_FACTORY (sinks), NULL);
}

static void
start (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  parlor_studio_start (f->studio, &error);
  g_assert_no_error (error);
  f->feed = parlor_studio_add_feed (f->studio, on_feed, f);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  if (f->feed)
    parlor_studio_remove_feed (f->studio, f->feed);
  parlor_studio_stop (f->studio);
  g_assert_finalize_object (f->studio);
  parlor_test_decoder_free (f->audio);
  parlor_test_meter_unref (f->pictures);
  parlor_test_meter_unref (f->sound);
}

#define CAMERA(f) parlor_studio_get_camera_status ((f)->studio)
#define MICROPHONE(f) parlor_studio_get_microphone_status ((f)->studio)

static ParlorDeviceStatus
speaker (Fixture *f)
{
  ParlorDeviceStatus status;

  g_object_get (f->studio, "speaker-status", &status, NULL);
  return status;
}

static void
assert_picture (Fixture *f, gboolean white)
{
  parlor_test_meter_reset (f->pictures);
  parlor_test_wait (parlor_test_meter_get_frames (f->pictures) >= 10, 20);
  if (white)
    g_assert_cmpfloat (parlor_test_meter_get_brightness (f->pictures), >, 200);
  else
    g_assert_cmpfloat (parlor_test_meter_get_brightness (f->pictures), <, 120);
}

static void
test_camera (Fixture *f, gconstpointer data)
{
  GSubprocess *camera = plug_camera ("parlor-test-camera");
  g_autofree char *name = NULL;

  start (f);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_LIVE, 30);
  g_object_get (f->studio, "camera-name", &name, NULL);
  g_assert_cmpstr (name, ==, "parlor-test-camera");
  assert_picture (f, TRUE);

  unplug (camera);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_MISSING || CAMERA (f) == PARLOR_DEVICE_FAILED, 30);
  assert_picture (f, FALSE);

  camera = plug_camera ("parlor-test-camera");
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_LIVE, 30);
  assert_picture (f, TRUE);
  unplug (camera);
}

/* A dummy is all the sound server has. */
static void
test_nothing (Fixture *f, gconstpointer data)
{
  start (f);
  parlor_test_wait (MICROPHONE (f) == PARLOR_DEVICE_MISSING, 20);
  parlor_test_wait (speaker (f) == PARLOR_DEVICE_MISSING, 20);
  parlor_test_wait (parlor_test_meter_get_tone (f->sound, 440) > 0.9, 20);
}

static GstFlowReturn
on_voice (GstAppSink *sink, gpointer user_data)
{
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  GstClockTime time = gst_segment_to_running_time (gst_sample_get_segment (sample), GST_FORMAT_TIME,
                                                   GST_BUFFER_PTS (gst_sample_get_buffer (sample)));

  parlor_voice_push_in_stream (user_data, gst_buffer_ref (gst_sample_get_buffer (sample)), time);
  return GST_FLOW_OK;
}

static GstElement *
new_pipeline (const char *description)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (description, &error);

  g_assert_no_error (error);
  return pipeline;
}

static void
end_pipeline (GstElement *pipeline)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

/* A voice is heard from the speaker, the microphone in the feed. */
static void
test_sound (Fixture *f, gconstpointer data)
{
  GstAppSinkCallbacks callbacks = { .new_sample = on_voice };
  g_autoptr (ParlorTestMeter) heard = parlor_test_meter_new ();
  GstElement *tone, *listener, *voice_source, *sink;
  ParlorVoice *voice;

  run ("pactl load-module module-null-sink sink_name=parlor_speaker "
       "sink_properties=device.description=Speaker");
  run ("pactl load-module module-null-sink sink_name=parlor_wire");
  run ("pactl load-module module-remap-source source_name=parlor_mic master=parlor_wire.monitor "
       "source_properties=device.description=Microphone");
  run ("pactl set-default-sink parlor_speaker");
  run ("pactl set-default-source parlor_mic");
  tone = new_pipeline (
    "audiotestsrc is-live=true freq=1000 volume=0.3 ! pulsesink device=parlor_wire");
  gst_element_set_state (tone, GST_STATE_PLAYING);

  start (f);
  parlor_test_wait (MICROPHONE (f) == PARLOR_DEVICE_LIVE, 30);
  parlor_test_wait (speaker (f) == PARLOR_DEVICE_LIVE, 30);
  parlor_test_wait (parlor_test_meter_get_rms (f->sound) > 0.001
                      && parlor_test_meter_get_tone (f->sound, 1000) > 0.8,
                    30);

  voice = parlor_studio_add_voice (f->studio, 40);
  voice_source
    = new_pipeline ("audiotestsrc is-live=true freq=700 volume=0.2 samplesperbuffer=480 ! " PCM
                    " ! appsink name=sink sync=false async=false");
  sink = gst_bin_get_by_name (GST_BIN (voice_source), "sink");
  gst_app_sink_set_callbacks (GST_APP_SINK (sink), &callbacks, voice, NULL);
  gst_object_unref (sink);
  parlor_studio_adopt_pipeline (f->studio, GST_PIPELINE (voice_source), 40);
  gst_element_set_state (voice_source, GST_STATE_PLAYING);

  listener = new_pipeline (
    "pulsesrc device=parlor_speaker.monitor ! audioconvert ! audioresample name=last");
  sink = parlor_test_meter_new_sink (heard, PCM);
  gst_bin_add (GST_BIN (listener), sink);
  {
    g_autoptr (GstElement) last = gst_bin_get_by_name (GST_BIN (listener), "last");

    g_assert_true (gst_element_link (last, sink));
  }
  gst_element_set_state (listener, GST_STATE_PLAYING);
  parlor_test_wait (parlor_test_meter_get_tone (heard, 700) > 0.9, 30);

  end_pipeline (listener);
  parlor_studio_remove_voice (f->studio, voice);
  end_pipeline (voice_source);
  parlor_voice_unref (voice);
  end_pipeline (tone);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);

#define ADD(name, media, func) \
  g_test_add ("/pipewire/" name, Fixture, GINT_TO_POINTER (media), setup, func, teardown)
  ADD ("nothing", PARLOR_MEDIA_AUDIO, test_nothing);
  ADD ("camera", PARLOR_MEDIA_VIDEO, test_camera);
  ADD ("sound", PARLOR_MEDIA_AUDIO, test_sound);
  return g_test_run ();
}
