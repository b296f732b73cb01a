/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorLiveness: whether the other side has been silent for too long, as arithmetic without a clock of its own.
 *
 * All times are in us of g_get_monotonic_time(), and given by the caller, who looks several times a second. When it could not look for a
 * while (the program was stopped, the computer slept or had no time for it), packets may lie unread, and what was silent was perhaps only we:
 * silence is counted anew from then. After a sleep, or a stop longer than @alarm_ms, the path has often changed as well, so for some seconds less
 * silence is enough.
 */
typedef struct
{
  guint alarm_ms; /* of silence, which is too long */
  guint early_ms; /* the same, shortly after something happened */
  gint64 looked;  /* when it was last looked */
  gint64 slept;   /* how long the computer had slept by then */
  gint64 since;   /* silence is counted from no earlier */
  gint64 hurried; /* when something last happened; 0 = never */
} ParlorLiveness;

void parlor_liveness_start (ParlorLiveness *self, guint alarm_ms, guint early_ms, gint64 now, gint64 slept);
void parlor_liveness_hurry (ParlorLiveness *self, gint64 now);
gboolean parlor_liveness_look (ParlorLiveness *self, gint64 now, gint64 slept, gint64 heard);

gint64 parlor_liveness_get_slept (void);

G_END_DECLS
