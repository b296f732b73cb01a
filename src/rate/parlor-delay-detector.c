/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-delay-detector.h"

#include <math.h>

/*
 * ParlorDelayDetector: the delay-based half of Google Congestion Control, as arithmetic.
 *
 * Packets that left within 5 ms form a group. How much longer one group took than the one before it (the inter-group delay
 * variation, draft-ietf-rmcat-gcc-02, sections 5.1 to 5.3) is summed and smoothed, and a line is fitted through the last
 * 20 sums by least squares: its slope takes the place of the draft's Kalman filter, as in libwebrtc since 2016. The slope is
 * held against a threshold that follows it slowly (section 5.4; Carlucci, De Cicco, Holmer, Mascolo: "Analysis and Design of the
 * Google Congestion Control for WebRTC", MMSys 2016), so that a flow that fills queues does not starve this one.
 */

#define GROUP_SPAN 5000      /* µs of sending that make a group */
#define BURST_GAP 5000       /* µs between arrivals that a burst may have */
#define BURST_SPAN 100000    /* µs that a burst may last */
#define SMOOTHING 0.9        /* of the sum of delays */
#define GAIN 4.0             /* from slope to threshold */
#define MIN_POINTS 5         /* for a line; few of them count for little, see judge() */
#define MAX_DELTAS 60        /* beyond which more of them say no more */
#define START_THRESHOLD 12.5 /* ms: del_var_th(0), section 5.4 */
#define MIN_THRESHOLD 6.0    /* ms */
#define MAX_THRESHOLD 600.0  /* ms */
#define RISE 0.0087          /* K_u, section 5.4 */
#define FALL 0.039           /* K_d */
#define MAX_STRAY 15.0       /* ms over the threshold: a spike, from which it does not learn */
#define MAX_STEP 100.0       /* ms between two updates of the threshold that count */
#define OVERUSE_TIME 10.0    /* ms over the threshold: overuse_time_th, section 5.4 */

void
parlor_delay_detector_init (ParlorDelayDetector *self)
{
  *self = (ParlorDelayDetector){ .threshold = START_THRESHOLD, .last_update = -1, .over_for = -1 };
}

ParlorDelaySignal
parlor_delay_detector_get_signal (const ParlorDelayDetector *self)
{
  return self->signal;
}

/* The slope of the line through the points, by least squares; 0 where they have one time. */
static double
fit_slope (const ParlorDelayDetector *self)
{
  double mean_time = 0, mean_delay = 0, over = 0, under = 0;

  for (guint i = 0; i < self->n_points; i++)
    {
      mean_time += self->times[i] / self->n_points;
      mean_delay += self->delays[i] / self->n_points;
    }
  for (guint i = 0; i < self->n_points; i++)
    {
      over += (self->times[i] - mean_time) * (self->delays[i] - mean_delay);
      under += (self->times[i] - mean_time) * (self->times[i] - mean_time);
    }
  return under > 0 ? over / under : 0;
}

static void
move_threshold (ParlorDelayDetector *self, double trend, double now)
{
  double size = fabs (trend);
  double step = self->last_update < 0 ? 0 : MIN (now - self->last_update, MAX_STEP);

  self->last_update = now;
  if (size > self->threshold + MAX_STRAY)
    return;
  self->threshold += (size < self->threshold ? FALL : RISE) * (size - self->threshold) * step;
  self->threshold = CLAMP (self->threshold, MIN_THRESHOLD, MAX_THRESHOLD);
}

/* @sent: ms between the last two groups when they left */
static void
judge (ParlorDelayDetector *self, double slope, double sent, double now)
{
  double trend = MIN (self->n_deltas, MAX_DELTAS) * slope * GAIN;

  if (self->n_deltas < 2)
    return;
  if (trend > self->threshold)
    {
      /* The first time it is over, it was so for half of the interval at a guess. */
      self->over_for = self->over_for < 0 ? sent / 2 : self->over_for + sent;
      self->n_over++;
      if (self->over_for > OVERUSE_TIME && self->n_over > 1 && slope >= self->last_trend)
        {
          self->over_for = 0;
          self->n_over = 0;
          self->signal = PARLOR_DELAY_OVERUSE;
        }
    }
  else
    {
      self->over_for = -1;
      self->n_over = 0;
      self->signal = trend < -self->threshold ? PARLOR_DELAY_UNDERUSE : PARLOR_DELAY_NORMAL;
    }
  self->last_trend = slope;
  move_threshold (self, trend, now);
}

/* The current group is whole: what it says against the one before it. */
static void
compare_groups (ParlorDelayDetector *self)
{
  double sent = (double) (self->current.last_sent - self->previous.last_sent) / 1000;
  double received = (double) (self->current.last_received - self->previous.last_received) / 1000;
  double now;

  if (self->n_deltas == 0)
    self->origin = self->previous.last_received;
  now = (double) (self->current.last_received - self->origin) / 1000;
  self->n_deltas = MIN (self->n_deltas + 1, G_MAXINT16);
  self->accumulated += received - sent;
  self->smoothed = SMOOTHING * self->smoothed + (1 - SMOOTHING) * self->accumulated;

  self->times[self->next_point] = now;
  self->delays[self->next_point] = self->smoothed;
  self->next_point = (self->next_point + 1) % PARLOR_DELAY_WINDOW;
  self->n_points = MIN (self->n_points + 1, PARLOR_DELAY_WINDOW);
  judge (self, self->n_points >= MIN_POINTS ? fit_slope (self) : self->last_trend, sent, now);
}

/* Packets that a queue let go at once came closer together than they left; they say nothing of their own. */
static gboolean
belongs (const ParlorDelayGroup *group, gint64 sent, gint64 received)
{
  gint64 gap = received - group->last_received;

  if (sent - group->first_sent <= GROUP_SPAN)
    return TRUE;
  return gap <= BURST_GAP && gap < sent - group->last_sent && received - group->first_received < BURST_SPAN;
}

void
parlor_delay_detector_add (ParlorDelayDetector *self, gint64 sent, gint64 received)
{
  if (self->has_current && sent < self->current.last_sent)
    return;
  if (self->has_current && belongs (&self->current, sent, received))
    {
      self->current.last_sent = sent;
      self->current.last_received = MAX (self->current.last_received, received);
      return;
    }
  if (self->has_current)
    {
      if (self->has_previous)
        compare_groups (self);
      self->previous = self->current;
      self->has_previous = TRUE;
    }
  self->current = (ParlorDelayGroup){ sent, sent, received, received };
  self->has_current = TRUE;
}
