/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-error.h"
#include "parlor-slot-chain.h"
#include "parlor-studio-private.h"
#include "parlor-test-devices.h"
#include "parlor-test-media.h"

/*
 * What stands behind camera, microphone and speaker: users' bins, devices that come and go, and
 * what takes over when they fail.
 *
 * White pictures and 1000 Hz come from the source under test; the ball on black and 440 Hz are what
 * stands in.
 */

#define WHITE 235

typedef struct
{
  ParlorTestMeter *pictures, *sound;
  ParlorTestDecoder *audio;
  ParlorStudio *studio;
  ParlorFeed *feed;
  guint failed;
} Fixture;

static void
on_feed (ParlorMediaFlags kind, GstSample *sample, gpointer user_data)
{
  Fixture *f = user_data;

  if (kind == PARLOR_MEDIA_AUDIO)
    parlor_test_decoder_push (f->audio, sample);
}

static void
on_failed (ParlorStudio *studio, const GError *error, Fixture *f)
{
  f->failed++;
}

/* The preview shows the pictures, a feed brings the sound. */
static void
setup (Fixture *f, gconstpointer data)
{
  f->pictures = parlor_test_meter_new ();
  f->sound = parlor_test_meter_new ();
  f->audio = parlor_test_decoder_new (PARLOR_MEDIA_AUDIO, f->sound);
}

static gboolean
try_start (Fixture *f, const ParlorStudioConfig *config, GError **error)
{
  g_autoptr (ParlorTestSinks) sinks = parlor_test_sinks_new (f->pictures);

  f->studio = parlor_studio_new (config, PARLOR_SINK_FACTORY (sinks), NULL);
  g_signal_connect (f->studio, "failed", G_CALLBACK (on_failed), f);
  return parlor_studio_start (f->studio, error);
}

static void
start (Fixture *f,
       const char *video_source,
       const char *audio_source,
       const char *audio_sink,
       gboolean test)
{
  const ParlorStudioConfig config = {
    .test_media = test,
    .media = PARLOR_MEDIA_AUDIO | PARLOR_MEDIA_VIDEO,
    .video_source = video_source,
    .audio_source = audio_source,
    .audio_sink = audio_sink,
  };
  g_autoptr (GError) error = NULL;

  try_start (f, &config, &error);
  g_assert_no_error (error);
  f->feed = parlor_studio_add_feed (f->studio, on_feed, f);
}

static void
stop (Fixture *f)
{
  if (f->feed)
    parlor_studio_remove_feed (f->studio, g_steal_pointer (&f->feed));
  parlor_studio_stop (f->studio);
  g_assert_finalize_object (g_steal_pointer (&f->studio));
}

