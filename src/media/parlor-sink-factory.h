/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define PARLOR_TYPE_SINK_FACTORY (parlor_sink_factory_get_type ())
G_DECLARE_INTERFACE (ParlorSinkFactory, parlor_sink_factory, PARLOR, SINK_FACTORY, GObject)

/**
 * ParlorSinkFactory:
 *
 * Makes the end of a video branch. The ui has one whose views are GdkPaintables; parlor-peer's come
 * from bin descriptions; so the media room knows no toolkit. create_sink() is called on the main
 * thread only.
 */
struct _ParlorSinkFactoryInterface
{
  GTypeInterface parent_iface;

  GstElement *(*create_sink) (ParlorSinkFactory *self, GObject **view, GError **error);
};

/**
 * parlor_sink_factory_create_sink:
 * @view: (out) (nullable) (transfer full): what shows the frames, or %NULL
 *
 * Returns: (transfer floating) (nullable): an element with one sink pad that takes raw video (it
 * converts by itself), in NULL state
 */
GstElement *
parlor_sink_factory_create_sink (ParlorSinkFactory *self, GObject **view, GError **error);

G_END_DECLS
