/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-test-devices.h"

#include <gst/base/gstpushsrc.h>

static struct
{
  GMutex lock;
  GCond changed;
  gboolean hanging; /* under lock */
  gint quiet;       /* atomic */
  GstDeviceProvider *provider;
  GList *devices; /* those plugged in */
} world;

/* A source that another program holds. */

typedef GstPushSrc BusySrc;
typedef GstPushSrcClass BusySrcClass;

static GType busy_src_get_type (void);
G_DEFINE_TYPE (BusySrc, busy_src, GST_TYPE_PUSH_SRC)

static gboolean
busy_src_start (GstBaseSrc *src)
{
  GST_ELEMENT_ERROR (src, RESOURCE, BUSY, ("The device is in use."), (NULL));
  return FALSE;
}

static void
busy_src_class_init (BusySrcClass *klass)
{
  static GstStaticPadTemplate src
    = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

  gst_element_class_add_static_pad_template (GST_ELEMENT_CLASS (klass), &src);
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass), "Busy source", "Source",
                                         "Cannot be opened", "Parlor");
  GST_BASE_SRC_CLASS (klass)->start = busy_src_start;
}

static void
busy_src_init (BusySrc *self)
{
}

/* A bin that waits when it is opened, while the world hangs. */

typedef GstBin HangBin;
typedef GstBinClass HangBinClass;

static GType hang_bin_get_type (void);
G_DEFINE_TYPE (HangBin, hang_bin, GST_TYPE_BIN)

static GstStateChangeReturn
hang_bin_change_state (GstElement *element, GstStateChange transition)
{
  if (transition == GST_STATE_CHANGE_NULL_TO_READY)
    {
      /* As pipewiresrc does on its way: who answers at once waits for the state change. */
      gst_element_post_message (element, gst_message_new_latency (GST_OBJECT (element)));
      g_mutex_lock (&world.lock);
      while (world.hanging)
        g_cond_wait (&world.changed, &world.lock);
      g_mutex_unlock (&world.lock);
    }
  return GST_ELEMENT_CLASS (hang_bin_parent_class)->change_state (element, transition);
}

static void
hang_bin_class_init (HangBinClass *klass)
{
  GST_ELEMENT_CLASS (klass)->change_state = hang_bin_change_state;
}

static void
hang_bin_init (HangBin *self)
{
}

/* The device. */

typedef struct
{
  GstDevice parent;
  ParlorTestDeviceMood mood;
} TestDevice;
typedef GstDeviceClass TestDeviceClass;

static GType test_device_get_type (void);
G_DEFINE_TYPE (TestDevice, test_device, GST_TYPE_DEVICE)

static GstPadProbeReturn
on_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return g_atomic_int_get (&world.quiet) ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

static GstElement *
make_working (GstDevice *device)
{
  const gboolean sink = gst_device_has_classes (device, "Sink");
  const char *description
    = sink ? "identity ! fakesink sync=true"
      : gst_device_has_classes (device, "Video")
        ? "videotestsrc is-live=true pattern=white ! "
          "capsfilter caps=video/x-raw,format=YUY2,width=640,height=480,framerate=30/1"
        : "audiotestsrc is-live=true freq=1000 volume=0.3 samplesperbuffer=441 ! "
          "capsfilter caps=audio/x-raw,format=F32LE,rate=44100,channels=2";
  g_autoptr (GError) error = NULL;
  GstElement *inner = gst_parse_bin_from_description (description, TRUE, &error);
  GstElement *bin = g_object_new (hang_bin_get_type (), NULL);
  g_autoptr (GstPad) pad = NULL;
  GstPad *ghost;

  g_assert_no_error (error);
  gst_bin_add (GST_BIN (bin), inner);
  pad = gst_element_get_static_pad (inner, sink ? "sink" : "src");
  ghost = gst_ghost_pad_new (sink ? "sink" : "src", pad);
  gst_element_add_pad (bin, ghost);
  gst_pad_add_probe (ghost, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, NULL, NULL);
  return bin;
}

static GstElement *
test_device_create_element (GstDevice *device, const char *name)
{
  switch (((TestDevice *) device)->mood)
    {
    case PARLOR_TEST_DEVICE_BUSY:
      return gst_element_factory_make (PARLOR_TEST_BUSY_SOURCE, name);
    case PARLOR_TEST_DEVICE_BROKEN:
      /* A file where a device was expected. */
      return gst_parse_bin_from_description (
        "filesrc location=/nonexistent/device/directory ! identity", TRUE, NULL);
    case PARLOR_TEST_DEVICE_SOUND:
    default:
      return make_working (device);
    }
}

