/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <gst/gst.h>

G_BEGIN_DECLS

#define PARLOR_TYPE_DEVICE_LIST (parlor_device_list_get_type ())
G_DECLARE_FINAL_TYPE (ParlorDeviceList, parlor_device_list, PARLOR, DEVICE_LIST, GObject)

/**
 * ParlorDeviceList:
 *
 * The cameras, microphones and speakers there are: a GListModel of #GstDevice that follows what is
 * plugged in and out. Main thread only; the looking itself happens on another.
 *
 * Properties (read-only, notify): "ready" (gboolean): what was there at the start is in the list,
 * or the search took too long.
 */
ParlorDeviceList *parlor_device_list_new (void);

void parlor_device_list_start (ParlorDeviceList *self);
/* Nothing changes any more. Not to be started again. */
void parlor_device_list_stop (ParlorDeviceList *self);
gboolean parlor_device_list_get_ready (ParlorDeviceList *self);

/**
 * parlor_device_list_choose:
 * @device_class: "Video/Source", "Audio/Source" or "Audio/Sink"
 *
 * The best device of that class: the system's default before others; never a speaker's monitor or a
 * sound server's dummy.
 *
 * Returns: (transfer full) (nullable): the device
 */
GstDevice *parlor_device_list_choose (ParlorDeviceList *self, const char *device_class);

G_END_DECLS