static void
teardown (Fixture *f, gconstpointer data)
{
  if (f->studio)
    stop (f);
  g_assert_cmpuint (f->failed, ==, 0);
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
assert_name (Fixture *f, const char *property, const char *expected)
{
  g_autofree char *name = NULL;

  g_object_get (f->studio, property, &name, NULL);
  g_assert_cmpstr (name, ==, expected);
}

static void
assert_test_picture (Fixture *f)
{
  parlor_test_meter_reset (f->pictures);
  parlor_test_wait (parlor_test_meter_get_frames (f->pictures) >= 15, 10);
  g_assert_true (parlor_test_meter_is_moving (f->pictures));
  /* Its background: nothing else here is as dark, and no black picture as bright. */
  g_assert_cmpfloat (parlor_test_meter_get_brightness (f->pictures), >, 60);
  g_assert_cmpfloat (parlor_test_meter_get_brightness (f->pictures), <, 120);
}

static void
assert_white_picture (Fixture *f)
{
  parlor_test_meter_reset (f->pictures);
  parlor_test_wait (parlor_test_meter_get_frames (f->pictures) >= 5 && parlor_test_meter_get_brightness (f->pictures) > 200, 10);
}

static void
assert_test_tone (Fixture *f)
{
  parlor_test_wait (parlor_test_meter_get_tone (f->sound, 440) > 0.9, 10);
}

static void
test_bad_usage (Fixture *f, gconstpointer data)
{
  const struct
  {
    ParlorStudioConfig config;
    const char *words[2];
  } cases[] = {
    { { .video_source = "parlornosuchsrc ! identity" }, { "--video-source: ", "parlornosuchsrc" } },
    { { .video_source = "videotestsrc ! fakesink" }, { "--video-source: ", "free pad" } },
    { { .video_source = "videotestsrc pattern=" }, { "--video-source: ", "pattern" } },
    { { .video_source = "" }, { "--video-source: ", "" } },
    { { .video_source = "videotestsrc ! ! identity" }, { "--video-source: ", "" } },
    { { .audio_source = "audiotestsrc colour=blue" }, { "--audio-source: ", "colour" } },
    { { .audio_source = "fakesink" }, { "--audio-source: ", "free pad" } },
    { { .audio_sink = "parlornosuchsink" }, { "--audio-sink: ", "parlornosuchsink" } },
    { { .audio_sink = "audiotestsrc" }, { "--audio-sink: ", "free pad" } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ParlorStudioConfig config = cases[i].config;
      g_autoptr (GError) error = NULL;

      config.test_media = TRUE;
      config.media = PARLOR_MEDIA_AUDIO | PARLOR_MEDIA_VIDEO;
      g_assert_false (try_start (f, &config, &error));
      g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_USAGE);
      for (guint w = 0; w < 2; w++)
        if (!strstr (error->message, cases[i].words[w]))
          g_error ("case %u: \"%s\" is not in \"%s\"", i, cases[i].words[w], error->message);
      g_assert_cmpint (CAMERA (f), ==, PARLOR_DEVICE_OFF);
      stop (f);
    }
}

static void
test_users_bins (Fixture *f, gconstpointer data)
{
  int width, height;

  /* As people write them: caps at the end. */
  start (
    f,
    "videotestsrc is-live=true pattern=white ! video/x-raw,width=1920,height=1080,framerate=60/1",
    "audiotestsrc is-live=true freq=1000 ! audio/x-raw,rate=44100,channels=2",
    "audio/x-raw,channels=1 ! fakesink sync=true", FALSE);
  g_assert_cmpint (CAMERA (f), ==, PARLOR_DEVICE_STARTING);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_LIVE && MICROPHONE (f) == PARLOR_DEVICE_LIVE, 10);
  parlor_test_wait (speaker (f) == PARLOR_DEVICE_LIVE, 10);
  parlor_test_wait (parlor_test_meter_get_tone (f->sound, 1000) > 0.9, 10);
  parlor_test_wait (parlor_test_meter_get_frames (f->pictures) >= 5, 10);
  g_assert_cmpfloat_with_epsilon (parlor_test_meter_get_brightness (f->pictures), WHITE, 3);
  parlor_test_meter_get_size (f->pictures, &width, &height);
  g_assert_cmpint (width, ==, 640);
  g_assert_cmpint (height, ==, 360);
}

/* A source that is not live is held to the clock, and none gives more than 30 pictures a second. */
static void
test_paced (Fixture *f, gconstpointer data)
{
  const char *sources[] = {
    "videotestsrc pattern=ball ! video/x-raw,width=320,height=180,framerate=30/1",
    "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=60/1",
  };

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    {
      double elapsed;

      start (f, sources[i], NULL, NULL, TRUE);
      parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_LIVE, 10);
      parlor_test_meter_reset (f->pictures);
      elapsed = parlor_test_run_for (2);
      g_assert_cmpuint (parlor_test_meter_get_frames (f->pictures), <=, 33 * elapsed + 3);
      parlor_test_wait (parlor_test_meter_get_frames (f->pictures) >= 30, 20);
      stop (f);
    }
}

static void
test_eos (Fixture *f, gconstpointer data)
{
  double elapsed;

  start (f, "videotestsrc is-live=true pattern=white num-buffers=20",
         "audiotestsrc is-live=true freq=1000 samplesperbuffer=4800 num-buffers=6", NULL, TRUE);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_LIVE, 10);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_FAILED, 10);
  parlor_test_wait (MICROPHONE (f) == PARLOR_DEVICE_FAILED, 10);
  assert_test_picture (f);
  assert_test_tone (f);

  /* What stands in keeps time: it does not make up for the time before it. */
  parlor_test_meter_reset (f->pictures);
  elapsed = parlor_test_run_for (1);
  g_assert_cmpuint (parlor_test_meter_get_frames (f->pictures), <=, 33 * elapsed + 3);
}

