/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PARLOR_PATIENCE_PACKETS 150 /* that are remembered: 3 s of Opus */

/**
 * ParlorPatience: how much longer than usual a voice is held back before it is mixed, as arithmetic. Zeroed = no longer.
 *
 * All times are µs by one clock, and given by the caller.
 */
typedef struct
{
  gint64 lateness[PARLOR_PATIENCE_PACKETS]; /* of the last ones, the oldest overwritten */
  guint n;
  gint64 delay;
  gint64 easy_since; /* when less would have done, ever since */
} ParlorPatience;

gboolean parlor_patience_take (ParlorPatience *self, gint64 now, gint64 lateness, gint64 allowed);

G_END_DECLS
