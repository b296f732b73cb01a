/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-round-trip.h"

#define MS G_TIME_SPAN_MILLISECOND
#define START (1000 * MS)

static void
trip (ParlorRoundTrip *self, gint64 sent, gint64 took)
{
  guint seq = parlor_round_trip_ask (self, sent);

  g_assert_true (parlor_round_trip_take_pong (self, seq, sent + took));
}

static void
test_median (void)
{
  ParlorRoundTrip self = { 0 };

  g_assert_cmpfloat (parlor_round_trip_get_ms (&self, START), ==, -1);
  trip (&self, START, 20 * MS);
  g_assert_cmpfloat (parlor_round_trip_get_ms (&self, START + 20 * MS), ==, 20);
  trip (&self, START + 1000 * MS, 500 * MS);
  g_assert_cmpfloat (parlor_round_trip_get_ms (&self, START + 1500 * MS), ==, 20);
  trip (&self, START + 2000 * MS, 30 * MS);
  g_assert_cmpfloat (parlor_round_trip_get_ms (&self, START + 2500 * MS), ==, 30);
  /* One that is longer does not show, two do. */
  trip (&self, START + 3000 * MS, 25 * MS);
  g_assert_cmpfloat (parlor_round_trip_get_ms (&self, START + 3500 * MS), ==, 30);
  trip (&self, START + 4000 * MS, 100 * MS);
  g_assert_cmpfloat (parlor_round_trip_get_ms (&self, START + 4500 * MS), ==, 30);
  trip (&self, START + 5000 * MS, 110 * MS);
  g_assert_cmpfloat (parlor_round_trip_get_ms (&self, START + 5500 * MS), ==, 100);
}

static void
test_stale (void)
{
  ParlorRoundTrip self = { 0 };
  gint64 measured = START + 3 * MS;

  trip (&self, START, 3 * MS);
  g_assert_cmpfloat (parlor_round_trip_get_ms (&self, measured + PARLOR_ROUND_TRIP_FRESH_MS * MS), ==, 3);
  g_assert_cmpfloat (parlor_round_trip_get_ms (&self, measured + PARLOR_ROUND_TRIP_FRESH_MS * MS + 1), ==, -1);
}

static void
test_unasked (void)
{
  ParlorRoundTrip self = { 0 };
  guint first;

  /* Nothing was asked yet: the table is full of zeros, and 0 is a seq. */
  g_assert_false (parlor_round_trip_take_pong (&self, 0, START));
  first = parlor_round_trip_ask (&self, START);
  g_assert_false (parlor_round_trip_take_pong (&self, first + 1, START + MS));
  g_assert_false (parlor_round_trip_take_pong (&self, first + G_N_ELEMENTS (self.asked), START + MS));
  g_assert_false (parlor_round_trip_take_pong (&self, G_MAXINT32, START + MS));
  g_assert_false (parlor_round_trip_take_pong (&self, first, START - 1));
  g_assert_cmpfloat (parlor_round_trip_get_ms (&self, START + MS), ==, -1);
  g_assert_true (parlor_round_trip_take_pong (&self, first, START + MS));
  g_assert_false (parlor_round_trip_take_pong (&self, first, START + 900 * MS));
  g_assert_cmpfloat (parlor_round_trip_get_ms (&self, START + 900 * MS), ==, 1);
}

static void
test_forgotten (void)
{
  ParlorRoundTrip self = { 0 };
  guint first = parlor_round_trip_ask (&self, START), second = parlor_round_trip_ask (&self, START + MS);

  for (guint i = 2; i <= G_N_ELEMENTS (self.asked); i++)
    parlor_round_trip_ask (&self, START + i * MS);
  g_assert_false (parlor_round_trip_take_pong (&self, first, START + 20 * MS));
  g_assert_true (parlor_round_trip_take_pong (&self, second, START + 20 * MS));
}

static void
test_wrap (void)
{
  ParlorRoundTrip self = { .next = G_MAXINT32 };

  trip (&self, START, 5 * MS);
  g_assert_cmpuint (self.next, ==, 0);
  trip (&self, START + MS, 5 * MS);
}

static void
test_flood (void)
{
  ParlorRoundTrip self = { 0 };
  guint n = 0;

  for (gint64 now = START; now < START + 2000 * MS; now += MS)
    n += parlor_round_trip_may_read (&self, now);
  g_assert_cmpuint (n, ==, 2 * PARLOR_ROUND_TRIP_MAX_READ);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/round-trip/median", test_median);
  g_test_add_func ("/round-trip/stale", test_stale);
  g_test_add_func ("/round-trip/unasked", test_unasked);
  g_test_add_func ("/round-trip/forgotten", test_forgotten);
  g_test_add_func ("/round-trip/wrap", test_wrap);
  g_test_add_func ("/round-trip/flood", test_flood);
  return g_test_run ();
}
