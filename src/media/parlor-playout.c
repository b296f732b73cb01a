/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-playout.h"

#include "parlor-lateness.h"

/*
 * ParlorPlayout: as late as nearly all pictures come, and no later.
 *
 * A picture's time is told by the sender's clock (RTP). What passes from then until the picture is here changes: it was large and paced, or
 * waited in a queue, or some of it was lost and sent again. Shown at a fixed delay after their times, pictures move evenly; the delay is that
 * below which 19 of 20 of the last seconds came. The twentieth is shown when it is there. Up at once, for what is late now is likely not
 * the last; down slowly, so that nobody sees it, but sooner where there is much to gain. As only the last seconds count, it does not matter that the
 * clocks of both sides differ, and drift.
 */

#define SHARE 95                                  /* % that come in time */
#define MARGIN (4 * G_TIME_SPAN_MILLISECOND)      /* for threads that wake late */
#define MAX_DELAY (400 * G_TIME_SPAN_MILLISECOND) /* beyond the soonest of the last seconds */
#define FALL 30000                                /* us a second, */
#define FALL_SHARE 0.5                            /* and this of what is too much */
#define DECODING_WEIGHT 8

static gint64
find_wanted (const ParlorPlayout *self)
{
  gint64 sorted[PARLOR_PLAYOUT_PICTURES];
  guint n = CLAMP (self->n, 1, PARLOR_PLAYOUT_PICTURES);

  parlor_lateness_sort (sorted, self->lateness, n);
  return MIN (sorted[(n - 1) * SHARE / 100], sorted[0] + MAX_DELAY) + self->decoding + MARGIN;
}

/* @duration: of decoding one picture; that comes on top, for it begins when the picture is there */
void
parlor_playout_take_decoding (ParlorPlayout *self, gint64 duration)
{
  self->decoding = self->decoding == 0 ? duration : ((DECODING_WEIGHT - 1) * self->decoding + duration) / DECODING_WEIGHT;
}

/**
 * parlor_playout_take_picture:
 * @now: when it is whole
 * @lateness: how long after its time that is
 *
 * Returns: the delay from now on
 */
gint64
parlor_playout_take_picture (ParlorPlayout *self, gint64 now, gint64 lateness)
{
  gint64 wanted, fall;

  self->lateness[self->n++ % PARLOR_PLAYOUT_PICTURES] = lateness;
  wanted = find_wanted (self);
  if (self->n > 1 && wanted < self->delay)
    {
      fall = FALL + (gint64) (FALL_SHARE * (double) (self->delay - wanted));
      wanted = MAX (wanted, self->delay - (now - self->changed) * fall / G_USEC_PER_SEC);
    }
  self->delay = wanted;
  self->changed = now;
  return self->delay;
}

gint64
parlor_playout_get_wait (const ParlorPlayout *self)
{
  gint64 soonest = G_MAXINT64;

  for (guint i = 0; i < MIN (self->n, PARLOR_PLAYOUT_PICTURES); i++)
    soonest = MIN (soonest, self->lateness[i]);
  return self->n > 0 ? MAX (self->delay - soonest, 0) : -1;
}

gint64
parlor_playout_get_delay (const ParlorPlayout *self)
{
  return self->delay;
}
