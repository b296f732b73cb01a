/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-backoff.h"

static double
constant (gpointer user_data)
{
  return *(double *) user_data;
}

/* With the highest roll the waits show the bounds. */
static void
test_bounds (void)
{
  static const guint expected[] = { 499, 999, 1999, 3999, 7999, 15999, 29999, 29999, 29999 };
  double roll = 0.99999;
  g_autoptr (ParlorBackoff) backoff = parlor_backoff_new (500, 30000, constant, &roll);

  for (guint round = 0; round < 2; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
        g_assert_cmpuint (parlor_backoff_next (backoff), ==, expected[i]);
      parlor_backoff_reset (backoff);
    }
}

static void
test_jitter (void)
{
  double roll = 0;
  g_autoptr (ParlorBackoff) backoff = parlor_backoff_new (500, 30000, constant, &roll);

  g_assert_cmpuint (parlor_backoff_next (backoff), ==, 0);
  roll = 0.5;
  g_assert_cmpuint (parlor_backoff_next (backoff), ==, 500);
  g_assert_cmpuint (parlor_backoff_next (backoff), ==, 1000);
}

static void
test_extremes (void)
{
  double roll = 0.99999;
  g_autoptr (ParlorBackoff) low_cap = parlor_backoff_new (500, 100, constant, &roll);
  g_autoptr (ParlorBackoff) huge = parlor_backoff_new (G_MAXUINT / 2 + 1, G_MAXUINT, constant, &roll);

  g_assert_cmpuint (parlor_backoff_next (low_cap), ==, 99);
  g_assert_cmpuint (parlor_backoff_next (low_cap), ==, 99);
  for (guint i = 0; i < 10; i++)
    g_assert_cmpuint (parlor_backoff_next (huge), >, G_MAXUINT / 4);
}

static void
test_system_random (void)
{
  g_autoptr (ParlorBackoff) backoff = parlor_backoff_new (1 << 20, 1 << 20, NULL, NULL);
  guint first = parlor_backoff_next (backoff);
  gboolean differs = FALSE;

  for (guint i = 0; i < 100; i++)
    {
      guint wait = parlor_backoff_next (backoff);

      g_assert_cmpuint (wait, <, 1 << 20);
      differs |= wait != first;
    }
  g_assert_true (differs);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/backoff/bounds", test_bounds);
  g_test_add_func ("/backoff/jitter", test_jitter);
  g_test_add_func ("/backoff/extremes", test_extremes);
  g_test_add_func ("/backoff/system-random", test_system_random);
  return g_test_run ();
}