static void
test_device_class_init (TestDeviceClass *klass)
{
  GST_DEVICE_CLASS (klass)->create_element = test_device_create_element;
}

static void
test_device_init (TestDevice *self)
{
}

/* Its provider. */

typedef GstDeviceProvider TestProvider;
typedef GstDeviceProviderClass TestProviderClass;

static GType test_provider_get_type (void);
G_DEFINE_TYPE (TestProvider, test_provider, GST_TYPE_DEVICE_PROVIDER)

/* Runs on whichever thread starts the monitor. */
static gboolean
test_provider_start (GstDeviceProvider *provider)
{
  g_mutex_lock (&world.lock);
  world.provider = provider;
  for (GList *l = world.devices; l; l = l->next)
    gst_device_provider_device_add (provider, g_object_ref (l->data));
  g_mutex_unlock (&world.lock);
  return TRUE;
}

static void
test_provider_stop (GstDeviceProvider *provider)
{
  g_mutex_lock (&world.lock);
  if (world.provider == provider)
    world.provider = NULL;
  g_mutex_unlock (&world.lock);
}

static void
test_provider_class_init (TestProviderClass *klass)
{
  GST_DEVICE_PROVIDER_CLASS (klass)->start = test_provider_start;
  GST_DEVICE_PROVIDER_CLASS (klass)->stop = test_provider_stop;
  gst_device_provider_class_set_static_metadata (GST_DEVICE_PROVIDER_CLASS (klass),
                                                 "Parlor's test devices", "Source/Sink/Audio/Video",
                                                 "Devices of a test's own", "Parlor");
}

static void
test_provider_init (TestProvider *self)
{
}

void
parlor_test_devices_init (void)
{
  GList *others = gst_device_provider_factory_list_get_device_providers (GST_RANK_MARGINAL);

  for (GList *l = others; l; l = l->next)
    gst_plugin_feature_set_rank (l->data, GST_RANK_NONE);
  gst_plugin_feature_list_free (others);

  gst_device_provider_register (NULL, "parlortestprovider", GST_RANK_PRIMARY,
                                test_provider_get_type ());
  gst_element_register (NULL, PARLOR_TEST_BUSY_SOURCE, GST_RANK_NONE, busy_src_get_type ());
}

GstDevice *
parlor_test_devices_plug (const char *device_class, const char *name, ParlorTestDeviceMood mood)
{
  const gboolean video = g_str_has_prefix (device_class, "Video");
  g_autoptr (GstCaps) caps
    = gst_caps_from_string (video ? "video/x-raw,width=640,height=480,framerate=30/1"
                                  : "audio/x-raw,rate=44100,channels=2");
  TestDevice *device = g_object_new (test_device_get_type (), "device-class", device_class,
                                     "display-name", name, "caps", caps, NULL);

  device->mood = mood;
  gst_object_ref_sink (device);
  g_mutex_lock (&world.lock);
  world.devices = g_list_append (world.devices, g_object_ref (device));
  if (world.provider)
    gst_device_provider_device_add (world.provider, g_object_ref (GST_DEVICE (device)));
  g_mutex_unlock (&world.lock);
  return GST_DEVICE (device);
}

void
parlor_test_devices_set_mood (GstDevice *device, ParlorTestDeviceMood mood)
{
  ((TestDevice *) device)->mood = mood;
}

void
parlor_test_devices_unplug (GstDevice *device)
{
  g_mutex_lock (&world.lock);
  world.devices = g_list_remove (world.devices, device);
  if (world.provider)
    gst_device_provider_device_remove (world.provider, device);
  g_mutex_unlock (&world.lock);
  g_object_unref (device);
  g_object_unref (device);
}

void
parlor_test_devices_set_quiet (gboolean quiet)
{
  g_atomic_int_set (&world.quiet, quiet);
}

void
parlor_test_devices_set_hanging (gboolean hanging)
{
  g_mutex_lock (&world.lock);
  world.hanging = hanging;
  g_cond_broadcast (&world.changed);
  g_mutex_unlock (&world.lock);
}
