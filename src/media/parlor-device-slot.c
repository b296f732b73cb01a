/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-device-slot.h"

#include "parlor-error.h"
#include "parlor-media-enums.h"
#include "parlor-slot-chain.h"

/*
 * ParlorDeviceSlot: what is plugged in at one edge of the studio, and what happens when it fails.
 * Main thread.
 *
 * At any time one ParlorTake is in the slot (or none while devices are looked for): the user's bin,
 * a device, or the stand-in (test picture, test tone, a silent sink). Whatever goes wrong with the
 * first two, the stand-in takes over and the status says why. A device that went away or was never
 * there is taken (back) as soon as one is plugged in; one that is there but did not work, or was busy, is tried again, less and less
 * often. The stand-in stays in the slot until the device has shown that it works.
 *
 * PipeWire says nothing when a camera vanishes, so a watchdog looks for buffers too. It leaves
 * users' bins alone: a pipe may pause.
 */

#define WATCHDOG_PERIOD_MS 500
#define WATCHDOG_LIMIT_US (3 * G_USEC_PER_SEC)
/* Until the first buffer: opening a camera can take that long. */
#define WATCHDOG_FIRST_LIMIT_US (6 * G_USEC_PER_SEC)
#define CLOSE_LIMIT_US (2 * G_USEC_PER_SEC)
#define FIRST_RETRY_S 2 /* after a failure; twice as long each time, until another device is plugged in, up to */
#define MAX_RETRY_S 60
#define TRIAL_S 10 /* that a device on trial has until its first buffer */

enum
{
  PROP_STATUS = 1,
  PROP_NAME,
  N_PROPS
};

struct _ParlorDeviceSlot
{
  GObject parent_instance;

  ParlorSlotKind kind;
  char *description;
  gboolean test;
  char *echo_probe;
  ParlorTakeSampleFunc sample;
  gpointer sample_data;

  gboolean running;
  GstClockTime base_time;
  ParlorDeviceList *devices;
  GstDevice *device; /* the one in the take, or on trial */
  ParlorDeviceStatus status;
  char *name;

  ParlorTake *trial; /* (nullable): a device beside the stand-in that may take its place */
  ParlorTake *over;  /* (nullable): the last trial that came to nothing, and may not have let go of its device yet */
  guint retry;       /* when the next trial begins, or this one ends */
  guint retry_s;

  guint watchdog;
  guint last_count;
  gint64 last_seen;

  GMutex lock;      /* guards take against push_in_stream() */
  ParlorTake *take; /* written on main */
};

G_DEFINE_FINAL_TYPE (ParlorDeviceSlot, parlor_device_slot, G_TYPE_OBJECT)

static GParamSpec *props[N_PROPS];

static const char *device_classes[] = { "Video/Source", "Audio/Source", "Audio/Sink" };

static void stand_in (ParlorDeviceSlot *self, ParlorDeviceStatus status);
static void plan_trial (ParlorDeviceSlot *self);

static void
set_status (ParlorDeviceSlot *self, ParlorDeviceStatus status)
{
  if (self->status == status)
    return;

  self->status = status;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATUS]);
}

static void
set_name (ParlorDeviceSlot *self, const char *name)
{
  if (g_strcmp0 (self->name, name) == 0)
    return;

  g_free (self->name);
  self->name = g_strdup (name);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_NAME]);
}

static void
drop_trial (ParlorDeviceSlot *self)
{
  g_clear_handle_id (&self->retry, g_source_remove);
  if (!self->trial)
    return;
  parlor_take_close (self->trial);
  g_clear_pointer (&self->over, parlor_take_unref);
  self->over = g_steal_pointer (&self->trial);
  g_clear_object (&self->device);
}

/* Takes the take out of the slot and closes it. */
static ParlorTake *
steal_take (ParlorDeviceSlot *self)
{
  ParlorTake *take;

  drop_trial (self);
  g_mutex_lock (&self->lock);
  take = g_steal_pointer (&self->take);
  g_mutex_unlock (&self->lock);

  g_clear_handle_id (&self->watchdog, g_source_remove);
  g_clear_object (&self->device);
  if (take)
    parlor_take_close (take);
  return take;
}

static void
drop_take (ParlorDeviceSlot *self)
{
  ParlorTake *take = steal_take (self);

  if (take)
    parlor_take_unref (take);
}

