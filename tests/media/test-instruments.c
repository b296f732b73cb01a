/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-test-media.h"

/*
 * The instruments that the other suites rely on, against what they must tell apart.
 */

#define I420 "video/x-raw,format=I420,width=320,height=180,framerate=30/1"
#define PCM "audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved"

/* Runs @description, which is not live, through a meter to its end. */
static ParlorTestMeter *
measure (const char *description, const char *caps)
{
  ParlorTestMeter *meter = parlor_test_meter_new ();
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_pipeline_new (NULL);
  GstElement *bin = gst_parse_bin_from_description (description, TRUE, &error);
  GstElement *sink = parlor_test_meter_new_sink (meter, caps);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;

  g_assert_no_error (error);
  gst_bin_add_many (GST_BIN (pipeline), bin, sink, NULL);
  g_assert_true (gst_element_link (bin, sink));
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  return meter;
}

static void
test_moving (void)
{
  g_autoptr (ParlorTestMeter) meter = measure ("videotestsrc pattern=ball num-buffers=30", I420);
  int width, height;

  parlor_test_meter_get_size (meter, &width, &height);
  g_assert_cmpint (width, ==, 320);
  g_assert_cmpint (height, ==, 180);
  g_assert_cmpuint (parlor_test_meter_get_frames (meter), ==, 30);
  g_assert_true (parlor_test_meter_is_moving (meter));
}

static void
test_frozen (void)
{
  g_autoptr (ParlorTestMeter) meter = measure ("videotestsrc pattern=smpte75 num-buffers=30", I420);

  g_assert_cmpuint (parlor_test_meter_get_frames (meter), ==, 30);
  g_assert_false (parlor_test_meter_is_moving (meter));
}

/* A still picture that went through the encoder trembles; it is a still picture all the same. */
static void
test_frozen_encoded (void)
{
  g_autoptr (ParlorTestMeter) meter
    = measure ("videotestsrc pattern=smpte75 num-buffers=60 ! " I420
               " ! vp8enc deadline=1 target-bitrate=150000 keyframe-max-dist=20 ! vp8dec",
               "video/x-raw,format=I420");

  g_assert_cmpuint (parlor_test_meter_get_frames (meter), >=, 30);
  g_assert_false (parlor_test_meter_is_moving (meter));
}

static void
test_black (void)
{
  g_autoptr (ParlorTestMeter) meter = measure ("videotestsrc pattern=black num-buffers=5", I420);

  g_assert_cmpfloat_with_epsilon (parlor_test_meter_get_brightness (meter), 16, 0.5);
  g_assert_false (parlor_test_meter_is_moving (meter));
}

static void
test_tone (void)
{
  g_autoptr (ParlorTestMeter) meter
    = measure ("audiotestsrc freq=440 volume=0.1 num-buffers=40 samplesperbuffer=480", PCM);

  g_assert_cmpfloat_with_epsilon (parlor_test_meter_get_rms (meter), 0.0707, 0.002);
  g_assert_cmpfloat (parlor_test_meter_get_tone (meter, 440), >, 0.95);
  g_assert_cmpfloat (parlor_test_meter_get_tone (meter, 660), <, 0.05);
  parlor_test_meter_reset (meter);
  g_assert_cmpfloat (parlor_test_meter_get_rms (meter), ==, 0);
  g_assert_cmpfloat (parlor_test_meter_get_tone (meter, 440), ==, 0);
}

static void
test_two_tones (void)
{
  g_autoptr (ParlorTestMeter) meter = measure (
    "audiomixer name=m audiotestsrc freq=440 volume=0.1 num-buffers=60 samplesperbuffer=480 ! m. "
    "audiotestsrc freq=880 volume=0.1 num-buffers=60 samplesperbuffer=480 ! m.",
    PCM);

  g_assert_cmpfloat_with_epsilon (parlor_test_meter_get_tone (meter, 440), 0.5, 0.1);
  g_assert_cmpfloat_with_epsilon (parlor_test_meter_get_tone (meter, 880), 0.5, 0.1);
}

static void
test_silence (void)
{
  g_autoptr (ParlorTestMeter) meter
    = measure ("audiotestsrc wave=silence num-buffers=40 samplesperbuffer=480", PCM);

  g_assert_cmpuint (parlor_test_meter_get_samples (meter), ==, 40 * 480);
  g_assert_cmpfloat (parlor_test_meter_get_rms (meter), ==, 0);
  g_assert_cmpfloat (parlor_test_meter_get_tone (meter, 440), ==, 0);
}

static void
test_noise (void)
{
  g_autoptr (ParlorTestMeter) meter
    = measure ("audiotestsrc wave=white-noise volume=0.1 num-buffers=40 samplesperbuffer=480", PCM);

  g_assert_cmpfloat (parlor_test_meter_get_rms (meter), >, 0.02);
  g_assert_cmpfloat (parlor_test_meter_get_tone (meter, 440), <, 0.1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/instruments/moving", test_moving);
  g_test_add_func ("/instruments/frozen", test_frozen);
  g_test_add_func ("/instruments/frozen-encoded", test_frozen_encoded);
  g_test_add_func ("/instruments/black", test_black);
  g_test_add_func ("/instruments/tone", test_tone);
  g_test_add_func ("/instruments/two-tones", test_two_tones);
  g_test_add_func ("/instruments/silence", test_silence);
  g_test_add_func ("/instruments/noise", test_noise);
  return g_test_run ();
}
