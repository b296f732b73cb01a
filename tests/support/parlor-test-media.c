/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-test-media.h"

#include <math.h>
#include <string.h>

#include <gst/app/app.h>
#include <gst/video/video.h>

/* 200 ms at 48 kHz: resolves 5 Hz. */
#define WINDOW 9600
/* A point that changed by more than this did not do so by being compressed. */
#define CHANGE 24
/* This share of the points has to: the test picture's ball covers 0.14 %. */
#define MOVED_SHARE 0.0001

struct _ParlorTestMeter
{
  gatomicrefcount refs;
  GMutex lock;

  int width, height;
  guint8 *last; /* luma, width x height */
  guint frames, moved;
  double brightness;

  gint16 window[WINDOW]; /* a ring: the newest is before position samples % WINDOW */
  guint64 samples;
};

ParlorTestMeter *
parlor_test_meter_new (void)
{
  ParlorTestMeter *self = g_new0 (ParlorTestMeter, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  return self;
}

ParlorTestMeter *
parlor_test_meter_ref (ParlorTestMeter *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
parlor_test_meter_unref (ParlorTestMeter *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_mutex_clear (&self->lock);
  g_free (self->last);
  g_free (self);
}

void
parlor_test_meter_reset (ParlorTestMeter *self)
{
  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->last, g_free);
  self->width = self->height = 0;
  self->frames = self->moved = 0;
  self->brightness = 0;
  self->samples = 0;
  memset (self->window, 0, sizeof self->window);
  g_mutex_unlock (&self->lock);
}

static void
add_picture (ParlorTestMeter *self, GstVideoFrame *frame)
{
  const int width = GST_VIDEO_FRAME_WIDTH (frame), height = GST_VIDEO_FRAME_HEIGHT (frame);
  const gboolean comparable = self->last && width == self->width && height == self->height;
  guint64 sum = 0;
  guint changed = 0;

  if (!comparable)
    {
      g_free (self->last);
      self->last = g_malloc ((gsize) width * height);
      self->width = width;
      self->height = height;
    }

  for (int y = 0; y < height; y++)
    {
      const guint8 *row = (const guint8 *) GST_VIDEO_FRAME_PLANE_DATA (frame, 0)
                          + (gsize) y * GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
      guint8 *old = self->last + (gsize) y * width;

      for (int x = 0; x < width; x++)
        {
          sum += row[x];
          if (comparable && ABS (row[x] - old[x]) > CHANGE)
            changed++;
        }
      memcpy (old, row, width);
    }

  self->frames++;
  self->brightness = (double) sum / width / height;
  if (changed > MOVED_SHARE * width * height)
    self->moved++;
}

static void
add_sound (ParlorTestMeter *self, GstBuffer *buffer)
{
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    return;
  for (gsize i = 0; i < map.size / 2; i++)
    self->window[self->samples++ % WINDOW] = GINT16_FROM_LE (((const gint16 *) map.data)[i]);
  gst_buffer_unmap (buffer, &map);
}

void
parlor_test_meter_add (ParlorTestMeter *self, GstSample *sample)
{
  GstCaps *caps = gst_sample_get_caps (sample);
  GstVideoInfo info;
  GstVideoFrame frame;

  g_mutex_lock (&self->lock);
  if (gst_structure_has_name (gst_caps_get_structure (caps, 0), "audio/x-raw"))
    add_sound (self, gst_sample_get_buffer (sample));
  else if (gst_video_info_from_caps (&info, caps)
           && gst_video_frame_map (&frame, &info, gst_sample_get_buffer (sample), GST_MAP_READ))
    {
      add_picture (self, &frame);
      gst_video_frame_unmap (&frame);
    }
  g_mutex_unlock (&self->lock);
}

guint
parlor_test_meter_get_frames (ParlorTestMeter *self)
{
  guint frames;

  g_mutex_lock (&self->lock);
  frames = self->frames;
  g_mutex_unlock (&self->lock);
  return frames;
}

void
parlor_test_meter_get_size (ParlorTestMeter *self, int *width, int *height)
{
  g_mutex_lock (&self->lock);
  *width = self->width;
  *height = self->height;
  g_mutex_unlock (&self->lock);
}

gboolean
parlor_test_meter_is_moving (ParlorTestMeter *self)
{
  gboolean moving;

  g_mutex_lock (&self->lock);
  moving = self->frames >= 5 && self->moved * 2 >= self->frames - 1;
  g_mutex_unlock (&self->lock);
  return moving;
}

double
parlor_test_meter_get_brightness (ParlorTestMeter *self)
{
  double brightness;

  g_mutex_lock (&self->lock);
  brightness = self->brightness;
  g_mutex_unlock (&self->lock);
  return brightness;
}

guint64
parlor_test_meter_get_samples (ParlorTestMeter *self)
{
  guint64 samples;

  g_mutex_lock (&self->lock);
  samples = self->samples;
  g_mutex_unlock (&self->lock);
  return samples;
}

/* The mean square of the window, of full scale. */
static double
power_locked (ParlorTestMeter *self)
{
  double sum = 0;

  if (self->samples < WINDOW)
    return 0;
  for (int i = 0; i < WINDOW; i++)
    sum += pow (self->window[i] / 32768.0, 2);
  return sum / WINDOW;
}

double
parlor_test_meter_get_rms (ParlorTestMeter *self)
{
  double power;

  g_mutex_lock (&self->lock);
  power = power_locked (self);
  g_mutex_unlock (&self->lock);
  return sqrt (power);
}

/* Goertzel's algorithm: one bin of a Fourier transform. */
double
parlor_test_meter_get_tone (ParlorTestMeter *self, double frequency)
{
  const double k = 2 * cos (2 * G_PI * frequency / 48000);
  double s1 = 0, s2 = 0, tone, power;

  g_mutex_lock (&self->lock);
  power = power_locked (self);
  for (int i = 0; i < WINDOW; i++)
    {
      double s = self->window[(self->samples + i) % WINDOW] / 32768.0 + k * s1 - s2;

      s2 = s1;
      s1 = s;
    }
  g_mutex_unlock (&self->lock);

  /* Below this there is nothing but dither. */
  if (power < 1e-8)
    return 0;
  /* A sine of amplitude a has |X|^2 = (a N / 2)^2 and the power a^2 / 2. */
  tone = (s1 * s1 + s2 * s2 - k * s1 * s2) * 2 / ((double) WINDOW * WINDOW);
  return MIN (tone / power, 1);
}

static GstFlowReturn
on_new_sample (GstAppSink *sink, gpointer user_data)
{
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);

  if (sample)
    parlor_test_meter_add (user_data, sample);
  return GST_FLOW_OK;
}