static ParlorDeviceStatus
status_of_error (const GError *error)
{
  if (g_error_matches (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY))
    return PARLOR_DEVICE_BUSY;
  if (g_error_matches (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND))
    return PARLOR_DEVICE_MISSING;
  return PARLOR_DEVICE_FAILED;
}

static gboolean
on_watchdog (gpointer user_data)
{
  ParlorDeviceSlot *self = user_data;
  gint64 now = g_get_monotonic_time ();
  guint count = parlor_take_get_count (self->take);

  if (count != self->last_count)
    {
      self->last_count = count;
      self->last_seen = now;
    }
  if (now - self->last_seen < (count ? WATCHDOG_LIMIT_US : WATCHDOG_FIRST_LIMIT_US))
    return G_SOURCE_CONTINUE;

  g_message ("%s went quiet", device_classes[self->kind]);
  self->watchdog = 0;
  stand_in (self, PARLOR_DEVICE_FAILED);
  return G_SOURCE_REMOVE;
}

static void
start_watchdog (ParlorDeviceSlot *self)
{
  if (self->kind == PARLOR_SLOT_SPEAKER)
    return;
  self->last_count = 0;
  self->last_seen = g_get_monotonic_time ();
  self->watchdog = g_timeout_add (WATCHDOG_PERIOD_MS, on_watchdog, self);
}

/* What stood in makes room for the device, which delivers by now. */
static void
end_trial (ParlorDeviceSlot *self)
{
  ParlorTake *take = g_steal_pointer (&self->trial);
  g_autoptr (GstDevice) device = g_steal_pointer (&self->device);
  g_autofree char *name = gst_device_get_display_name (device);

  drop_take (self);
  if (self->kind != PARLOR_SLOT_SPEAKER)
    parlor_take_set_sample_func (take, self->sample, self->sample_data);
  g_mutex_lock (&self->lock);
  self->take = take;
  g_mutex_unlock (&self->lock);
  self->device = g_steal_pointer (&device);
  start_watchdog (self);
  set_name (self, name);
  set_status (self, PARLOR_DEVICE_LIVE);
}

static void
on_take_event (ParlorTake *take, ParlorTakeEvent event, const GError *error, gpointer user_data)
{
  ParlorDeviceSlot *self = user_data;
  const char *what = device_classes[self->kind];

  if (take == self->trial)
    {
      if (event == PARLOR_TAKE_FLOWS)
        end_trial (self);
      else
        plan_trial (self);
      return;
    }
  if (event == PARLOR_TAKE_FLOWS)
    {
      if (self->status == PARLOR_DEVICE_STARTING)
        set_status (self, PARLOR_DEVICE_LIVE);
      return;
    }
  if (event == PARLOR_TAKE_ERROR)
    g_message ("%s: %s", what, error->message);
  else
    g_message ("%s came to its end", what);

  if (self->status == PARLOR_DEVICE_STARTING || self->status == PARLOR_DEVICE_LIVE)
    stand_in (self, error ? status_of_error (error) : PARLOR_DEVICE_FAILED);
}

static ParlorTake *
new_take (ParlorDeviceSlot *self, GstElement *chain, gboolean paced, ParlorTakeSampleFunc sample)
{
  if (self->kind == PARLOR_SLOT_SPEAKER)
    return parlor_take_new_sink (chain, self->base_time, PARLOR_STUDIO_LATENCY, on_take_event, self);
  return parlor_take_new_source (chain, paced, self->base_time, sample, self->sample_data, on_take_event, self);
}

/* Puts @chain into the slot, in place of what is there. */
static void
put (ParlorDeviceSlot *self, GstElement *chain, gboolean paced)
{
  ParlorTake *take;

  drop_take (self);
  take = new_take (self, chain, paced, self->sample);

  g_mutex_lock (&self->lock);
  self->take = take;
  g_mutex_unlock (&self->lock);
  parlor_take_open (take);
}

static void
stand_in (ParlorDeviceSlot *self, ParlorDeviceStatus status)
{
  put (self, parlor_slot_chain_new_stand_in (self->kind), FALSE);
  set_name (self, NULL);
  set_status (self, status);
  if (self->devices)
    plan_trial (self);
}

