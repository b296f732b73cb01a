/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PARLOR_PLAYOUT_PICTURES 90 /* that are remembered: 3 s at 30 a second */

/**
 * ParlorPlayout: how long after its time a picture is shown, as arithmetic. Zeroed = nothing came yet.
 *
 * All times are µs and given by the caller; a picture's own by the sender's clock, which begins anywhere, so that a delay may be below 0.
 */
typedef struct
{
  gint64 lateness[PARLOR_PLAYOUT_PICTURES]; /* of the last ones, the oldest overwritten */
  guint n;
  gint64 decoding; /* smoothed */
  gint64 delay;
  gint64 changed;
} ParlorPlayout;

void parlor_playout_take_decoding (ParlorPlayout *self, gint64 duration);
gint64 parlor_playout_take_picture (ParlorPlayout *self, gint64 now, gint64 lateness);
gint64 parlor_playout_get_wait (const ParlorPlayout *self); /* beyond the soonest of the last ones; -1 = not known */
gint64 parlor_playout_get_delay (const ParlorPlayout *self);

G_END_DECLS
