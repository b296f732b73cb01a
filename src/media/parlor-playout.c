/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-playout.h"

#include <string.h>

/*
 * ParlorPlayout: as late as nearly all pictures come, and no later.
 *
 * The jitter buffer gives each picture the time at which it would have come had it been as fast as the fastest. What it came later than that is its
 * lateness: it was large and paced, or waited in a queue, or some of it was lost and sent again. Shown at a fixed delay, pictures move evenly; the
 * delay is that below which 19 of 20 of the last seconds came. The twentieth is shown when it is there. Up at once, for what is
 * late now is likely not the last; down slowly, so that nobody sees it.
 */

#define SHARE 95                                   /* % that come in time */
#define MARGIN (4 * G_TIME_SPAN_MILLISECOND)       /* for threads that wake late */
#define MAX_DELAY (400 * G_TIME_SPAN_MILLISECOND)
#define FALL 30                                    /* ms a second */
#define DECODING_WEIGHT 8

static int
compare (gconstpointer a, gconstpointer b)
{
  gint64 one = *(const gint64 *) a, other = *(const gint64 *) b;

  return one < other ? -1 : one > other;
}

static gint64
find_wanted (const ParlorPlayout *self)
{
  gint64 sorted[PARLOR_PLAYOUT_PICTURES];
  guint n = MIN (self->n, PARLOR_PLAYOUT_PICTURES);

  memcpy (sorted, self->lateness, n * sizeof *sorted);
  qsort (sorted, n, sizeof *sorted, compare);
  return CLAMP (sorted[(n - 1) * SHARE / 100] + self->decoding + MARGIN, 0, MAX_DELAY);
}

/* @duration: of decoding one picture; that comes on top, for it begins when the picture is there */
void
parlor_playout_take_decoding (ParlorPlayout *self, gint64 duration)
{
  self->decoding = self->decoding == 0 ? duration : ((DECODING_WEIGHT - 1) * self->decoding + duration) / DECODING_WEIGHT;
}

/* A picture is whole. Returns: the delay from now on */
gint64
parlor_playout_take_picture (ParlorPlayout *self, gint64 now, gint64 lateness)
{
  gint64 wanted;

  self->lateness[self->n++ % PARLOR_PLAYOUT_PICTURES] = lateness;
  wanted = find_wanted (self);
  if (wanted < self->delay)
    wanted = MAX (wanted, self->delay - (now - self->changed) * FALL / 1000);
  self->delay = wanted;
  self->changed = now;
  return self->delay;
}

gint64
parlor_playout_get_delay (const ParlorPlayout *self)
{
  return self->delay;
}
