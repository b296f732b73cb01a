/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-device-list.h"

/*
 * ParlorDeviceList: the GstDeviceMonitor as a list model. Main thread.
 *
 * There is one monitor in the process, and it is never stopped: in GStreamer 1.22 a device provider
 * reports to the newest monitor only, and to none any more when one of them is disposed of.
 * Starting it blocks (it speaks with PipeWire, Pulse and udev), so a thread does. What is there at
 * the start comes twice, as the monitor's list and as messages on its bus; a device is kept once. A
 * sound server that hangs must not keep a call from starting: after READY_TIMEOUT_MS the list says
 * it is ready with what it has.
 */

#define READY_TIMEOUT_MS 3000

enum
{
  PROP_READY = 1,
  N_PROPS
};

struct _ParlorDeviceList
{
  GObject parent_instance;

  GPtrArray *devices;
  GstBus *bus; /* while started */
  guint timeout;
  gboolean ready;
};

static GParamSpec *props[N_PROPS];

static GType
parlor_device_list_get_item_type (GListModel *model)
{
  return GST_TYPE_DEVICE;
}

static guint
parlor_device_list_get_n_items (GListModel *model)
{
  return PARLOR_DEVICE_LIST (model)->devices->len;
}

static gpointer
parlor_device_list_get_item (GListModel *model, guint position)
{
  ParlorDeviceList *self = PARLOR_DEVICE_LIST (model);

  return position < self->devices->len ? g_object_ref (g_ptr_array_index (self->devices, position))
                                       : NULL;
}

static void
list_model_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = parlor_device_list_get_item_type;
  iface->get_n_items = parlor_device_list_get_n_items;
  iface->get_item = parlor_device_list_get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (ParlorDeviceList,
                               parlor_device_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_iface_init))

static void
set_ready (ParlorDeviceList *self)
{
  g_clear_handle_id (&self->timeout, g_source_remove);
  if (self->ready)
    return;

  self->ready = TRUE;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_READY]);
}

static void
add_device (ParlorDeviceList *self, GstDevice *device)
{
  if (g_ptr_array_find (self->devices, device, NULL))
    return;

  g_ptr_array_add (self->devices, g_object_ref (device));
  g_list_model_items_changed (G_LIST_MODEL (self), self->devices->len - 1, 0, 1);
}

static void
remove_device (ParlorDeviceList *self, GstDevice *device)
{
  guint position;

  if (!g_ptr_array_find (self->devices, device, &position))
    return;

  g_ptr_array_remove_index (self->devices, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
}

static void
on_bus_message (GstBus *bus, GstMessage *message, ParlorDeviceList *self)
{
  g_autoptr (GstDevice) device = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_DEVICE_ADDED)
    {
      gst_message_parse_device_added (message, &device);
      add_device (self, device);
    }
  else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_DEVICE_REMOVED)
    {
      gst_message_parse_device_removed (message, &device);
      remove_device (self, device);
    }
}

static gboolean
on_ready_timeout (gpointer user_data)
{
  ParlorDeviceList *self = user_data;

  g_message ("Looking for devices takes long; going on without");
  self->timeout = 0;
  set_ready (self);
  return G_SOURCE_REMOVE;
}

static void
free_devices (gpointer devices)
{
  g_list_free_full (devices, gst_object_unref);
}

/* The process's monitor; main thread. */
static GstDeviceMonitor *
get_monitor (void)
{
  static GstDeviceMonitor *monitor = NULL;
  g_autoptr (GstBus) bus = NULL;

  if (monitor)
    return monitor;

  monitor = gst_device_monitor_new ();
  gst_device_monitor_add_filter (monitor, "Video/Source", NULL);
  gst_device_monitor_add_filter (monitor, "Audio/Source", NULL);
  gst_device_monitor_add_filter (monitor, "Audio/Sink", NULL);
  bus = gst_device_monitor_get_bus (monitor);
  gst_bus_add_signal_watch (bus);
  return monitor;
}

static void
look_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  static gsize started = 0;

  if (g_once_init_enter (&started))
    {
      gst_device_monitor_start (task_data);
      g_once_init_leave (&started, 1);
    }
  g_task_return_pointer (task, gst_device_monitor_get_devices (task_data), free_devices);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ParlorDeviceList *self = PARLOR_DEVICE_LIST (source);
  GList *devices = g_task_propagate_pointer (G_TASK (result), NULL);

  if (self->bus)
    {
      for (GList *l = devices; l; l = l->next)
        add_device (self, l->data);
      set_ready (self);
    }
  free_devices (devices);
}

