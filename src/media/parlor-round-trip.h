/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PARLOR_ROUND_TRIP_INTERVAL_MS 1000 /* a ping each */
#define PARLOR_ROUND_TRIP_FRESH_MS 5000    /* a measurement older than this is none */
#define PARLOR_ROUND_TRIP_MAX_READ 10      /* pings and pongs a second; those beyond are not read, so not answered either */
#define PARLOR_ROUND_TRIP_MAX_TEXT 256     /* bytes of one of them */

/**
 * ParlorRoundTrip: what is asked and answered on the data channel `parlor-ping`, as arithmetic. Zeroed = nothing known.
 *
 * All times are of g_get_monotonic_time(), and given by the caller. Nobody else's clock is in it.
 */
typedef struct
{
  guint next; /* the seq of the next ping */
  struct
  {
    gint64 sent; /* us; 0 = nobody waits for it (any more) */
    guint seq;
  } asked[8];

  gint64 trips[3]; /* us, the last ones, the oldest overwritten */
  guint n_trips;
  gint64 measured; /* us, when the last one was */

  gint64 second; /* us, when the second began in which so many were read */
  guint n_read;
} ParlorRoundTrip;

guint parlor_round_trip_ask (ParlorRoundTrip *self, gint64 now);
gboolean parlor_round_trip_take_pong (ParlorRoundTrip *self, guint seq, gint64 now);
gboolean parlor_round_trip_may_read (ParlorRoundTrip *self, gint64 now);
double parlor_round_trip_get_ms (const ParlorRoundTrip *self, gint64 now);

G_END_DECLS
