/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-liveness.h"

/* When silence is too long, on a clock of the test's own. */

#define MS G_TIME_SPAN_MILLISECOND
#define STEP (250 * MS)
#define BEGIN (1000 * G_USEC_PER_SEC)

typedef struct
{
  ParlorLiveness liveness;
  gint64 now, slept, heard;
} Clock;

static void
start (Clock *clock)
{
  *clock = (Clock){ .now = BEGIN, .heard = BEGIN };
  parlor_liveness_start (&clock->liveness, 1700, 1000, clock->now, clock->slept);
}

/* Time goes by, and then it is looked. */
static gboolean
pass (Clock *clock, gint64 us)
{
  clock->now += us;
  return parlor_liveness_look (&clock->liveness, clock->now, clock->slept, clock->heard);
}

/* In steps; returns after how many us it was too long, -1 when it was not in @us. */
static gint64
wait_in_silence (Clock *clock, gint64 us)
{
  gint64 begin = clock->now;

  while (clock->now - begin < us)
    if (pass (clock, STEP))
      return clock->now - begin;
  return -1;
}

static void
test_silence (void)
{
  Clock clock;

  start (&clock);
  g_assert_cmpint (wait_in_silence (&clock, 10 * G_USEC_PER_SEC), ==, 1750 * MS);

  /* Whatever comes in every second and a half is enough. */
  start (&clock);
  for (guint i = 0; i < 100; i++)
    {
      g_assert_cmpint (wait_in_silence (&clock, 1500 * MS), ==, -1);
      clock.heard = clock.now;
    }
}

static void
test_hurry (void)
{
  Clock clock;

  start (&clock);
  parlor_liveness_hurry (&clock.liveness, clock.now);
  g_assert_cmpint (wait_in_silence (&clock, 10 * G_USEC_PER_SEC), ==, 1000 * MS);

  /* It passes. */
  start (&clock);
  parlor_liveness_hurry (&clock.liveness, clock.now);
  for (guint i = 0; i < 6; i++)
    {
      pass (&clock, STEP);
      clock.heard = clock.now;
      pass (&clock, 600 * MS);
      clock.heard = clock.now;
    }
  g_assert_cmpint (wait_in_silence (&clock, 10 * G_USEC_PER_SEC), ==, 1750 * MS);
}

/* The machine had no time for us, for a second: what came meanwhile lies unread. */
static void
test_stall (void)
{
  Clock clock;

  start (&clock);
  pass (&clock, 1500 * MS);
  g_assert_false (pass (&clock, 1000 * MS));
  g_assert_cmpint (wait_in_silence (&clock, 10 * G_USEC_PER_SEC), ==, 1750 * MS);
}

/* We were stopped for ten seconds, or the computer slept, in which its clock stood still: no alarm at once, but an early one. */
static void
test_stopped_and_asleep (void)
{
  Clock clock;

  for (guint asleep = 0; asleep < 2; asleep++)
    {
      start (&clock);
      g_assert_false (pass (&clock, STEP));
      clock.slept += asleep ? 3600 * (gint64) G_USEC_PER_SEC : 0;
      g_assert_false (pass (&clock, asleep ? STEP : 10 * G_USEC_PER_SEC));
      g_assert_cmpint (wait_in_silence (&clock, 10 * G_USEC_PER_SEC), ==, 1000 * MS);
    }
}

static void
test_clocks (void)
{
  gint64 slept = parlor_liveness_get_slept ();

  g_assert_cmpint (slept, >=, -1000);
  g_assert_cmpint (ABS (parlor_liveness_get_slept () - slept), <, G_USEC_PER_SEC);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/liveness/silence", test_silence);
  g_test_add_func ("/liveness/hurry", test_hurry);
  g_test_add_func ("/liveness/stall", test_stall);
  g_test_add_func ("/liveness/stopped-and-asleep", test_stopped_and_asleep);
  g_test_add_func ("/liveness/clocks", test_clocks);
  return g_test_run ();
}
