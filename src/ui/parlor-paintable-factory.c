/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-paintable-factory.h"

#include <gst/app/gstappsink.h>

#include "parlor-error.h"
#include "parlor-frame-paintable.h"

/*
 * ParlorPaintableFactory: video sinks whose view is a GdkPaintable. Main thread only.
 *
 * gtk4paintablesink (the GNOME runtime, Debian 13) keeps frames on the GPU and is taken where it is
 * installed. Debian 12 has none: there a bin of videoconvert and an appsink feeds a ParlorFramePaintable.
 * Its format follows the renderer that GTK will pick, measured at 720p30 in percent of one core:
 * cairo RGB 27, BGRA 45; GL on the CPU RGB 44, BGRA 36.
 */

struct _ParlorPaintableFactory
{
  GObject parent_instance;

  gboolean sync;
};

static void sink_factory_iface_init (ParlorSinkFactoryInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ParlorPaintableFactory,
                               parlor_paintable_factory,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (PARLOR_TYPE_SINK_FACTORY,
                                                      sink_factory_iface_init))

/* The rule by which GTK 4.8 picks its renderer; asked before there is a window to ask. */
static gboolean
gtk_draws_with_cairo (void)
{
  const char *asked = g_getenv ("GSK_RENDERER");
  GdkDisplay *display = gdk_display_get_default ();

  if (asked && *asked)
    return g_str_equal (asked, "cairo");
  return !display || !gdk_display_prepare_gl (display, NULL);
}

static GstFlowReturn
on_sample_in_stream (GstAppSink *appsink, gpointer user_data)
{
  GstSample *sample = gst_app_sink_pull_sample (appsink);

  if (!sample)
    return GST_FLOW_EOS;
  parlor_frame_slot_put_in_stream (user_data, sample);
  return GST_FLOW_OK;
}

static GstElement *
missing (const char *element, GError **error)
{
  g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_MEDIA, "GStreamer has no element “%s”", element);
  return NULL;
}

/* videoconvert ! @sink as one element; takes @sink's floating reference */
static GstElement *
wrap_with_convert (GstElement *sink, GError **error)
{
  GstElement *convert = gst_element_factory_make ("videoconvert", NULL);
  g_autoptr (GstPad) pad = NULL;
  GstElement *bin;

  if (!convert)
    {
      gst_object_unref (gst_object_ref_sink (sink));
      return missing ("videoconvert", error);
    }
  bin = gst_bin_new (NULL);
  gst_bin_add_many (GST_BIN (bin), convert, sink, NULL);
  gst_element_link (convert, sink);
  pad = gst_element_get_static_pad (convert, "sink");
  gst_element_add_pad (bin, gst_ghost_pad_new ("sink", pad));
  return bin;
}

static GstElement *
create_gtk_sink (GstElement *sink, gboolean sync, GObject **view, GError **error)
{
  g_object_set (sink, "sync", sync, "async", FALSE, "qos", FALSE, NULL);
  g_object_get (sink, "paintable", view, NULL);
  return wrap_with_convert (sink, error);
}

static GstElement *
create_memory_sink (gboolean sync, GObject **view, GError **error)
{
  const char *format = gtk_draws_with_cairo () ? "RGB" : "BGRA";
  GstElement *sink = gst_element_factory_make ("appsink", NULL);
  GstAppSinkCallbacks callbacks = { .new_sample = on_sample_in_stream };
  g_autoptr (ParlorFramePaintable) paintable = NULL;
  g_autoptr (GstCaps) caps = NULL;
  GstElement *bin;

  if (!sink)
    return missing ("appsink", error);

  caps = gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING, format, NULL);
  g_object_set (sink, "caps", caps, "sync", sync, "async", FALSE, "qos", FALSE,
                "enable-last-sample", FALSE, "max-buffers", 1, "drop", TRUE, NULL);
  paintable = parlor_frame_paintable_new ();
  gst_app_sink_set_callbacks (GST_APP_SINK (sink), &callbacks,
                              parlor_frame_slot_ref (parlor_frame_paintable_get_slot (paintable)),
                              (GDestroyNotify) parlor_frame_slot_unref);
  if (!(bin = wrap_with_convert (sink, error)))
    return NULL;
  *view = G_OBJECT (g_steal_pointer (&paintable));
  return bin;
}

static GstElement *
parlor_paintable_factory_create_sink (ParlorSinkFactory *factory, GObject **view, GError **error)
{
  ParlorPaintableFactory *self = PARLOR_PAINTABLE_FACTORY (factory);
  GstElement *gtk_sink = gst_element_factory_make ("gtk4paintablesink", NULL);

  if (gtk_sink)
    return create_gtk_sink (gtk_sink, self->sync, view, error);
  return create_memory_sink (self->sync, view, error);
}

static void
sink_factory_iface_init (ParlorSinkFactoryInterface *iface)
{
  iface->create_sink = parlor_paintable_factory_create_sink;
}

static void
parlor_paintable_factory_class_init (ParlorPaintableFactoryClass *klass)
{
}

static void
parlor_paintable_factory_init (ParlorPaintableFactory *self)
{
}

/**
 * parlor_paintable_factory_new:
 * @sync: whether frames wait for their time: yes for what comes over the network (it carries the jitter
 *   buffer's smoothing), no for one's own preview
 *
 * Main thread only.
 *
 * Returns: (transfer full): a factory
 */
ParlorSinkFactory *
parlor_paintable_factory_new (gboolean sync)
{
  ParlorPaintableFactory *self = g_object_new (PARLOR_TYPE_PAINTABLE_FACTORY, NULL);

  self->sync = sync;
  return PARLOR_SINK_FACTORY (self);
}
