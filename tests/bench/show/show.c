/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gst/base/gstbasesink.h>
#include <gst/base/gstpushsrc.h>
#include <gst/video/video.h>

#include <stdio.h>

/*
 * A camera and a screen for the network bench, as elements of GStreamer that cost next to nothing: `showcamera` shows the pictures of a file, again
 * and again, out of its memory, and `showscreen` looks at the number in each picture that it is given. Both write a line "ms number" to their
 * log for each, by the time of day; how a picture has its number is told in marks.py.
 */

#define N_BITS 8
#define BLOCKS 32 /* side by side */

static int
read_number (const guint8 *row, int width)
{
  int number = 0, parity = 0;

  for (int i = 0; i < N_BITS; i++)
    {
      int bit = row[(2 * i + 1) * width / (2 * BLOCKS)] > 126;

      parity ^= bit;
      number |= i < N_BITS - 1 ? bit << i : 0;
    }
  return parity ? -1 : number;
}

static void
note (FILE *log, const guint8 *row, int width)
{
  int number = read_number (row, width);

  if (log && number >= 0)
    fprintf (log, "%.3f %d\n", (double) g_get_real_time () / 1000, number);
}

/* --- The camera -------------------------------------------------------------------------------------------------------------------- */

#define WIDTH 1280
#define HEIGHT 720
#define FPS 30
#define SIZE (WIDTH * HEIGHT * 3 / 2)
#define CAPS "video/x-raw,format=I420,width=1280,height=720,framerate=30/1"

typedef struct
{
  GstPushSrc parent_instance;

  char *location, *log_path;
  GMappedFile *file;
  FILE *log;
  guint64 n;
} ShowCamera;

typedef GstPushSrcClass ShowCameraClass;

enum
{
  PROP_LOCATION = 1,
  PROP_LOG,
};

GType show_camera_get_type (void);
G_DEFINE_TYPE (ShowCamera, show_camera, GST_TYPE_PUSH_SRC)

static void
show_camera_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ShowCamera *self = (ShowCamera *) object;
  char **text = id == PROP_LOCATION ? &self->location : &self->log_path;

  g_free (*text);
  *text = g_value_dup_string (value);
}

static gboolean
show_camera_start (GstBaseSrc *src)
{
  ShowCamera *self = (ShowCamera *) src;

  self->file = self->location ? g_mapped_file_new (self->location, FALSE, NULL) : NULL;
  self->log = self->log_path ? fopen (self->log_path, "a") : NULL;
  self->n = 0;
  if (self->log)
    setlinebuf (self->log);
  return self->file && g_mapped_file_get_length (self->file) >= SIZE;
}

static gboolean
show_camera_stop (GstBaseSrc *src)
{
  ShowCamera *self = (ShowCamera *) src;

  g_clear_pointer (&self->file, g_mapped_file_unref);
  g_clear_pointer (&self->log, fclose);
  return TRUE;
}

static void
show_camera_get_times (GstBaseSrc *src, GstBuffer *buffer, GstClockTime *start, GstClockTime *end)
{
  *start = GST_BUFFER_PTS (buffer);
  *end = *start + GST_BUFFER_DURATION (buffer);
}

static GstFlowReturn
show_camera_create (GstPushSrc *src, GstBuffer **buffer)
{
  ShowCamera *self = (ShowCamera *) src;
  gsize n_pictures = g_mapped_file_get_length (self->file) / SIZE;
  char *picture = g_mapped_file_get_contents (self->file) + self->n % n_pictures * SIZE;

  *buffer = gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, picture, SIZE, 0, SIZE, g_mapped_file_ref (self->file),
                                         (GDestroyNotify) g_mapped_file_unref);
  GST_BUFFER_PTS (*buffer) = gst_util_uint64_scale (self->n, GST_SECOND, FPS);
  GST_BUFFER_DURATION (*buffer) = GST_SECOND / FPS;
  self->n++;
  return GST_FLOW_OK;
}

/* Behind the wait for its time. */
static GstPadProbeReturn
on_taken (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstMapInfo map;

  if (gst_buffer_map (GST_PAD_PROBE_INFO_BUFFER (info), &map, GST_MAP_READ))
    {
      note (((ShowCamera *) user_data)->log, map.data, WIDTH);
      gst_buffer_unmap (GST_PAD_PROBE_INFO_BUFFER (info), &map);
    }
  return GST_PAD_PROBE_OK;
}

