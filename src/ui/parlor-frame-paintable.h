/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gdk/gdk.h>
#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * ParlorFrameSlot:
 *
 * Where a streaming thread leaves its newest picture for a #ParlorFramePaintable. Reference counted,
 * any thread; it may outlive its paintable, what is put then is dropped.
 */
typedef struct _ParlorFrameSlot ParlorFrameSlot;

ParlorFrameSlot *parlor_frame_slot_ref (ParlorFrameSlot *self);
void parlor_frame_slot_unref (ParlorFrameSlot *self);
void parlor_frame_slot_put_in_stream (ParlorFrameSlot *self, GstSample *sample);

#define PARLOR_TYPE_FRAME_PAINTABLE (parlor_frame_paintable_get_type ())
G_DECLARE_FINAL_TYPE (ParlorFramePaintable,
                      parlor_frame_paintable,
                      PARLOR,
                      FRAME_PAINTABLE,
                      GObject)

ParlorFramePaintable *parlor_frame_paintable_new (void);
ParlorFrameSlot *parlor_frame_paintable_get_slot (ParlorFramePaintable *self);

G_END_DECLS
