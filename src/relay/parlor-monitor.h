/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-agenda.h"
#include "parlor-metrics.h"
#include "parlor-poll.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ParlorMonitor:
 *
 * GET /metrics and /health on a port of their own.
 */
typedef struct _ParlorMonitor ParlorMonitor;

typedef void (*ParlorMonitorAsk) (ParlorMetricsNow *now, gpointer user_data);

/**
 * ParlorMonitorOptions: what it needs, and whom it asks; all of it must live as long as the monitor.
 */
typedef struct
{
  ParlorPoll *poll;
  ParlorAgenda *agenda;
  GHashTable *allowed_hosts; /* set of names under which it may be asked, besides localhost and address literals */
  ParlorMonitorAsk ask;      /* fills in what is so at the moment */
  gpointer user_data;
} ParlorMonitorOptions;

ParlorMonitor *parlor_monitor_new (GSocketAddress *address, const ParlorMonitorOptions *options, GError **error);
void parlor_monitor_free (ParlorMonitor *self);
guint16 parlor_monitor_get_port (ParlorMonitor *self);

G_END_DECLS
