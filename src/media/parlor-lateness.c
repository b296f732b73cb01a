/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-lateness.h"

#include <stdlib.h>
#include <string.h>

/* What ParlorPlayout and ParlorPatience read off how late things come: not the mean, but what most of them need. */

static int
compare (gconstpointer a, gconstpointer b)
{
  gint64 one = *(const gint64 *) a, other = *(const gint64 *) b;

  return one < other ? -1 : one > other;
}

void
parlor_lateness_sort (gint64 *sorted, const gint64 *lateness, guint n)
{
  memcpy (sorted, lateness, n * sizeof *sorted);
  qsort (sorted, n, sizeof *sorted, compare);
}