static void
test_errors (Fixture *f, gconstpointer data)
{
  start (f, "videotestsrc is-live=true pattern=white ! identity error-after=10",
         "audiotestsrc is-live=true freq=1000 ! identity error-after=5",
         "identity error-after=5 ! fakesink sync=true", FALSE);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_FAILED, 10);
  parlor_test_wait (MICROPHONE (f) == PARLOR_DEVICE_FAILED, 10);
  parlor_test_wait (speaker (f) == PARLOR_DEVICE_FAILED, 10);
  assert_name (f, "camera-name", NULL);
  assert_test_picture (f);
  assert_test_tone (f);
}

static void
test_busy_bin (Fixture *f, gconstpointer data)
{
  start (f, PARLOR_TEST_BUSY_SOURCE, NULL, NULL, TRUE);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_BUSY, 10);
  assert_test_picture (f);
}

static void
test_no_devices (Fixture *f, gconstpointer data)
{
  start (f, NULL, NULL, NULL, FALSE);
  g_assert_cmpint (CAMERA (f), ==, PARLOR_DEVICE_STARTING);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_MISSING && MICROPHONE (f) == PARLOR_DEVICE_MISSING,
                    10);
  g_assert_cmpint (speaker (f), ==, PARLOR_DEVICE_MISSING);
  assert_test_picture (f);
  assert_test_tone (f);
}

static void
test_devices (Fixture *f, gconstpointer data)
{
  GstDevice *camera
    = parlor_test_devices_plug ("Video/Source", "Test camera", PARLOR_TEST_DEVICE_SOUND);
  GstDevice *microphone
    = parlor_test_devices_plug ("Audio/Source", "Test microphone", PARLOR_TEST_DEVICE_SOUND);
  GstDevice *sink
    = parlor_test_devices_plug ("Audio/Sink", "Test speaker", PARLOR_TEST_DEVICE_SOUND);

  start (f, NULL, NULL, NULL, FALSE);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_LIVE && MICROPHONE (f) == PARLOR_DEVICE_LIVE, 10);
  parlor_test_wait (speaker (f) == PARLOR_DEVICE_LIVE, 10);
  assert_name (f, "camera-name", "Test camera");
  assert_name (f, "microphone-name", "Test microphone");
  parlor_test_meter_reset (f->pictures);
  parlor_test_wait (parlor_test_meter_get_frames (f->pictures) >= 5, 10);
  g_assert_cmpfloat (parlor_test_meter_get_brightness (f->pictures), >, 100);

  parlor_test_devices_unplug (camera);
  parlor_test_devices_unplug (microphone);
  parlor_test_devices_unplug (sink);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_MISSING && MICROPHONE (f) == PARLOR_DEVICE_MISSING,
                    10);
  parlor_test_wait (speaker (f) == PARLOR_DEVICE_MISSING, 10);
  assert_name (f, "camera-name", NULL);
  assert_test_picture (f);
  assert_test_tone (f);

  camera = parlor_test_devices_plug ("Video/Source", "Another camera", PARLOR_TEST_DEVICE_SOUND);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_LIVE, 10);
  assert_name (f, "camera-name", "Another camera");
  parlor_test_devices_unplug (camera);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_MISSING, 10);
}

static void
test_busy_device (Fixture *f, gconstpointer data)
{
  GstDevice *camera
    = parlor_test_devices_plug ("Video/Source", "Busy camera", PARLOR_TEST_DEVICE_BUSY);
  GstDevice *microphone
    = parlor_test_devices_plug ("Audio/Source", "Broken microphone", PARLOR_TEST_DEVICE_BROKEN);

  start (f, NULL, NULL, NULL, FALSE);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_BUSY, 10);
  parlor_test_wait (MICROPHONE (f) >= PARLOR_DEVICE_MISSING, 10);
  assert_test_picture (f);
  assert_test_tone (f);

  /* The other program lets go of it; the microphone stays as it is. */
  parlor_test_devices_set_mood (camera, PARLOR_TEST_DEVICE_SOUND);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_LIVE, 100);
  assert_name (f, "camera-name", "Busy camera");
  assert_white_picture (f);
  g_assert_cmpint (MICROPHONE (f), >=, PARLOR_DEVICE_MISSING);
  assert_test_tone (f);
  parlor_test_devices_unplug (camera);
  parlor_test_devices_unplug (microphone);
}