GstElement *
parlor_test_meter_new_sink (ParlorTestMeter *self, const char *caps)
{
  GstAppSinkCallbacks callbacks = { .new_sample = on_new_sample };
  GstElement *sink = gst_element_factory_make ("appsink", NULL);
  g_autoptr (GstCaps) own_caps = gst_caps_from_string (caps);

  g_object_set (sink, "caps", own_caps, "sync", FALSE, "async", FALSE, NULL);
  gst_app_sink_set_callbacks (GST_APP_SINK (sink), &callbacks, parlor_test_meter_ref (self),
                              (GDestroyNotify) parlor_test_meter_unref);
  return sink;
}

struct _ParlorTestDecoder
{
  GstElement *pipeline;
  GstElement *src;
};

ParlorTestDecoder *
parlor_test_decoder_new (ParlorMediaFlags kind, ParlorTestMeter *meter)
{
  const gboolean video = kind == PARLOR_MEDIA_VIDEO;
  ParlorTestDecoder *self = g_new0 (ParlorTestDecoder, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) last = NULL;
  GstElement *sink = parlor_test_meter_new_sink (
    meter, video ? "video/x-raw,format=I420"
                 : "audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved");

  self->pipeline = gst_parse_launch (
    video ? "appsrc name=src format=time is-live=true ! vp8dec name=last"
          : "appsrc name=src format=time is-live=true ! opusdec ! audioconvert ! "
            "audioresample name=last",
    &error);
  g_assert_no_error (error);
  self->src = gst_bin_get_by_name (GST_BIN (self->pipeline), "src");
  last = gst_bin_get_by_name (GST_BIN (self->pipeline), "last");
  gst_bin_add (GST_BIN (self->pipeline), sink);
  g_assert_true (gst_element_link (last, sink));
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
  return self;
}

void
parlor_test_decoder_push (ParlorTestDecoder *self, GstSample *sample)
{
  gst_app_src_push_sample (GST_APP_SRC (self->src), sample);
}

void
parlor_test_decoder_free (ParlorTestDecoder *self)
{
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->src);
  gst_object_unref (self->pipeline);
  g_free (self);
}

struct _ParlorTestSinks
{
  GObject parent_instance;

  ParlorTestMeter *meter;
};

static GstElement *
parlor_test_sinks_create_sink (ParlorSinkFactory *factory, GObject **view, GError **error)
{
  *view = g_object_new (G_TYPE_OBJECT, NULL);
  return parlor_test_meter_new_sink (PARLOR_TEST_SINKS (factory)->meter, "video/x-raw,format=I420");
}

static void
sink_factory_iface_init (ParlorSinkFactoryInterface *iface)
{
  iface->create_sink = parlor_test_sinks_create_sink;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (ParlorTestSinks,
                               parlor_test_sinks,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (PARLOR_TYPE_SINK_FACTORY,
                                                      sink_factory_iface_init))

static void
parlor_test_sinks_finalize (GObject *object)
{
  parlor_test_meter_unref (PARLOR_TEST_SINKS (object)->meter);

  G_OBJECT_CLASS (parlor_test_sinks_parent_class)->finalize (object);
}

static void
parlor_test_sinks_class_init (ParlorTestSinksClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = parlor_test_sinks_finalize;
}

static void
parlor_test_sinks_init (ParlorTestSinks *self)
{
}

ParlorTestSinks *
parlor_test_sinks_new (ParlorTestMeter *meter)
{
  ParlorTestSinks *self = g_object_new (PARLOR_TYPE_TEST_SINKS, NULL);

  self->meter = parlor_test_meter_ref (meter);
  return self;
}

gboolean
parlor_test_tick (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

double
parlor_test_run_for (double seconds)
{
  const gint64 begin = g_get_monotonic_time ();
  const gint64 end = begin + (gint64) (seconds * G_USEC_PER_SEC);
  guint tick = g_timeout_add (10, parlor_test_tick, NULL);

  while (g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (tick);
  return (double) (g_get_monotonic_time () - begin) / G_USEC_PER_SEC;
}

static guint
count_entries (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  return n;
}

guint
parlor_test_count_threads (void)
{
  return count_entries ("/proc/self/task");
}

guint
parlor_test_count_fds (void)
{
  return count_entries ("/proc/self/fd");
}
