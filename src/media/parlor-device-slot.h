/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-device-list.h"
#include "parlor-studio.h"
#include "parlor-take.h"

G_BEGIN_DECLS

/**
 * ParlorSlotKind: which edge of the studio a slot is.
 */
typedef enum
{
  PARLOR_SLOT_CAMERA,
  PARLOR_SLOT_MICROPHONE,
  PARLOR_SLOT_SPEAKER,
} ParlorSlotKind;

#define PARLOR_RAW_AUDIO "audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved"

/* The studio's fixed latency: when a sound is heard after the running time of its buffer. */
#define PARLOR_STUDIO_LATENCY (130 * GST_MSECOND)

#define PARLOR_TYPE_DEVICE_SLOT (parlor_device_slot_get_type ())
G_DECLARE_FINAL_TYPE (ParlorDeviceSlot, parlor_device_slot, PARLOR, DEVICE_SLOT, GObject)

/**
 * ParlorDeviceSlot:
 *
 * An edge of the studio: camera, microphone or speaker, and what stands in for it. Main thread
 * only.
 *
 * Properties (read-only, notify): "status" (#ParlorDeviceStatus), "name" (nullable string: the
 * device's).
 */

/**
 * parlor_device_slot_new:
 * @description: (nullable): a bin of the user's, instead of a device
 * @test: use the stand-in and look for no device
 */
ParlorDeviceSlot *
parlor_device_slot_new (ParlorSlotKind kind, const char *description, gboolean test);

/* Where a source's buffers go, on a streaming thread, with running times as PTS. Before start. */
void parlor_device_slot_set_sample_func (ParlorDeviceSlot *self,
                                         ParlorTakeSampleFunc func,
                                         gpointer user_data);

/* The studio's webrtcechoprobe, by name, for the echo canceller of a real microphone. Before
   start. */
void parlor_device_slot_set_echo_probe (ParlorDeviceSlot *self, const char *name);

/* Whether start() needs a device list. */
gboolean parlor_device_slot_wants_devices (ParlorDeviceSlot *self);

/**
 * parlor_device_slot_start:
 * @devices: (nullable): where a device is chosen from; needed if the slot wants devices
 * @error: PARLOR_ERROR_BAD_USAGE when the description cannot be parsed
 */
gboolean parlor_device_slot_start (ParlorDeviceSlot *self,
                                   GstClockTime base_time,
                                   ParlorDeviceList *devices,
                                   GError **error);
/* Lets go of the device; waits for it, but not for ever. */
void parlor_device_slot_stop (ParlorDeviceSlot *self);

ParlorDeviceStatus parlor_device_slot_get_status (ParlorDeviceSlot *self);
const char *parlor_device_slot_get_name (ParlorDeviceSlot *self);

/* Plays a buffer on a speaker; any thread, never blocks. */
void parlor_device_slot_push_in_stream (ParlorDeviceSlot *self, GstSample *sample);

G_END_DECLS
