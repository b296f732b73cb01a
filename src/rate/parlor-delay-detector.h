/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorDelaySignal: how the queue on the path changes.
 * @PARLOR_DELAY_NORMAL: it neither grows nor shrinks
 * @PARLOR_DELAY_OVERUSE: it grows: more is sent than the path carries
 * @PARLOR_DELAY_UNDERUSE: it drains
 */
typedef enum
{
  PARLOR_DELAY_NORMAL,
  PARLOR_DELAY_OVERUSE,
  PARLOR_DELAY_UNDERUSE,
} ParlorDelaySignal;

/* Groups of packets over which the trend of the delay is fitted. */
#define PARLOR_DELAY_WINDOW 20

/* Packets that left together: their delay is one measurement. Times in µs. */
typedef struct
{
  gint64 first_sent, last_sent;
  gint64 first_received, last_received;
} ParlorDelayGroup;

/**
 * ParlorDelayDetector:
 *
 * Tells from the times at which packets left and came whether a queue builds up between. Plain data, to be embedded; see
 * parlor-delay-detector.c. One thread at a time.
 */
typedef struct
{
  ParlorDelayGroup current, previous;
  gboolean has_current, has_previous;

  /* the trend: delays in ms, the origin of their times the first group's */
  gint64 origin;
  guint n_deltas;
  double accumulated, smoothed;
  double times[PARLOR_DELAY_WINDOW], delays[PARLOR_DELAY_WINDOW];
  guint n_points, next_point;
  double last_trend;

  /* the threshold */
  double threshold;
  double last_update; /* ms; below 0 = never */
  double over_for;    /* ms; below 0 = not over */
  guint n_over;
  ParlorDelaySignal signal;
} ParlorDelayDetector;

void parlor_delay_detector_init (ParlorDelayDetector *self);
/* One packet that came: both times in µs, each by its own clock. In the order of sending; others are passed over. */
void parlor_delay_detector_add (ParlorDelayDetector *self, gint64 sent, gint64 received);
ParlorDelaySignal parlor_delay_detector_get_signal (const ParlorDelayDetector *self);

G_END_DECLS
