/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorMetric: what is counted. The names under which they are told are in parlor-metrics.c.
 */
typedef enum
{
  PARLOR_METRIC_CONNECTIONS,  /* TCP connections that were accepted */
  PARLOR_METRIC_UPGRADES,     /* of them, those that became guests */
  PARLOR_METRIC_TLS_DONE,     /* TLS handshakes */
  PARLOR_METRIC_TLS_FAILED,   /* TLS handshakes that came to nothing, deadlines included */
  PARLOR_METRIC_REFUSED,      /* upgrades that got an HTTP status instead */
  PARLOR_METRIC_MESSAGES_IN,  /* text messages of guests, whole */
  PARLOR_METRIC_MESSAGES_OUT, /* text messages to guests */
  PARLOR_METRIC_BYTES_IN,     /* of WebSocket frames, after TLS */
  PARLOR_METRIC_BYTES_OUT,
  PARLOR_METRIC_PINGS_MISSED, /* guests that were dropped for not answering */
  PARLOR_METRIC_SENT_HOME,    /* guests whose visit was over */
  PARLOR_N_METRICS
} ParlorMetric;

/* What is so at this moment. */
typedef struct
{
  guint connections; /* upgraded ones */
  guint guests;      /* those in rooms */
  guint rooms;
  gboolean draining;
} ParlorMetricsNow;

/* All of these may be called from any thread. */
void parlor_metrics_add (ParlorMetric metric, guint64 n);
/* An error of the protocol was told to a guest; codes that PROTOCOL.md does not know count as "other". */
void parlor_metrics_add_error (const char *code);
/* How long a message took from having been read to having been handed to the sockets of those it is for. */
void parlor_metrics_add_forwarding (gint64 microseconds);
/* (transfer full): all of it in the text format of Prometheus, version 0.0.4. */
char *parlor_metrics_to_text (const ParlorMetricsNow *now);

G_END_DECLS
