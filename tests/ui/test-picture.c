/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

#include "parlor-frame-paintable.h"
#include "parlor-video-view.h"

static GstSample *
make_frame (int width, int height, guint8 shade, int par)
{
  g_autoptr (GstCaps) caps
    = gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING, "BGRA", "width", G_TYPE_INT, width, "height",
                           G_TYPE_INT, height, "framerate", GST_TYPE_FRACTION, 30, 1, "pixel-aspect-ratio",
                           GST_TYPE_FRACTION, par, 1, NULL);
  g_autoptr (GstBuffer) buffer = gst_buffer_new_allocate (NULL, width * height * 4, NULL);

  gst_buffer_memset (buffer, 0, shade, width * height * 4);
  return gst_sample_new (buffer, caps, NULL, NULL);
}

static void
count (GdkPaintable *paintable, int *counter)
{
  (*counter)++;
}

static void
run_until_idle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static guint8
first_byte (GdkPaintable *paintable)
{
  g_autoptr (GdkPaintable) image = gdk_paintable_get_current_image (paintable);
  guint8 pixels[64 * 64 * 4];

  g_assert_true (GDK_IS_TEXTURE (image));
  gdk_texture_download (GDK_TEXTURE (image), pixels, gdk_texture_get_width (GDK_TEXTURE (image)) * 4);
  return pixels[0];
}

static gpointer
put_many (gpointer data)
{
  for (guint i = 1; i <= 100; i++)
    parlor_frame_slot_put_in_stream (data, make_frame (4, 2, i, 1));
  return NULL;
}

/* A hundred frames while the main thread is away are one redraw, of the newest. */
static void
test_newest_wins (void)
{
  g_autoptr (ParlorFramePaintable) paintable = parlor_frame_paintable_new ();
  GThread *stream;
  int redraws = 0, resizes = 0;

  g_signal_connect (paintable, "invalidate-contents", G_CALLBACK (count), &redraws);
  g_signal_connect (paintable, "invalidate-size", G_CALLBACK (count), &resizes);
  g_assert_cmpint (gdk_paintable_get_intrinsic_width (GDK_PAINTABLE (paintable)), ==, 0);

  stream = g_thread_new ("stream", put_many, parlor_frame_paintable_get_slot (paintable));
  g_thread_join (stream);
  run_until_idle ();
  g_assert_cmpint (redraws, ==, 1);
  g_assert_cmpint (resizes, ==, 1);
  g_assert_cmpuint (first_byte (GDK_PAINTABLE (paintable)), ==, 100);

  parlor_frame_slot_put_in_stream (parlor_frame_paintable_get_slot (paintable), make_frame (4, 2, 7, 1));
  run_until_idle ();
  g_assert_cmpint (redraws, ==, 2);
  g_assert_cmpint (resizes, ==, 1);
  g_assert_cmpuint (first_byte (GDK_PAINTABLE (paintable)), ==, 7);
}

/* Frames with oblong pixels are shown as wide as they are meant. */
static void
test_pixel_aspect (void)
{
  g_autoptr (ParlorFramePaintable) paintable = parlor_frame_paintable_new ();

  parlor_frame_slot_put_in_stream (parlor_frame_paintable_get_slot (paintable), make_frame (4, 4, 1, 2));
  run_until_idle ();
  g_assert_cmpfloat (gdk_paintable_get_intrinsic_aspect_ratio (GDK_PAINTABLE (paintable)), ==, 2);
}

/* A streaming thread may be late: the paintable is gone, its slot is not. */
static void
test_put_after_end (void)
{
  ParlorFramePaintable *paintable = parlor_frame_paintable_new ();
  ParlorFrameSlot *slot = parlor_frame_slot_ref (parlor_frame_paintable_get_slot (paintable));
  GstSample *sample = make_frame (4, 2, 1, 1);

  g_object_add_weak_pointer (G_OBJECT (paintable), (gpointer *) &paintable);
  g_object_unref (paintable);
  g_assert_null (paintable);

  gst_sample_ref (sample);
  parlor_frame_slot_put_in_stream (slot, sample);
  run_until_idle ();
  g_assert_cmpint (GST_MINI_OBJECT_REFCOUNT_VALUE (sample), ==, 1);
  gst_sample_unref (sample);
  parlor_frame_slot_unref (slot);
}

static void
assert_fit (double aspect, gboolean contain, float x, float y, float width, float height)
{
  graphene_rect_t place;

  parlor_video_view_fit (200, 100, aspect, contain, &place);
  g_assert_true (graphene_rect_equal (&place, &GRAPHENE_RECT_INIT (x, y, width, height)));
}

static void
test_fit (void)
{
  assert_fit (1, FALSE, 0, -50, 200, 200); /* a square covers: cut above and below */
  assert_fit (1, TRUE, 50, 0, 100, 100);   /* contained: bars at the sides */
  assert_fit (4, FALSE, -100, 0, 400, 100);
  assert_fit (4, TRUE, 0, 25, 200, 50);
  assert_fit (2, FALSE, 0, 0, 200, 100);
  assert_fit (2, TRUE, 0, 0, 200, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (NULL, NULL);
  g_test_add_func ("/ui/picture/newest-wins", test_newest_wins);
  g_test_add_func ("/ui/picture/pixel-aspect", test_pixel_aspect);
  g_test_add_func ("/ui/picture/put-after-end", test_put_after_end);
  g_test_add_func ("/ui/picture/fit", test_fit);
  return g_test_run ();
}
