/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorLossVerdict: what a share of lost packets means.
 * @PARLOR_LOSS_NOTHING: no more is lost than always
 * @PARLOR_LOSS_SUSPECT: more is: send less, a little, and see
 * @PARLOR_LOSS_CONGESTION: it fell with the rate: the path carries no more
 * @PARLOR_LOSS_RANDOM: it did not: the rate may be what it was
 */
typedef enum
{
  PARLOR_LOSS_NOTHING,
  PARLOR_LOSS_SUSPECT,
  PARLOR_LOSS_CONGESTION,
  PARLOR_LOSS_RANDOM,
} ParlorLossVerdict;

/* Tells loss by congestion from loss at random. Plain data, to be embedded; see parlor-loss-judge.c. */
typedef struct
{
  guint n_packets, n_lost; /* of the window */
  gint64 window_began;     /* µs, when its first packet was sent */
  gboolean testing;
  gint64 test_from;  /* only packets sent later belong to the test */
  gint64 calm_until; /* no new suspicion of a small excess before */
  double suspected;  /* the share that gave rise to the test */
  double random;     /* the share that is lost at random */
  double last;
} ParlorLossJudge;

/**
 * parlor_loss_judge_add:
 * @now: µs
 * @sent: µs, when the packet was sent
 *
 * Returns: a verdict when this packet ends a window that has one
 */
ParlorLossVerdict parlor_loss_judge_add (ParlorLossJudge *self, gint64 now, gint64 sent, gboolean lost);

G_END_DECLS
