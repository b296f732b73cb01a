/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-sink-factory.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_PAINTABLE_FACTORY (parlor_paintable_factory_get_type ())
G_DECLARE_FINAL_TYPE (ParlorPaintableFactory,
                      parlor_paintable_factory,
                      PARLOR,
                      PAINTABLE_FACTORY,
                      GObject)

ParlorSinkFactory *parlor_paintable_factory_new (gboolean sync);

G_END_DECLS
