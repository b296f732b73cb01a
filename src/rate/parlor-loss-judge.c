/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-loss-judge.h"

#include <math.h>

/*
 * ParlorLossJudge: an experiment in place of a constant.
 *
 * The loss-based half of draft-ietf-rmcat-gcc-02 (section 6) lowers the rate at any loss above 10 %, and so gives a bad radio link
 * less and less although less does not help. A policer or a full queue without delay of its own loses 1 - capacity / rate: when
 * the rate comes down to what was delivered, that loss is gone. Loss at random stays the same share. So, when more is
 * lost than is usual here, the rate is lowered to what was delivered, once, and what is lost then decides.
 *
 * What was found to be lost at random is doubted now and then: the experiment may have been too small, or the path is another by now.
 *
 * A window ends by packets and time, and an excess must be beyond what chance does (three standard deviations of a binomial share).
 */

#define MIN_PACKETS 40
#define MIN_WINDOW 300000  /* µs */
#define MAX_WINDOW 1000000 /* µs: then what there is must do, */
#define MAX_TEST 3000000   /* µs, likewise for a test */
#define FEW_PACKETS 15     /* if it is not too little */
#define EXCESS 0.03        /* shares below that are nobody's business */
#define CALM 4000000       /* µs between two tests for a small excess */
#define LARGE_EXCESS 0.10  /* does not wait for that */
#define TEST_LOSSES 16     /* as many as that must have been lost in a test, had nothing changed */
#define MAX_RANDOM 0.35    /* more than that is not lost at random, whatever the test says */
#define WORTH 0.06         /* of random loss, which is doubted */
#define DOUBT 12000000     /* µs after the calm: all of it is put to the test again */
#define FALLEN 0.4         /* of the excess: less than that is left when it was congestion */
#define LEARN 0.15         /* how fast the random share follows; alike up and down, or chance would pull it to one side */

static ParlorLossVerdict
end_test (ParlorLossJudge *self, gint64 now, double share)
{
  double before = self->suspected - self->random;
  double after = share - self->random;

  self->testing = FALSE;
  self->calm_until = now + CALM;
  if (after < FALLEN * before || share > MAX_RANDOM)
    return PARLOR_LOSS_CONGESTION;
  self->random = MIN (share, self->suspected);
  return PARLOR_LOSS_RANDOM;
}

static ParlorLossVerdict
judge (ParlorLossJudge *self, gint64 now, double share, guint n_packets)
{
  double deviation = sqrt (MAX (self->random, 0.01) * (1 - self->random) / n_packets);
  double excess = share - self->random;

  self->last = share;
  if (self->testing)
    return end_test (self, now, share);
  if (self->random > WORTH && now >= self->calm_until + DOUBT)
    {
      self->random = 0;
      excess = share;
    }
  if (excess > MAX (EXCESS, 3 * deviation) && (now >= self->calm_until || excess > LARGE_EXCESS))
    {
      self->testing = TRUE;
      self->test_from = now;
      self->suspected = share;
      return PARLOR_LOSS_SUSPECT;
    }
  self->random += LEARN * excess;
  return PARLOR_LOSS_NOTHING;
}

ParlorLossVerdict
parlor_loss_judge_add (ParlorLossJudge *self, gint64 now, gint64 sent, gboolean lost)
{
  guint min_packets = MIN_PACKETS;
  guint n_packets, n_lost;
  gint64 span;

  if (self->testing && sent < self->test_from)
    return PARLOR_LOSS_NOTHING;
  if (self->n_packets == 0)
    self->window_began = sent;
  self->n_packets++;
  self->n_lost += lost;
  span = sent - self->window_began;
  if (self->testing)
    min_packets = (guint) ceil (TEST_LOSSES / (self->suspected - self->random));
  if (span < MIN_WINDOW || self->n_packets < FEW_PACKETS
      || (self->n_packets < min_packets && span < (self->testing ? MAX_TEST : MAX_WINDOW)))
    return PARLOR_LOSS_NOTHING;

  n_packets = self->n_packets;
  n_lost = self->n_lost;
  self->n_packets = self->n_lost = 0;
  return judge (self, now, (double) n_lost / n_packets, n_packets);
}
