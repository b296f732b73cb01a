/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-call"

#include "config.h"

#include "parlor-liveness.h"

#include <time.h>

/*
 * ParlorLiveness: pure but for the one question how long this computer has slept.
 */

#define HURRY_US (5 * G_USEC_PER_SEC) /* how long less silence is enough */
#define SLEPT_US G_USEC_PER_SEC       /* a sleep: the two clocks differ by less while they run */

static gint64
ms (guint value)
{
  return (gint64) value * G_TIME_SPAN_MILLISECOND;
}

/**
 * parlor_liveness_start:
 * @self: a liveness
 * @alarm_ms: of silence, which is too long
 * @early_ms: the same, after something happened
 * @now: us
 * @slept: us, from parlor_liveness_get_slept()
 *
 * Counts from now on: of a path that is up since now.
 */
void
parlor_liveness_start (ParlorLiveness *self, guint alarm_ms, guint early_ms, gint64 now, gint64 slept)
{
  *self = (ParlorLiveness){ .alarm_ms = alarm_ms, .early_ms = early_ms, .looked = now, .slept = slept, .since = now };
}

/**
 * parlor_liveness_hurry:
 * @self: a liveness
 * @now: us
 *
 * Something happened to the network, or somebody says so: for five seconds a silence of early_ms is enough.
 */
void
parlor_liveness_hurry (ParlorLiveness *self, gint64 now)
{
  self->hurried = now;
}

/**
 * parlor_liveness_look:
 * @self: a liveness
 * @now: us
 * @slept: us, from parlor_liveness_get_slept()
 * @heard: us, when something of theirs last came in
 *
 * Returns: whether they have been silent for too long
 */
gboolean
parlor_liveness_look (ParlorLiveness *self, gint64 now, gint64 slept, gint64 heard)
{
  gint64 missed = now - self->looked;
  gboolean was_asleep = slept - self->slept > SLEPT_US;
  gboolean may_hurry;

  if (was_asleep || missed > ms (self->alarm_ms) / 2)
    self->since = now;
  if (was_asleep || missed > ms (self->alarm_ms))
    self->hurried = now;
  self->looked = now;
  self->slept = slept;
  may_hurry = self->hurried && now - self->hurried < HURRY_US;
  return now - MAX (heard, self->since) >= ms (may_hurry ? self->early_ms : self->alarm_ms);
}

static gint64
read_clock (clockid_t id)
{
  struct timespec time = { 0 };

  clock_gettime (id, &time);
  return time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

/**
 * parlor_liveness_get_slept:
 *
 * The clock of g_get_monotonic_time() stands still while the computer sleeps; CLOCK_BOOTTIME goes on.
 *
 * Returns: us that this computer has slept since it was started
 */
gint64
parlor_liveness_get_slept (void)
{
  return read_clock (CLOCK_BOOTTIME) - read_clock (CLOCK_MONOTONIC);
}
