/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-frame-paintable.h"

#include <gst/video/video.h>

/*
 * ParlorFramePaintable: raw RGB or BGRA frames as a GdkPaintable, without a copy.
 *
 * The streaming thread leaves its newest sample in a slot; a parked GSource (ready time -1) wakes the main
 * thread, which takes whatever is newest then. So at most one redraw is pending, however late the main
 * thread is, and frames that nobody would see are dropped unpainted. The mapped frame becomes a GBytes
 * that a GdkMemoryTexture holds; it is unmapped when GTK lets go of the texture. Main thread only, but for
 * the function that ends in _in_stream.
 */

struct _ParlorFrameSlot
{
  gatomicrefcount refs;
  GSource *wake;

  struct
  {
    GMutex mutex;
    GstSample *newest; /* (nullable) (owned) */
    gboolean closed;
  } in_stream;
};

struct _ParlorFramePaintable
{
  GObject parent_instance;

  ParlorFrameSlot *slot;
  GdkTexture *texture; /* (nullable) */
  double aspect;       /* width : height as it should be seen; 0 = nothing yet */
};

static void paintable_iface_init (GdkPaintableInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ParlorFramePaintable,
                               parlor_frame_paintable,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (GDK_TYPE_PAINTABLE, paintable_iface_init))

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);
  return callback (user_data);
}

static GSourceFuncs wake_funcs = {
  .dispatch = dispatch,
};

static void
unmap_frame (gpointer data)
{
  GstVideoFrame *frame = data;

  gst_video_frame_unmap (frame);
  g_free (frame);
}

static GdkTexture *
texture_from_sample (GstSample *sample, double *aspect)
{
  g_autofree GstVideoFrame *frame = g_new0 (GstVideoFrame, 1);
  g_autoptr (GBytes) bytes = NULL;
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  GstCaps *caps = gst_sample_get_caps (sample);
  GdkMemoryFormat format;
  GstVideoInfo info;
  gsize stride;
  int width, height;

  if (!buffer || !caps || !gst_video_info_from_caps (&info, caps)
      || !gst_video_frame_map (frame, &info, buffer, GST_MAP_READ))
    return NULL;

  /* Video has no alpha, so premultiplied or not is the same; GTK 4.8 has no BGRX. */
  format = GST_VIDEO_INFO_FORMAT (&info) == GST_VIDEO_FORMAT_RGB ? GDK_MEMORY_R8G8B8
                                                                 : GDK_MEMORY_B8G8R8A8_PREMULTIPLIED;
  width = GST_VIDEO_INFO_WIDTH (&info);
  height = GST_VIDEO_INFO_HEIGHT (&info);
  stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
  *aspect = (double) width * GST_VIDEO_INFO_PAR_N (&info) / (height * (double) GST_VIDEO_INFO_PAR_D (&info));

  bytes = g_bytes_new_with_free_func (GST_VIDEO_FRAME_PLANE_DATA (frame, 0),
                                      stride * height, unmap_frame, frame);
  g_steal_pointer (&frame);
  return gdk_memory_texture_new (width, height, format, bytes, stride);
}

static gboolean
show_newest (gpointer user_data)
{
  ParlorFramePaintable *self = user_data;
  ParlorFrameSlot *slot = self->slot;
  g_autoptr (GstSample) sample = NULL;
  g_autoptr (GdkTexture) texture = NULL;
  double aspect = 0;

  g_mutex_lock (&slot->in_stream.mutex);
  sample = g_steal_pointer (&slot->in_stream.newest);
  g_mutex_unlock (&slot->in_stream.mutex);

  if (!sample || !(texture = texture_from_sample (sample, &aspect)))
    return G_SOURCE_CONTINUE;

  g_set_object (&self->texture, texture);
  if (aspect != self->aspect)
    {
      self->aspect = aspect;
      gdk_paintable_invalidate_size (GDK_PAINTABLE (self));
    }
  gdk_paintable_invalidate_contents (GDK_PAINTABLE (self));
  return G_SOURCE_CONTINUE;
}

static void
parlor_frame_paintable_snapshot (GdkPaintable *paintable,
                                 GdkSnapshot *snapshot,
                                 double width,
                                 double height)
{
  ParlorFramePaintable *self = PARLOR_FRAME_PAINTABLE (paintable);

  if (self->texture)
    gdk_paintable_snapshot (GDK_PAINTABLE (self->texture), snapshot, width, height);
}

static GdkPaintable *
parlor_frame_paintable_get_current_image (GdkPaintable *paintable)
{
  ParlorFramePaintable *self = PARLOR_FRAME_PAINTABLE (paintable);

  return self->texture ? GDK_PAINTABLE (g_object_ref (self->texture)) : gdk_paintable_new_empty (0, 0);
}