static void
show_camera_class_init (ShowCameraClass *klass)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (CAPS);
  GstBaseSrcClass *src_class = GST_BASE_SRC_CLASS (klass);

  G_OBJECT_CLASS (klass)->set_property = show_camera_set_property;
  g_object_class_install_property (G_OBJECT_CLASS (klass), PROP_LOCATION,
                                   g_param_spec_string ("location", NULL, NULL, NULL, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property (G_OBJECT_CLASS (klass), PROP_LOG,
                                   g_param_spec_string ("log", NULL, NULL, NULL, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  src_class->start = show_camera_start;
  src_class->stop = show_camera_stop;
  src_class->get_times = show_camera_get_times;
  GST_PUSH_SRC_CLASS (klass)->create = show_camera_create;
  gst_element_class_add_pad_template (GST_ELEMENT_CLASS (klass), gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass), "Camera of the bench", "Source/Video", "Pictures with numbers", "Parlor");
}

static void
show_camera_init (ShowCamera *self)
{
  gst_base_src_set_live (GST_BASE_SRC (self), TRUE);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
  gst_pad_add_probe (GST_BASE_SRC_PAD (self), GST_PAD_PROBE_TYPE_BUFFER, on_taken, self, NULL);
}

/* --- The screen -------------------------------------------------------------------------------------------------------------------- */

typedef struct
{
  GstBaseSink parent_instance;

  char *log_path;
  FILE *log;
  GstVideoInfo info;
} ShowScreen;

typedef GstBaseSinkClass ShowScreenClass;

GType show_screen_get_type (void);
G_DEFINE_TYPE (ShowScreen, show_screen, GST_TYPE_BASE_SINK)

static void
show_screen_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ShowScreen *self = (ShowScreen *) object;

  g_free (self->log_path);
  self->log_path = g_value_dup_string (value);
}

static gboolean
show_screen_start (GstBaseSink *sink)
{
  ShowScreen *self = (ShowScreen *) sink;

  self->log = self->log_path ? fopen (self->log_path, "a") : NULL;
  if (self->log)
    setlinebuf (self->log);
  return TRUE;
}

static gboolean
show_screen_stop (GstBaseSink *sink)
{
  g_clear_pointer (&((ShowScreen *) sink)->log, fclose);
  return TRUE;
}

static gboolean
show_screen_set_caps (GstBaseSink *sink, GstCaps *caps)
{
  return gst_video_info_from_caps (&((ShowScreen *) sink)->info, caps);
}

static GstFlowReturn
show_screen_render (GstBaseSink *sink, GstBuffer *buffer)
{
  ShowScreen *self = (ShowScreen *) sink;
  GstVideoFrame frame;

  if (!gst_video_frame_map (&frame, &self->info, buffer, GST_MAP_READ))
    return GST_FLOW_OK;
  note (self->log,
        (const guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&frame, 0)
          + GST_VIDEO_FRAME_HEIGHT (&frame) / 36 * GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0),
        GST_VIDEO_FRAME_WIDTH (&frame));
  gst_video_frame_unmap (&frame);
  return GST_FLOW_OK;
}

static void
show_screen_class_init (ShowScreenClass *klass)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string ("video/x-raw,format=I420");
  GstBaseSinkClass *sink_class = GST_BASE_SINK_CLASS (klass);

  G_OBJECT_CLASS (klass)->set_property = show_screen_set_property;
  g_object_class_install_property (G_OBJECT_CLASS (klass), PROP_LOG,
                                   g_param_spec_string ("log", NULL, NULL, NULL, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  sink_class->start = show_screen_start;
  sink_class->stop = show_screen_stop;
  sink_class->set_caps = show_screen_set_caps;
  sink_class->render = show_screen_render;
  gst_element_class_add_pad_template (GST_ELEMENT_CLASS (klass), gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps));
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass), "Screen of the bench", "Sink/Video", "Reads the numbers", "Parlor");
}

static void
show_screen_init (ShowScreen *self)
{
}

/* -------------------------------------------------------------------------------------------------------------------------------------- */

static gboolean
plugin_init (GstPlugin *plugin)
{
  return gst_element_register (plugin, "showcamera", GST_RANK_NONE, show_camera_get_type ())
         && gst_element_register (plugin, "showscreen", GST_RANK_NONE, show_screen_get_type ());
}

#define PACKAGE "parlor"
GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, parlorshow, "Camera and screen of Parlor's network bench", plugin_init, "0", "GPL", "Parlor", "io.github.parlor.Parlor")
