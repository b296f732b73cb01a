/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-metrics.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define PARLOR_TYPE_MONITOR (parlor_monitor_get_type ())
G_DECLARE_FINAL_TYPE (ParlorMonitor, parlor_monitor, PARLOR, MONITOR, GObject)

typedef void (*ParlorMonitorAsk) (ParlorMetricsNow *now, gpointer user_data);

ParlorMonitor *parlor_monitor_new (GSocketAddress *address,
                                   GHashTable *allowed_hosts,
                                   ParlorMonitorAsk ask,
                                   gpointer user_data,
                                   GError **error);
guint16 parlor_monitor_get_port (ParlorMonitor *self);

G_END_DECLS