static int
parlor_frame_paintable_get_intrinsic_width (GdkPaintable *paintable)
{
  ParlorFramePaintable *self = PARLOR_FRAME_PAINTABLE (paintable);

  return self->texture ? gdk_texture_get_width (self->texture) : 0;
}

static int
parlor_frame_paintable_get_intrinsic_height (GdkPaintable *paintable)
{
  ParlorFramePaintable *self = PARLOR_FRAME_PAINTABLE (paintable);

  return self->texture ? gdk_texture_get_height (self->texture) : 0;
}

static double
parlor_frame_paintable_get_intrinsic_aspect_ratio (GdkPaintable *paintable)
{
  return PARLOR_FRAME_PAINTABLE (paintable)->aspect;
}

static void
paintable_iface_init (GdkPaintableInterface *iface)
{
  iface->snapshot = parlor_frame_paintable_snapshot;
  iface->get_current_image = parlor_frame_paintable_get_current_image;
  iface->get_intrinsic_width = parlor_frame_paintable_get_intrinsic_width;
  iface->get_intrinsic_height = parlor_frame_paintable_get_intrinsic_height;
  iface->get_intrinsic_aspect_ratio = parlor_frame_paintable_get_intrinsic_aspect_ratio;
}

static void
parlor_frame_paintable_finalize (GObject *object)
{
  ParlorFramePaintable *self = PARLOR_FRAME_PAINTABLE (object);
  ParlorFrameSlot *slot = self->slot;

  g_mutex_lock (&slot->in_stream.mutex);
  slot->in_stream.closed = TRUE;
  g_clear_pointer (&slot->in_stream.newest, gst_sample_unref);
  g_mutex_unlock (&slot->in_stream.mutex);
  g_source_destroy (slot->wake);

  parlor_frame_slot_unref (slot);
  g_clear_object (&self->texture);
  G_OBJECT_CLASS (parlor_frame_paintable_parent_class)->finalize (object);
}

static void
parlor_frame_paintable_class_init (ParlorFramePaintableClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = parlor_frame_paintable_finalize;
}

static void
parlor_frame_paintable_init (ParlorFramePaintable *self)
{
  ParlorFrameSlot *slot = g_new0 (ParlorFrameSlot, 1);

  g_atomic_ref_count_init (&slot->refs);
  g_mutex_init (&slot->in_stream.mutex);
  slot->wake = g_source_new (&wake_funcs, sizeof (GSource));
  g_source_set_static_name (slot->wake, "ParlorFrameSlot");
  g_source_set_callback (slot->wake, show_newest, self, NULL);
  g_source_set_ready_time (slot->wake, -1);
  g_source_attach (slot->wake, NULL);
  self->slot = slot;
}

/**
 * parlor_frame_paintable_new:
 *
 * Main thread only.
 *
 * Returns: (transfer full): a paintable that shows nothing until a frame is put into its slot
 */
ParlorFramePaintable *
parlor_frame_paintable_new (void)
{
  return g_object_new (PARLOR_TYPE_FRAME_PAINTABLE, NULL);
}

/**
 * parlor_frame_paintable_get_slot:
 * @self: a paintable
 *
 * Returns: (transfer none): where frames for it are put; take a reference to keep it
 */
ParlorFrameSlot *
parlor_frame_paintable_get_slot (ParlorFramePaintable *self)
{
  g_return_val_if_fail (PARLOR_IS_FRAME_PAINTABLE (self), NULL);

  return self->slot;
}

/**
 * parlor_frame_slot_ref:
 * @self: a slot
 *
 * Any thread.
 *
 * Returns: (transfer full): @self
 */
ParlorFrameSlot *
parlor_frame_slot_ref (ParlorFrameSlot *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/**
 * parlor_frame_slot_unref:
 * @self: (transfer full): a slot
 *
 * Any thread.
 */
void
parlor_frame_slot_unref (ParlorFrameSlot *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_clear_pointer (&self->in_stream.newest, gst_sample_unref);
  g_mutex_clear (&self->in_stream.mutex);
  g_source_unref (self->wake);
  g_free (self);
}

/**
 * parlor_frame_slot_put_in_stream:
 * @self: a slot
 * @sample: (transfer full): a frame in RGB or BGRA
 *
 * Any thread; never blocks for longer than a pointer is swapped. Replaces a frame that was not shown yet.
 */
void
parlor_frame_slot_put_in_stream (ParlorFrameSlot *self, GstSample *sample)
{
  g_autoptr (GstSample) old = NULL;

  g_mutex_lock (&self->in_stream.mutex);
  if (self->in_stream.closed)
    {
      old = sample;
    }
  else
    {
      old = self->in_stream.newest;
      self->in_stream.newest = sample;
      if (!old)
        g_source_set_ready_time (self->wake, 0);
    }
  g_mutex_unlock (&self->in_stream.mutex);
}