/* A dummy stands in until there is a real sink; a monitor is what a speaker plays. */
static gboolean
is_real (GstDevice *device)
{
  g_autoptr (GstStructure) properties = gst_device_get_properties (device);
  g_autofree char *name = gst_device_get_display_name (device);
  const char *class, *node;

  if (g_str_has_prefix (name, "Monitor of "))
    return FALSE;
  if (!properties)
    return TRUE;

  class = gst_structure_get_string (properties, "device.class");
  node = gst_structure_get_string (properties, "node.name");
  return g_strcmp0 (class, "monitor") != 0 && g_strcmp0 (node, "auto_null") != 0
         && g_strcmp0 (name, "Dummy Output") != 0;
}

/* Sound goes through Pulse's elements where both are offered: they follow a stream that the user
   moves elsewhere. */
static int
rate_device (GstDevice *device)
{
  g_autoptr (GstStructure) properties = gst_device_get_properties (device);
  gboolean is_default = FALSE;

  if (properties)
    gst_structure_get_boolean (properties, "is-default", &is_default);
  return (is_default ? 2 : 0)
         + (g_str_has_prefix (G_OBJECT_TYPE_NAME (device), "GstPulse") ? 1 : 0);
}

static void
parlor_device_list_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorDeviceList *self = PARLOR_DEVICE_LIST (object);

  switch (id)
    {
    case PROP_READY:
      g_value_set_boolean (value, self->ready);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_device_list_dispose (GObject *object)
{
  parlor_device_list_stop (PARLOR_DEVICE_LIST (object));

  G_OBJECT_CLASS (parlor_device_list_parent_class)->dispose (object);
}

static void
parlor_device_list_finalize (GObject *object)
{
  g_ptr_array_unref (PARLOR_DEVICE_LIST (object)->devices);

  G_OBJECT_CLASS (parlor_device_list_parent_class)->finalize (object);
}

static void
parlor_device_list_class_init (ParlorDeviceListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = parlor_device_list_get_property;
  object_class->dispose = parlor_device_list_dispose;
  object_class->finalize = parlor_device_list_finalize;

  props[PROP_READY]
    = g_param_spec_boolean ("ready", NULL, NULL, FALSE,
                            G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
parlor_device_list_init (ParlorDeviceList *self)
{
  self->devices = g_ptr_array_new_with_free_func (g_object_unref);
}

ParlorDeviceList *
parlor_device_list_new (void)
{
  return g_object_new (PARLOR_TYPE_DEVICE_LIST, NULL);
}

void
parlor_device_list_start (ParlorDeviceList *self)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (PARLOR_IS_DEVICE_LIST (self));
  g_return_if_fail (self->bus == NULL);

  self->bus = gst_device_monitor_get_bus (get_monitor ());
  g_signal_connect_object (self->bus, "message", G_CALLBACK (on_bus_message), self, 0);
  self->timeout = g_timeout_add (READY_TIMEOUT_MS, on_ready_timeout, self);

  task = g_task_new (self, NULL, on_looked, NULL);
  g_task_set_task_data (task, gst_object_ref (get_monitor ()), gst_object_unref);
  g_task_run_in_thread (task, look_in_thread);
}

void
parlor_device_list_stop (ParlorDeviceList *self)
{
  g_return_if_fail (PARLOR_IS_DEVICE_LIST (self));

  g_clear_handle_id (&self->timeout, g_source_remove);
  if (self->bus)
    g_signal_handlers_disconnect_by_data (self->bus, self);
  g_clear_object (&self->bus);
}

gboolean
parlor_device_list_get_ready (ParlorDeviceList *self)
{
  g_return_val_if_fail (PARLOR_IS_DEVICE_LIST (self), FALSE);

  return self->ready;
}

GstDevice *
parlor_device_list_choose (ParlorDeviceList *self, const char *device_class)
{
  GstDevice *best = NULL;
  int best_rate = -1;

  g_return_val_if_fail (PARLOR_IS_DEVICE_LIST (self), NULL);

  for (guint i = 0; i < self->devices->len; i++)
    {
      GstDevice *device = g_ptr_array_index (self->devices, i);
      int rate;

      if (!gst_device_has_classes (device, device_class) || !is_real (device))
        continue;
      rate = rate_device (device);
      if (rate <= best_rate)
        continue;
      best = device;
      best_rate = rate;
    }
  return best ? g_object_ref (best) : NULL;
}
