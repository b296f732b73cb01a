/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-stats.h"

G_BEGIN_DECLS

/**
 * ParlorQuality: how a call is, as a person would say it.
 * @PARLOR_QUALITY_UNKNOWN: too little was seen yet
 * @PARLOR_QUALITY_GOOD: nobody notices anything
 * @PARLOR_QUALITY_FAIR: who looks for it notices it
 * @PARLOR_QUALITY_POOR: in the way of talking
 */
typedef enum
{
  PARLOR_QUALITY_UNKNOWN,
  PARLOR_QUALITY_POOR,
  PARLOR_QUALITY_FAIR,
  PARLOR_QUALITY_GOOD,
} ParlorQuality;

/**
 * ParlorTrouble: what a call that is not good likely suffers from.
 * @PARLOR_TROUBLE_NONE: nothing that is known
 * @PARLOR_TROUBLE_NETWORK: the path, both ways
 * @PARLOR_TROUBLE_OUR_NETWORK: what we send suffers, what we get does not: ways out are narrower than ways in nearly everywhere
 * @PARLOR_TROUBLE_THEIR_NETWORK: the other way round
 * @PARLOR_TROUBLE_THIS_COMPUTER: it does not keep up
 */
typedef enum
{
  PARLOR_TROUBLE_NONE,
  PARLOR_TROUBLE_NETWORK,
  PARLOR_TROUBLE_OUR_NETWORK,
  PARLOR_TROUBLE_THEIR_NETWORK,
  PARLOR_TROUBLE_THIS_COMPUTER,
} ParlorTrouble;

/* What a verdict rests on. Zeroed, it has seen nothing. Plain data; copies are independent. */
typedef struct
{
  ParlorQuality quality;
  ParlorTrouble trouble;

  /*< private >*/
  struct
  {
    gint64 samples, concealed, freeze_ms, frames, dropped;
  } seen[5];
  guint n_seen;   /* in all */
  guint n_better; /* looks in a row that were better than the verdict */
} ParlorQualityJudge;

/**
 * parlor_quality_judge_add:
 * @self: a judge
 * @stats: of the call, about a second after those before
 *
 * Says in @self how the call was in the last four seconds: worse at once, better only when it was for five. Figures that are not known
 * speak neither for nor against it. Counters that begin anew, as they do on another path, begin it anew. Pure.
 */
void parlor_quality_judge_add (ParlorQualityJudge *self, const ParlorStats *stats);

G_END_DECLS
