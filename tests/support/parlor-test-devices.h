/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/*
 * Cameras and microphones that exist in this process only, and can be plugged in and out, held by
 * another program, hang or go quiet. GStreamer's device monitor finds them like any other.
 */

typedef enum
{
  PARLOR_TEST_DEVICE_SOUND,  /* it works */
  PARLOR_TEST_DEVICE_BUSY,   /* another program has it */
  PARLOR_TEST_DEVICE_BROKEN, /* it cannot be opened, for no reason known */
} ParlorTestDeviceMood;

/* Hides all devices of the machine and makes room for the test's own. After gst_init(), once. */
void parlor_test_devices_init (void);

/**
 * parlor_test_devices_plug:
 * @device_class: "Video/Source" (a white 640x480 picture), "Audio/Source" (1000 Hz) or "Audio/Sink"
 *
 * Before or while a device monitor looks.
 *
 * Returns: (transfer full): the device
 */
GstDevice *
parlor_test_devices_plug (const char *device_class, const char *name, ParlorTestDeviceMood mood);
void parlor_test_devices_unplug (GstDevice *device); /* (transfer full) */

/* What it is like from now on, for whoever opens it. */
void parlor_test_devices_set_mood (GstDevice *device, ParlorTestDeviceMood mood);
/* While on, no test device delivers anything, and says nothing about it. */
void parlor_test_devices_set_quiet (gboolean quiet);
/* While on, opening a test device takes for ever. */
void parlor_test_devices_set_hanging (gboolean hanging);

/* An element factory whose elements fail to start: GST_RESOURCE_ERROR_BUSY. */
#define PARLOR_TEST_BUSY_SOURCE "parlortestbusysrc"

G_END_DECLS
