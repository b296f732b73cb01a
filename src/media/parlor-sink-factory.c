/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-sink-factory.h"

/*
 * ParlorSinkFactory: the interface through which the media room gets the ends of its picture
 * branches.
 *
 * Who implements it decides what a picture ends in: a widget's paintable, a bin of the user's, a
 * test's appsink. Main thread only, because toolkits are.
 */

G_DEFINE_INTERFACE (ParlorSinkFactory, parlor_sink_factory, G_TYPE_OBJECT)

static void
parlor_sink_factory_default_init (ParlorSinkFactoryInterface *iface)
{
}

GstElement *
parlor_sink_factory_create_sink (ParlorSinkFactory *self, GObject **view, GError **error)
{
  g_autoptr (GObject) own_view = NULL;
  GstElement *sink;

  g_return_val_if_fail (PARLOR_IS_SINK_FACTORY (self), NULL);

  sink = PARLOR_SINK_FACTORY_GET_IFACE (self)->create_sink (self, &own_view, error);
  if (view)
    *view = sink ? g_steal_pointer (&own_view) : NULL;
  return sink;
}