static gboolean
on_trial_over (gpointer user_data)
{
  ParlorDeviceSlot *self = user_data;

  self->retry = 0;
  plan_trial (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_retry (gpointer user_data)
{
  ParlorDeviceSlot *self = user_data;
  g_autoptr (GstDevice) device = parlor_device_list_choose (self->devices, device_classes[self->kind]);
  GstElement *chain = NULL;

  self->retry = 0;
  if (self->over && !parlor_take_wait_closed (self->over, 0))
    {
      plan_trial (self);
      return G_SOURCE_REMOVE;
    }
  if (device)
    chain = parlor_slot_chain_new_from_device (self->kind, device, self->echo_probe);
  if (!chain) /* it is gone, and will be heard of when it is plugged in */
    return G_SOURCE_REMOVE;
  self->device = g_steal_pointer (&device);
  self->trial = new_take (self, chain, FALSE, NULL);
  self->retry = g_timeout_add_seconds (TRIAL_S, on_trial_over, self);
  parlor_take_open (self->trial);
  return G_SOURCE_REMOVE;
}

/* The next one, in place of one that goes on. */
static void
plan_trial (ParlorDeviceSlot *self)
{
  drop_trial (self);
  self->retry_s = self->retry_s ? MIN (2 * self->retry_s, MAX_RETRY_S) : FIRST_RETRY_S;
  self->retry = g_timeout_add_seconds (self->retry_s, on_retry, self);
}

static void
put_device (ParlorDeviceSlot *self)
{
  g_autoptr (GstDevice) device
    = parlor_device_list_choose (self->devices, device_classes[self->kind]);
  GstElement *chain
    = device ? parlor_slot_chain_new_from_device (self->kind, device, self->echo_probe) : NULL;
  g_autofree char *name = NULL;

  if (!chain)
    {
      stand_in (self, device ? PARLOR_DEVICE_FAILED : PARLOR_DEVICE_MISSING);
      return;
    }

  name = gst_device_get_display_name (device);
  self->retry_s = 0;
  put (self, chain, FALSE);
  self->device = g_steal_pointer (&device);
  set_name (self, name);
  set_status (self, PARLOR_DEVICE_STARTING);
  start_watchdog (self);
}

static gboolean
list_has (GListModel *devices, GstDevice *device)
{
  for (guint i = 0; i < g_list_model_get_n_items (devices); i++)
    {
      g_autoptr (GstDevice) other = g_list_model_get_item (devices, i);

      if (other == device)
        return TRUE;
    }
  return FALSE;
}

/* Lets go of what was unplugged, takes what was plugged in. */
static void
follow_devices (ParlorDeviceSlot *self, gboolean added)
{
  g_autoptr (GstDevice) device = NULL;

  if (!self->running || !parlor_device_list_get_ready (self->devices))
    return;

  if (self->device && !list_has (G_LIST_MODEL (self->devices), self->device))
    {
      put_device (self);
      return;
    }
  if (!added || (self->status != PARLOR_DEVICE_MISSING && self->status != PARLOR_DEVICE_FAILED))
    return;
  if ((device = parlor_device_list_choose (self->devices, device_classes[self->kind])))
    put_device (self);
}

static void
on_devices_changed (
  GListModel *devices, guint position, guint removed, guint added, ParlorDeviceSlot *self)
{
  follow_devices (self, added > 0);
}

static void
on_devices_ready (ParlorDeviceList *devices, GParamSpec *pspec, ParlorDeviceSlot *self)
{
  if (self->running && !self->take)
    put_device (self);
}

static void
parlor_device_slot_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorDeviceSlot *self = PARLOR_DEVICE_SLOT (object);

  switch (id)
    {
    case PROP_STATUS:
      g_value_set_enum (value, self->status);
      break;
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_device_slot_dispose (GObject *object)
{
  parlor_device_slot_stop (PARLOR_DEVICE_SLOT (object));

  G_OBJECT_CLASS (parlor_device_slot_parent_class)->dispose (object);
}

static void
parlor_device_slot_finalize (GObject *object)
{
  ParlorDeviceSlot *self = PARLOR_DEVICE_SLOT (object);

  g_free (self->description);
  g_free (self->echo_probe);
  g_free (self->name);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (parlor_device_slot_parent_class)->finalize (object);
}

static void
parlor_device_slot_class_init (ParlorDeviceSlotClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = parlor_device_slot_get_property;
  object_class->dispose = parlor_device_slot_dispose;
  object_class->finalize = parlor_device_slot_finalize;

  props[PROP_STATUS]
    = g_param_spec_enum ("status", NULL, NULL, PARLOR_TYPE_DEVICE_STATUS, PARLOR_DEVICE_OFF, flags);
  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
parlor_device_slot_init (ParlorDeviceSlot *self)
{
  g_mutex_init (&self->lock);
}

ParlorDeviceSlot *
parlor_device_slot_new (ParlorSlotKind kind, const char *description, gboolean test)
{
  ParlorDeviceSlot *self = g_object_new (PARLOR_TYPE_DEVICE_SLOT, NULL);

  self->kind = kind;
  self->description = g_strdup (description);
  self->test = test;
  return self;
}

void
parlor_device_slot_set_sample_func (ParlorDeviceSlot *self,
                                    ParlorTakeSampleFunc func,
                                    gpointer user_data)
{
  g_return_if_fail (PARLOR_IS_DEVICE_SLOT (self));

  self->sample = func;
  self->sample_data = user_data;
}

void
parlor_device_slot_set_echo_probe (ParlorDeviceSlot *self, const char *name)
{
  g_return_if_fail (PARLOR_IS_DEVICE_SLOT (self));

  g_free (self->echo_probe);
  self->echo_probe = g_strdup (name);
}

gboolean
parlor_device_slot_wants_devices (ParlorDeviceSlot *self)
{
  g_return_val_if_fail (PARLOR_IS_DEVICE_SLOT (self), FALSE);

  return !self->description && !self->test;
}

gboolean
parlor_device_slot_start (ParlorDeviceSlot *self,
                          GstClockTime base_time,
                          ParlorDeviceList *devices,
                          GError **error)
{
  GstElement *chain = NULL;

  g_return_val_if_fail (PARLOR_IS_DEVICE_SLOT (self), FALSE);
  g_return_val_if_fail (!self->running, FALSE);
  g_return_val_if_fail (devices || !parlor_device_slot_wants_devices (self), FALSE);

  if (self->description
      && !(chain = parlor_slot_chain_new_from_description (self->kind, self->description, error)))
    return FALSE;

  self->running = TRUE;
  self->base_time = base_time;
  if (chain)
    {
      put (self, chain, TRUE);
      set_name (self, self->description);
      set_status (self, PARLOR_DEVICE_STARTING);
    }
  else if (self->test)
    stand_in (self, PARLOR_DEVICE_TEST);
  else
    {
      g_set_object (&self->devices, devices);
      g_signal_connect_object (devices, "items-changed", G_CALLBACK (on_devices_changed), self, 0);
      g_signal_connect_object (devices, "notify::ready", G_CALLBACK (on_devices_ready), self, 0);
      set_status (self, PARLOR_DEVICE_STARTING);
      if (parlor_device_list_get_ready (devices))
        put_device (self);
    }
  return TRUE;
}

/* @take: (nullable) (transfer full): closed */
static void
wait_for_device (ParlorDeviceSlot *self, ParlorTake *take)
{
  if (!take)
    return;
  if (!parlor_take_wait_closed (take, CLOSE_LIMIT_US))
    g_message ("%s does not close; leaving it", device_classes[self->kind]);
  parlor_take_unref (take);
}

void
parlor_device_slot_stop (ParlorDeviceSlot *self)
{
  g_return_if_fail (PARLOR_IS_DEVICE_SLOT (self));

  if (!self->running)
    return;

  self->running = FALSE;
  if (self->devices)
    g_signal_handlers_disconnect_by_data (self->devices, self);
  g_clear_object (&self->devices);
  wait_for_device (self, steal_take (self));
  wait_for_device (self, g_steal_pointer (&self->over));
  set_name (self, NULL);
  set_status (self, PARLOR_DEVICE_OFF);
}

ParlorDeviceStatus
parlor_device_slot_get_status (ParlorDeviceSlot *self)
{
  g_return_val_if_fail (PARLOR_IS_DEVICE_SLOT (self), PARLOR_DEVICE_OFF);

  return self->status;
}

const char *
parlor_device_slot_get_name (ParlorDeviceSlot *self)
{
  g_return_val_if_fail (PARLOR_IS_DEVICE_SLOT (self), NULL);

  return self->name;
}

void
parlor_device_slot_push_in_stream (ParlorDeviceSlot *self, GstSample *sample)
{
  g_mutex_lock (&self->lock);
  if (self->take)
    parlor_take_push_in_stream (self->take, sample);
  g_mutex_unlock (&self->lock);
}
