/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-peer"

#include "config.h"

#include "parlor-bin-sink-factory.h"

#include "parlor-error.h"

/*
 * ParlorBinSinkFactory: makes sinks from a bin description given on the command line. The description is
 * tried once when the factory is made, so that a typing error is told before anything connects. Main thread only.
 */

struct _ParlorBinSinkFactory
{
  GObject parent_instance;

  char *description;
};

static GstElement *
create_bin (const char *description, GError **error)
{
  g_autoptr (GError) parse_error = NULL;
  g_autoptr (GstElement) bin = NULL;
  /* A converter in front: the user's bin need not know what the decoder makes. */
  g_autofree char *full = g_strdup_printf ("videoconvert ! %s", description);

  bin = gst_parse_bin_from_description_full (full, TRUE, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &parse_error);
  if (!bin)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_USAGE, "--video-sink: %s", parse_error->message);
      return NULL;
    }
  if (!bin->sinkpads || bin->srcpads)
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_BAD_USAGE,
                           "--video-sink: the bin must take video and end in a sink (\"... ! fakesink\").");
      return NULL;
    }
  return g_steal_pointer (&bin);
}

static GstElement *
parlor_bin_sink_factory_create_sink (ParlorSinkFactory *factory, GObject **view, GError **error)
{
  if (view)
    *view = NULL;
  return create_bin (PARLOR_BIN_SINK_FACTORY (factory)->description, error);
}

static void
sink_factory_init (ParlorSinkFactoryInterface *iface)
{
  iface->create_sink = parlor_bin_sink_factory_create_sink;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (ParlorBinSinkFactory, parlor_bin_sink_factory, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (PARLOR_TYPE_SINK_FACTORY, sink_factory_init))

static void
parlor_bin_sink_factory_finalize (GObject *object)
{
  g_free (PARLOR_BIN_SINK_FACTORY (object)->description);
  G_OBJECT_CLASS (parlor_bin_sink_factory_parent_class)->finalize (object);
}

static void
parlor_bin_sink_factory_class_init (ParlorBinSinkFactoryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = parlor_bin_sink_factory_finalize;
}

static void
parlor_bin_sink_factory_init (ParlorBinSinkFactory *self)
{
}

ParlorBinSinkFactory *
parlor_bin_sink_factory_new (const char *description, GError **error)
{
  g_autoptr (GstElement) trial = create_bin (description, error);
  ParlorBinSinkFactory *self;

  if (!trial)
    return NULL;

  self = g_object_new (PARLOR_TYPE_BIN_SINK_FACTORY, NULL);
  self->description = g_strdup (description);
  return self;
}
