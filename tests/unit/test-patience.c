/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-patience.h"

#define MS G_TIME_SPAN_MILLISECOND
#define PACKET (20 * MS)
#define ALLOWED (70 * MS)

/* @n packets, every @period-th of them @late; how many were too late. */
static guint
hear (ParlorPatience *self, gint64 *now, guint n, guint period, gint64 late)
{
  guint n_late = 0;

  for (guint i = 1; i <= n; i++)
    n_late += !parlor_patience_take (self, *now += PACKET, period > 0 && i % period == 0 ? late : 5 * MS, ALLOWED);
  return n_late;
}

static void
test_good_line (void)
{
  ParlorPatience self = { 0 };
  gint64 now = 0;

  g_assert_cmpuint (hear (&self, &now, 1000, 0, 0), ==, 0);
  g_assert_cmpint (self.delay, ==, 0);
  g_assert_cmpuint (hear (&self, &now, 1000, 400, 120 * MS), ==, 2); /* one now and then is not worth waiting for */
  g_assert_cmpint (self.delay, ==, 0);
}

static void
test_jitter (void)
{
  ParlorPatience self = { 0 };
  gint64 now = 0;

  g_assert_cmpuint (hear (&self, &now, 1000, 10, 120 * MS), <=, 3);
  g_assert_cmpint (self.delay, >=, 50 * MS);
  g_assert_cmpint (self.delay, <, 80 * MS);
  g_assert_cmpuint (hear (&self, &now, 1000, 10, 120 * MS), ==, 0);
}

/* Back in steps, and not before a quarter of a minute each. */
static void
test_back (void)
{
  ParlorPatience self = { 0 };
  gint64 now = 0, delay;

  hear (&self, &now, 100, 10, 120 * MS);
  delay = self.delay;
  hear (&self, &now, 14 * 50, 0, 0);
  g_assert_cmpint (self.delay, ==, delay);
  hear (&self, &now, 6 * 50, 0, 0);
  g_assert_cmpint (self.delay, ==, delay - 20 * MS);
  hear (&self, &now, 120 * 50, 0, 0);
  g_assert_cmpint (self.delay, ==, 0);
}

static void
test_longest (void)
{
  ParlorPatience self = { 0 };
  gint64 now = 0;

  hear (&self, &now, 200, 1, 5000 * MS);
  g_assert_cmpint (self.delay, <=, 200 * MS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/patience/good-line", test_good_line);
  g_test_add_func ("/patience/jitter", test_jitter);
  g_test_add_func ("/patience/back", test_back);
  g_test_add_func ("/patience/longest", test_longest);
  return g_test_run ();
}
