/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-quality.h"

/*
 * ParlorQualityJudge: limits, and which of them were crossed.
 *
 * Each half of a call, what comes in and what goes out, is judged by itself, and the worse one counts. What comes in was seen and heard here. Of
 * what goes out only the path's answers are known: what is lost of it, and how much it carries.
 *
 * Round trips: a delay of 150 ms one way is good and one of 400 ms the most that is acceptable, ITU-T G.114, from mouth to ear; about 100 ms of that are
 * spent in the two computers. Concealment and loss: the sound of Opus with in-band FEC survives some per cent of lost packets, and what is concealed after
 * that is what is heard (the limits are those by which the calls of tests/bench/network.py sound good and bad). Freezes are those of W3C webrtc-stats.
 */

#define POOR_ROUND_TRIP 600 /* ms */
#define FAIR_ROUND_TRIP 300 /* ms */
#define POOR_CONCEALED 0.05 /* of the sound */
#define FAIR_CONCEALED 0.015
#define POOR_FROZEN 0.15 /* of the time */
#define FAIR_FROZEN 0.0
#define POOR_LOSS 0.15 /* of the packets, on their way out */
#define FAIR_LOSS 0.05
#define POOR_ESTIMATE 150000 /* bit/s, on the way out: sound, and something like a picture */
#define FAIR_ESTIMATE 400000 /* less than 360 lines in motion */
#define MANY_DROPPED 0.1     /* of the pictures that came: too late to be shown, here */
#define LOOKS_TO_RISE 5

#define N_SEEN G_N_ELEMENTS (((ParlorQualityJudge *) NULL)->seen)

static ParlorQuality
worse (ParlorQuality a, ParlorQuality b)
{
  return MIN (a, b);
}

/* More is worse. @figure: -1 = not known */
static ParlorQuality
grade (double figure, double fair, double poor)
{
  return figure > poor ? PARLOR_QUALITY_POOR : figure > fair ? PARLOR_QUALITY_FAIR
                                                             : PARLOR_QUALITY_GOOD;
}

/* How much of a whole it was between two looks; -1 = not known. */
static double
share (gint64 part_then, gint64 part, gint64 whole_then, gint64 whole)
{
  if (part_then < 0 || whole_then < 0 || whole <= whole_then)
    return -1;
  return (double) (part - part_then) / (double) (whole - whole_then);
}

static void
forget (ParlorQualityJudge *self)
{
  self->n_seen = self->n_better = 0;
}

/* FALSE: nothing to compare with yet. */
static gboolean
remember (ParlorQualityJudge *self, const ParlorStats *stats)
{
  guint at = self->n_seen % N_SEEN;

  if (self->n_seen > 0 && stats->in.audio.samples < self->seen[(self->n_seen - 1) % N_SEEN].samples)
    {
      forget (self);
      at = 0;
    }
  self->seen[at].samples = stats->in.audio.samples;
  self->seen[at].concealed = stats->in.audio.concealed_samples;
  self->seen[at].freeze_ms = stats->in.video.freeze_ms;
  self->seen[at].frames = stats->in.video.frames;
  self->seen[at].dropped = stats->in.video.dropped;
  self->n_seen++;
  return self->n_seen > 1;
}

static ParlorQuality
judge_in (const ParlorQualityJudge *self)
{
  guint now = (self->n_seen - 1) % N_SEEN, then = self->n_seen > N_SEEN ? self->n_seen % N_SEEN : 0;
  gint64 ms = 1000 * (gint64) (MIN (self->n_seen, N_SEEN) - 1);
  double frozen = self->seen[then].freeze_ms < 0 ? -1 : (double) (self->seen[now].freeze_ms - self->seen[then].freeze_ms) / (double) ms;
  double concealed = share (self->seen[then].concealed, self->seen[now].concealed, self->seen[then].samples, self->seen[now].samples);

  return worse (grade (frozen, FAIR_FROZEN, POOR_FROZEN), grade (concealed, FAIR_CONCEALED, POOR_CONCEALED));
}

static ParlorQuality
judge_out (const ParlorStats *stats)
{
  /* Less is worse of the estimate, so it is turned round. */
  ParlorQuality room = stats->estimate_bps < 0 ? PARLOR_QUALITY_GOOD : grade (-(double) stats->estimate_bps, -FAIR_ESTIMATE, -POOR_ESTIMATE);

  return worse (room, grade (stats->out.loss, FAIR_LOSS, POOR_LOSS));
}

static gboolean
is_busy (const ParlorQualityJudge *self, const ParlorStats *stats)
{
  guint now = (self->n_seen - 1) % N_SEEN, then = self->n_seen > N_SEEN ? self->n_seen % N_SEEN : 0;

  return stats->out.video.limitation == PARLOR_LIMITATION_CPU
         || share (self->seen[then].dropped, self->seen[now].dropped, self->seen[then].frames, self->seen[now].frames) > MANY_DROPPED;
}

static ParlorTrouble
find_trouble (ParlorQuality in, ParlorQuality out, gboolean busy)
{
  if (busy)
    return PARLOR_TROUBLE_THIS_COMPUTER;
  if (in == out)
    return PARLOR_TROUBLE_NETWORK;
  return in < out ? PARLOR_TROUBLE_THEIR_NETWORK : PARLOR_TROUBLE_OUR_NETWORK;
}

void
parlor_quality_judge_add (ParlorQualityJudge *self, const ParlorStats *stats)
{
  ParlorQuality in, out, both;
  gboolean busy;

  if (!remember (self, stats))
    return;
  in = judge_in (self);
  out = judge_out (stats);
  busy = is_busy (self, stats);
  both = worse (worse (in, out), grade (stats->rtt_ms, FAIR_ROUND_TRIP, POOR_ROUND_TRIP));
  if (busy)
    both = worse (both, PARLOR_QUALITY_FAIR);

  self->n_better = both > self->quality ? self->n_better + 1 : 0;
  if (self->quality != PARLOR_QUALITY_UNKNOWN && both > self->quality && self->n_better < LOOKS_TO_RISE)
    return;
  self->quality = both;
  self->trouble = both == PARLOR_QUALITY_GOOD ? PARLOR_TROUBLE_NONE : find_trouble (in, out, busy);
  self->n_better = 0;
}
