/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-playout.h"

#define MS G_TIME_SPAN_MILLISECOND
#define PICTURE (33 * MS)

/* @n pictures, of which every @period-th comes @late later than @usual; the delay after them. */
static gint64
show (ParlorPlayout *self, gint64 *now, guint n, gint64 usual, guint period, gint64 late)
{
  gint64 delay = 0;

  for (guint i = 1; i <= n; i++)
    delay = parlor_playout_take_picture (self, *now += PICTURE, period > 0 && i % period == 0 ? usual + late : usual);
  return delay;
}

static void
test_even (void)
{
  ParlorPlayout self = { 0 };
  gint64 now = 0, delay;

  g_assert_cmpint (parlor_playout_get_wait (&self), ==, -1);
  parlor_playout_take_decoding (&self, 5 * MS);
  delay = show (&self, &now, 100, 20 * MS, 0, 0);
  g_assert_cmpint (delay, >=, 25 * MS);
  g_assert_cmpint (delay, <, 35 * MS);
  g_assert_cmpint (parlor_playout_get_wait (&self), ==, delay - 20 * MS);
}

/* One in forty does not count, one in ten does. */
static void
test_share (void)
{
  ParlorPlayout seldom = { 0 }, often = { 0 };
  gint64 now = 0;

  g_assert_cmpint (show (&seldom, &now, 200, 10 * MS, 40, 100 * MS), <, 30 * MS);
  g_assert_cmpint (show (&often, &now, 200, 10 * MS, 10, 100 * MS), >=, 110 * MS);
}

/* Up within a few pictures, down in seconds and never by much at once. */
static void
test_up_and_down (void)
{
  ParlorPlayout self = { 0 };
  gint64 now = 0, before, delay;

  show (&self, &now, 100, 10 * MS, 0, 0);
  delay = show (&self, &now, 6, 150 * MS, 0, 0);
  g_assert_cmpint (delay, >=, 150 * MS);
  for (guint i = 0; i < 60; i++)
    {
      before = delay;
      delay = show (&self, &now, 1, 10 * MS, 0, 0);
      g_assert_cmpint (before - delay, <=, 10 * MS);
    }
  delay = show (&self, &now, 300, 10 * MS, 0, 0);
  g_assert_cmpint (delay, <, 20 * MS);
}

/* The other clock may begin anywhere, and drift: 0.5 ms a second here. */
static void
test_other_clock (void)
{
  ParlorPlayout self = { 0 };
  gint64 now = 0, delay = 0, offset = -7200 * (gint64) G_USEC_PER_SEC;

  for (guint i = 0; i < 3000; i++)
    delay = parlor_playout_take_picture (&self, now += PICTURE, offset += PICTURE / 2000);
  g_assert_cmpint (ABS (delay - offset), <, 20 * MS);
}

/* Nothing makes it longer than that. */
static void
test_longest (void)
{
  ParlorPlayout self = { 0 };
  gint64 now = 0;

  show (&self, &now, 10, 0, 0, 0);
  g_assert_cmpint (show (&self, &now, 60, 5000 * MS, 0, 0), <, 500 * MS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/playout/even", test_even);
  g_test_add_func ("/playout/share", test_share);
  g_test_add_func ("/playout/up-and-down", test_up_and_down);
  g_test_add_func ("/playout/other-clock", test_other_clock);
  g_test_add_func ("/playout/longest", test_longest);
  return g_test_run ();
}
