/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-sink-factory.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_BIN_SINK_FACTORY (parlor_bin_sink_factory_get_type ())
G_DECLARE_FINAL_TYPE (ParlorBinSinkFactory, parlor_bin_sink_factory, PARLOR, BIN_SINK_FACTORY, GObject)

/**
 * parlor_bin_sink_factory_new:
 * @description: a bin in gst-launch syntax that takes raw video
 * @error: %PARLOR_ERROR_BAD_USAGE with GStreamer's words when it cannot be parsed
 *
 * A #ParlorSinkFactory without views: every remote picture goes into a new bin of that description.
 *
 * Returns: (transfer full) (nullable): the factory
 */
ParlorBinSinkFactory *parlor_bin_sink_factory_new (const char *description, GError **error);

G_END_DECLS
