/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorLadder:
 *
 * Which height a picture has at which rate, with hysteresis. Plain data, to be embedded, all zero at the start; see parlor-ladder.c.
 */
typedef struct
{
  guint rung;        /* the one in use */
  gboolean begun;
  gboolean fell;     /* it had to step down once */
  gint64 room_since; /* µs; 0 = there is no room for the next rung now */
  double difficulty; /* times the usual rate that this picture wants; 0 = nobody knows */
  double quantizer;  /* smoothed, 0 to 127; 0 = none since the size changed */
  gint64 settled;    /* µs, when size or difficulty last changed */
} ParlorLadder;

/**
 * parlor_ladder_choose:
 * @target: bit/s for the picture
 * @source_height: lines of the camera's picture
 * @now: µs
 *
 * Returns: how many lines to send; never more than @source_height
 */
int parlor_ladder_choose (ParlorLadder *self, gint64 target, int source_height, gint64 now);

/* @quantizer: 0 to 127, with which a picture came out of the encoder at @now */
void parlor_ladder_take_quantizer (ParlorLadder *self, guint quantizer, gint64 now);

/* The rung below so many lines; the lowest is below itself. */
int parlor_ladder_get_below (int lines);

G_END_DECLS