/* As a PipeWire camera goes: without a word. */
static void
test_quiet (Fixture *f, gconstpointer data)
{
  GstDevice *camera
    = parlor_test_devices_plug ("Video/Source", "Test camera", PARLOR_TEST_DEVICE_SOUND);

  start (f, NULL, NULL, NULL, FALSE);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_LIVE, 10);
  parlor_test_devices_set_quiet (TRUE);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_FAILED, 30);
  assert_test_picture (f);

  /* It wakes up, as after a suspend. Until then the test picture moves, however often it was tried. */
  parlor_test_run_for (3);
  g_assert_cmpint (CAMERA (f), ==, PARLOR_DEVICE_FAILED);
  assert_test_picture (f);
  parlor_test_devices_set_quiet (FALSE);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_LIVE, 100);
  assert_name (f, "camera-name", "Test camera");
  assert_white_picture (f);
  parlor_test_devices_unplug (camera);
}

/* A device that takes for ever to open keeps nobody waiting. */
static void
test_hanging (Fixture *f, gconstpointer data)
{
  GstDevice *camera
    = parlor_test_devices_plug ("Video/Source", "Slow camera", PARLOR_TEST_DEVICE_SOUND);
  gint64 begin = g_get_monotonic_time ();

  parlor_test_devices_set_hanging (TRUE);
  start (f, NULL, NULL, NULL, FALSE);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, G_USEC_PER_SEC);
  parlor_test_wait (MICROPHONE (f) == PARLOR_DEVICE_MISSING, 10);
  assert_test_tone (f);
  g_assert_cmpint (CAMERA (f), ==, PARLOR_DEVICE_STARTING);

  parlor_test_devices_set_hanging (FALSE);
  parlor_test_wait (CAMERA (f) == PARLOR_DEVICE_LIVE, 10);
  parlor_test_devices_unplug (camera);
}

static void
assert_choice (const char *offered, gboolean jpeg, const char *expected)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (offered);
  g_autoptr (GstCaps) chosen = parlor_slot_chain_choose_camera_caps (caps, jpeg);
  g_autoptr (GstCaps) wanted = expected ? gst_caps_from_string (expected) : NULL;

  g_assert_true (chosen == wanted || (chosen && wanted && gst_caps_is_equal (chosen, wanted)));
}

static void
test_camera_caps (void)
{
  /* A usual camera: raw 720p at 10 pictures a second, JPEG at 30. */
  const char *usual
    = "video/x-raw,format=YUY2,width=640,height=480,framerate={(fraction)30/1,(fraction)15/1};"
      "video/x-raw,format=YUY2,width=1280,height=720,framerate=(fraction)10/1;"
      "image/jpeg,width=1920,height=1080,framerate=(fraction)30/1;"
      "image/jpeg,width=1280,height=720,framerate={(fraction)60/1,(fraction)30/1}";

  assert_choice (usual, TRUE,
                 "image/jpeg,width=1280,height=720,framerate={(fraction)60/1,(fraction)30/1}");
  assert_choice (usual, FALSE,
                 "video/x-raw,width=640,height=480,framerate={(fraction)30/1,(fraction)15/1}");
  assert_choice ("video/x-raw,format=NV12,width=1280,height=720,framerate=(fraction)30/1;"
                 "image/jpeg,width=1280,height=720,framerate=(fraction)30/1",
                 TRUE, "video/x-raw,width=1280,height=720,framerate=(fraction)30/1");
  /* Nothing that is plain to choose from: the camera chooses. */
  assert_choice ("video/x-h264,width=1280,height=720", TRUE, NULL);
  assert_choice ("video/x-raw,width=[1,4096],height=[1,4096]", TRUE, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  parlor_test_devices_init ();

#define ADD(name, func) g_test_add ("/slots/" name, Fixture, NULL, setup, func, teardown)
  ADD ("bad-usage", test_bad_usage);
  ADD ("users-bins", test_users_bins);
  ADD ("paced", test_paced);
  ADD ("eos", test_eos);
  ADD ("errors", test_errors);
  ADD ("busy-bin", test_busy_bin);
  ADD ("no-devices", test_no_devices);
  ADD ("devices", test_devices);
  ADD ("busy-device", test_busy_device);
  ADD ("quiet", test_quiet);
  ADD ("hanging", test_hanging);
  g_test_add_func ("/slots/camera-caps", test_camera_caps);
  return g_test_run ();
}
