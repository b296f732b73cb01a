/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-patience.h"

#include "parlor-lateness.h"

/*
 * ParlorPatience: a jitter buffer for sound that adapts.
 *
 * Sound cannot be shown a little later now and then as a picture can: each change of the delay is a gap, or a piece left out. So it is made longer
 * once two packets of three seconds came too late, and by what 98 of 100 need; and shorter by 20 ms at a time, after less would have done for long.
 */

#define SHARE 98 /* % that are to come in time */
#define MARGIN (10 * G_TIME_SPAN_MILLISECOND)
#define MAX_DELAY (200 * G_TIME_SPAN_MILLISECOND)
#define STEP (20 * G_TIME_SPAN_MILLISECOND)
#define EASY (15 * G_TIME_SPAN_SECOND)

/**
 * parlor_patience_take:
 * @now: when a packet came
 * @lateness: how long after its time that is
 * @allowed: how late it may be without any patience
 *
 * Returns: whether it came in time to be heard
 */
gboolean
parlor_patience_take (ParlorPatience *self, gint64 now, gint64 lateness, gint64 allowed)
{
  gint64 sorted[PARLOR_PATIENCE_PACKETS];
  gboolean late = lateness > allowed + self->delay;
  guint n, n_late = 0;

  self->lateness[self->n++ % PARLOR_PATIENCE_PACKETS] = lateness;
  n = CLAMP (self->n, 1, PARLOR_PATIENCE_PACKETS);
  parlor_lateness_sort (sorted, self->lateness, n);
  while (n_late < n && sorted[n - 1 - n_late] > allowed + self->delay)
    n_late++;
  if (late && n_late >= 2)
    self->delay = CLAMP (sorted[(n - 1) * SHARE / 100] - allowed + MARGIN, self->delay, MAX_DELAY);
  if (self->delay == 0 || sorted[n - 1] > allowed + self->delay - STEP)
    self->easy_since = now;
  else if (now - self->easy_since > EASY)
    {
      self->delay = MAX (self->delay - STEP, 0);
      self->easy_since = now;
    }
  return !late;
}
