/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-rate-control.h"

#include "parlor-delay-detector.h"
#include "parlor-loss-judge.h"

#include <math.h>

/*
 * ParlorRateControl: from feedback to a target.
 *
 * Whether a queue builds up is ParlorDelayDetector's to say, what loss means ParlorLossJudge's. Here the target follows: multiplied
 * at the start until the path says stop, then raised by 8 % a second, or by about a packet a response time where the path
 * stopped it before, and lowered to 88 % of what it carries (draft-ietf-rmcat-gcc-02, section 5.5), less what makes its queue go away in time.
 *
 * What it carries is what comes out of its queue, as long as there is one. The draft takes what is delivered, which with an encoder that rests
 * after a large picture, or feedback that is lost, is anything, and each cut begets the next.
 */

#define N_BUCKETS 10
#define BUCKET 50000     /* µs */
#define BACK_OFF 0.88    /* beta, section 5.5, has 0.85, of what may have been delivered by a path that was not full */
#define DRAIN 0.9        /* of what was delivered, when it is lost instead of delayed */
#define GROWTH 1.08      /* a second, section 5.5 */
#define RECOVERY 1.5     /* a second, once nothing was in the way for */
#define FREE 3000000     /* µs */
#define MAX_LEAD 1.5     /* the target is at most that much of what is delivered, section 5.5, */
#define LEAD_ROOM 50000  /* and this, bit/s */
#define START_GROWTH 1.5 /* a response time, while the path was never full */
#define START_LEAD 2.0   /* but not to more than that of what is delivered */
#define RESPONSE 100000  /* µs beyond the round trip until a change shows: section 5.5 */
#define PACKET_BITS (1200 * 8)
#define PACKET_SHARE 0.025 /* of the target: a step is no larger, or a few of them fill a narrow path */
#define START_PACE 2.5     /* times the target, while the path was never full: a picture is not held up for nothing */
#define PACE 1.5           /* afterwards */
#define NEAR_BELOW 0.8     /* times the capacity, between which steps are small, */
#define NEAR_ABOVE 1.1
#define CAPACITY_WEIGHT 0.3    /* of a new sight of it */
#define BASE_PERIOD 15000000   /* µs, for two of which the shortest way that a packet had counts */
#define WAITED 15000           /* µs beyond that: it was in a queue */
#define MAX_BUSY_GAP 500000    /* µs between two packets from one queue */
#define BUSY_MEMORY 200000.0   /* µs */
#define BUSY_TIME 60000        /* µs between packets that waited, from which on they tell something */
#define BUSY_FRESH 400000      /* µs */
#define DRAIN_TIME 1500000.0   /* µs in which a queue is to be gone: so much less is sent than comes out of it, */
#define MAX_DRAIN 0.4          /* but not less than the rest of that, */
#define DRAINED 30000          /* until it is only so long, µs */
#define LONG_QUEUE 100000      /* µs: what is lost then is lost by congestion; and if it stands, it is cleared */
#define CLEAR_INTERVAL 600000  /* µs, in which less must show */
#define SHORTER 0.7            /* times what it was: then it got shorter */
#define FOREIGN 10000000       /* µs for which a queue that did not get shorter is another's, */
#define STILL_FOREIGN 30000000 /* and if it is so again after no more than that, for that */
#define MAX_UNREPORTED 100000  /* bytes */
#define PEAK_MEMORY 700000.0   /* µs */
#define SILENCE 1000000        /* µs without feedback */
#define SILENCE_STEP 500000    /* µs, between two halvings then */
#define PROBATION 8000000      /* µs for which the path is believed to carry no more than it did at the last loss */

/* bit/s over the last half second */
typedef struct
{
  guint64 buckets[N_BUCKETS]; /* bytes */
  gint64 bucket;              /* number of the newest; G_MININT64 = none */
  gint64 first_bucket;
} Meter;

/*
 * The queue on the path, and what comes out of it. A packet that waited there came as soon after the one before it as the path could bring
 * it, so the bytes of such packets by the time between them are what the path carries, however little is sent.
 */
typedef struct
{
  gint64 shortest[2]; /* µs from sending to receiving, clocks apart: of this period and of the one before; G_MAXINT64 = none */
  gint64 period;      /* when this one began, by our clock */
  gint64 delay;       /* µs, what the last packet took beyond the shortest */
  gint64 last;        /* when it was received, by the other side's clock */
  gint64 busy;        /* when a packet that waited was sent last, by ours; 0 = never */
  double bytes, time; /* of packets that waited, and µs between them; faded */
} Queue;

struct _ParlorRateControl
{
  ParlorRateRange range;
  double target;
  ParlorDelayDetector delay;
  ParlorLossJudge loss;

  gboolean starting; /* the path was never full yet */
  gint64 last_change;
  gint64 last_decrease;
  gint64 last_feedback; /* 0 = none */
  gint64 round_trip;    /* smoothed, with the time that feedback waits */

  Meter delivered; /* of what came, by the other side's clock */
  Queue queue;
  gint64 newest;       /* when the last packet that came was sent */
  guint unreported;    /* bytes of packets before the next that is reported */
  double resume;       /* the target once the queue is gone */
  gint64 looked;       /* when it was looked whether that makes the queue shorter, */
  gint64 looked_delay; /* and how long it was, µs */
  guint n_futile;      /* how often it was not */
  gint64 rival_until;  /* until then another fills it; 0 = nobody did yet */
  double rival_target; /* the target at its end */
  double peak;         /* the most that was delivered of late */

  double capacity; /* what the path carried when it was full, bit/s; 0 = it never was */

  double before_test; /* the target before the rate was lowered to see */
  double ceiling;     /* until */
  gint64 ceiling_until;
};

ParlorRateControl *
parlor_rate_control_new (const ParlorRateRange *range)
{
  ParlorRateControl *self = g_new0 (ParlorRateControl, 1);

  self->range = *range;
  self->target = (double) range->start;
  self->starting = TRUE;
  self->delivered.bucket = G_MININT64;
  self->queue.shortest[0] = self->queue.shortest[1] = G_MAXINT64;
  parlor_delay_detector_init (&self->delay);
  return self;
}

void
parlor_rate_control_free (ParlorRateControl *self)
{
  g_free (self);
}

gint64
parlor_rate_control_get_target (const ParlorRateControl *self)
{
  return (gint64) self->target;
}

gint64
parlor_rate_control_get_round_trip (const ParlorRateControl *self)
{
  return self->round_trip;
}

gint64
parlor_rate_control_get_pace (const ParlorRateControl *self)
{
  return (gint64) (self->target * (self->starting ? START_PACE : PACE));
}

double
parlor_rate_control_get_random_loss (const ParlorRateControl *self)
{
  return self->loss.random;
}

double
parlor_rate_control_get_loss (const ParlorRateControl *self)
{
  return self->loss.last;
}

static void
meter_count (Meter *self, gint64 time, guint size)
{
  /* Rounded down, also below 0: the other side's clock may begin anywhere. */
  gint64 bucket = time / BUCKET - (time % BUCKET < 0);

  if (self->bucket == G_MININT64)
    self->bucket = self->first_bucket = bucket;
  if (bucket <= self->bucket - N_BUCKETS)
    return;
  self->bucket = MAX (self->bucket, bucket - N_BUCKETS); /* after a pause all of them are empty */
  while (self->bucket < bucket)
    self->buckets[(guint64) ++self->bucket % N_BUCKETS] = 0;
  self->buckets[(guint64) bucket % N_BUCKETS] += size;
}

/* The newest bucket is not full yet and does not count. 0 = not known yet. */
static gint64
meter_read (const Meter *self)
{
  guint64 bytes = 0;
  gint64 n = self->bucket == G_MININT64 ? 0 : MIN (self->bucket - self->first_bucket, N_BUCKETS - 1);

  for (gint64 i = 1; i <= n; i++)
    bytes += self->buckets[(guint64) (self->bucket - i) % N_BUCKETS];
  return n > 1 ? (gint64) (bytes * 8 * G_USEC_PER_SEC / (guint64) (n * BUCKET)) : 0;
}

gint64
parlor_rate_control_get_delivered (const ParlorRateControl *self)
{
  return meter_read (&self->delivered);
}

static void
queue_take (Queue *self, const ParlorRatePacket *packet, guint size)
{
  gint64 took = packet->received - packet->sent;
  gint64 gap = packet->received - self->last;
  double fade;

  if (packet->sent - self->period > BASE_PERIOD)
    {
      self->shortest[1] = self->period == 0 ? G_MAXINT64 : self->shortest[0];
      self->shortest[0] = took;
      self->period = packet->sent;
    }
  self->shortest[0] = MIN (self->shortest[0], took);
  self->delay = took - MIN (self->shortest[0], self->shortest[1]);
  if (packet->sent - self->busy > BUSY_FRESH)
    self->bytes = self->time = 0;
  self->last = MAX (self->last, packet->received);
  if (self->delay < WAITED)
    return;
  if (gap >= 0 && gap < MAX_BUSY_GAP && self->busy != 0)
    {
      fade = exp (-(double) gap / BUSY_MEMORY);
      self->bytes = self->bytes * fade + size;
      self->time = self->time * fade + (double) gap;
    }
  self->busy = packet->sent;
}

/* Whether there was a queue just now. */
static gboolean
is_limited (const ParlorRateControl *self)
{
  return self->queue.busy != 0 && self->newest - self->queue.busy < BUSY_FRESH && self->queue.time > BUSY_TIME;
}

/* What came out of that queue, bit/s. */
static double
get_carried (const ParlorRateControl *self)
{
  return self->queue.time > 0 ? self->queue.bytes * 8 * G_USEC_PER_SEC / self->queue.time : 0;
}

static void
set_target (ParlorRateControl *self, double target, gint64 now)
{
  if (now < self->ceiling_until)
    target = MIN (target, self->ceiling);
  self->target = CLAMP (target, (double) self->range.min, (double) self->range.max);
  self->last_change = now;
}

/* What it was seen to carry when it was full, of late; beyond that it may carry more by now. */
static gboolean
is_near_capacity (const ParlorRateControl *self, double rate)
{
  return rate > NEAR_BELOW * self->capacity && rate < NEAR_ABOVE * self->capacity;
}

/* A queue takes a round trip to show that it is fed less. */
static gboolean
may_decrease (const ParlorRateControl *self, gint64 now, double delivered)
{
  return now - self->last_decrease >= CLAMP (self->round_trip, 10000, 200000) || delivered < self->target / 2;
}

/*
 * Less was sent than came out of the queue, twice, and it did not get shorter: it is another's who fills it, and giving way to them would be
 * without end. For a while only loss counts then; afterwards it is tried again, once, and what was given away for that is taken back.
 */
static void
look_for_rival (ParlorRateControl *self, gint64 now)
{
  gboolean again = self->rival_until != 0 && now - self->rival_until < STILL_FOREIGN;

  if (now - self->looked < CLEAR_INTERVAL + self->round_trip)
    return;
  if (now - self->looked < FOREIGN && self->queue.delay >= LONG_QUEUE && (double) self->queue.delay > SHORTER * (double) self->looked_delay)
    self->n_futile++;
  else
    self->n_futile = 0;
  self->looked = now;
  self->looked_delay = self->queue.delay;
  if (self->n_futile < (again ? 1 : 2))
    return;
  self->n_futile = 0;
  if (again)
    set_target (self, MAX (self->rival_target, self->target), now);
  self->rival_until = now + (again ? STILL_FOREIGN : FOREIGN);
}

static void
decrease (ParlorRateControl *self, gint64 now, double carried)
{
  self->starting = FALSE;
  if (carried <= 0 || !may_decrease (self, now, carried))
    return;
  self->capacity = is_near_capacity (self, carried) ? self->capacity + CAPACITY_WEIGHT * (carried - self->capacity) : carried;
  self->peak = carried;
  if (self->last_decrease < self->rival_until)
    self->rival_target = self->target;
  self->resume = BACK_OFF * carried;
  set_target (self, MIN (self->resume * (1 - MIN ((double) self->queue.delay / DRAIN_TIME, MAX_DRAIN)), self->target), now);
  self->last_decrease = now;
  look_for_rival (self, now);
}

/* Once a response time, while nothing was ever in the way: a good path is full within seconds. */
static void
start_up (ParlorRateControl *self, gint64 now, double delivered)
{
  double limit = START_LEAD * delivered + LEAD_ROOM;

  if (now - self->last_change >= self->round_trip + RESPONSE / 2 && !is_limited (self) && self->target < limit)
    set_target (self, MIN (START_GROWTH * self->target, limit), now);
}

static void
increase (ParlorRateControl *self, gint64 now, double delivered)
{
  double passed = MIN (now - self->last_change, G_USEC_PER_SEC) / (double) G_USEC_PER_SEC;
  double limit = MAX_LEAD * delivered + LEAD_ROOM;
  double target;

  if (self->resume > self->target && self->queue.delay < DRAINED)
    {
      set_target (self, self->resume, now);
      return;
    }
  if (is_near_capacity (self, self->target))
    target = self->target + MIN (PACKET_BITS, PACKET_SHARE * self->target) * passed * G_USEC_PER_SEC / (double) (self->round_trip + RESPONSE);
  else
    target = self->target * pow (now - self->last_decrease > FREE ? RECOVERY : GROWTH, passed);
  set_target (self, self->target >= limit ? self->target : MIN (target, limit), now);
}

/* A queue that stands, long and neither growing nor shrinking, as a full one does. */
static gboolean
is_standing (const ParlorRateControl *self, gint64 now)
{
  return self->queue.delay >= LONG_QUEUE && now - self->last_decrease >= CLEAR_INTERVAL;
}

static void
follow_delay (ParlorRateControl *self, gint64 now)
{
  double delivered = (double) parlor_rate_control_get_delivered (self);

  switch (parlor_delay_detector_get_signal (&self->delay))
    {
    case PARLOR_DELAY_OVERUSE:
      if (now < self->rival_until)
        increase (self, now, delivered);
      else if (is_limited (self))
        decrease (self, now, get_carried (self));
      else
        self->last_change = now;
      break;
    case PARLOR_DELAY_UNDERUSE:
    case PARLOR_DELAY_NORMAL:
    default:
      /* A queue that drains is left to it; while the path was never full there is none, and the delay sank by chance. */
      if (now >= self->rival_until && is_limited (self) && is_standing (self, now))
        decrease (self, now, get_carried (self));
      else if (self->loss.testing || (!self->starting && parlor_delay_detector_get_signal (&self->delay) == PARLOR_DELAY_UNDERUSE))
        self->last_change = now;
      else if (self->starting)
        start_up (self, now, delivered);
      else
        increase (self, now, delivered);
      break;
    }
}

static void
follow_loss (ParlorRateControl *self, gint64 now, ParlorLossVerdict verdict)
{
  /* What is delivered now may be little because there is little to send. */
  double carried = is_limited (self) ? get_carried (self) : self->peak;

  if (verdict == PARLOR_LOSS_RANDOM && self->queue.delay > LONG_QUEUE)
    verdict = PARLOR_LOSS_CONGESTION;
  switch (verdict)
    {
    case PARLOR_LOSS_SUSPECT:
      self->before_test = self->target;
      self->ceiling = carried;
      set_target (self, MIN (DRAIN * carried, self->target), now);
      break;
    case PARLOR_LOSS_CONGESTION:
      self->starting = FALSE;
      self->ceiling = MIN (self->ceiling, carried) * (DRAIN + (1 - DRAIN) / 2);
      self->ceiling_until = now + PROBATION;
      break;
    case PARLOR_LOSS_RANDOM:
      set_target (self, MAX (self->before_test, self->target), now);
      break;
    case PARLOR_LOSS_NOTHING:
    default:
      break;
    }
}

gint64
parlor_rate_control_feedback (ParlorRateControl *self, gint64 now, const ParlorRatePacket *packets, gsize n_packets)
{
  gint64 newest = -1;

  for (gsize i = 0; i < n_packets; i++)
    {
      const ParlorRatePacket *packet = &packets[i];
      gboolean lost = packet->received == PARLOR_RATE_LOST;

      /* It likely came like the one after it. */
      if (packet->received == PARLOR_RATE_UNREPORTED)
        {
          self->unreported = MIN (self->unreported + packet->size, MAX_UNREPORTED);
          continue;
        }
      if (!lost)
        {
          newest = MAX (newest, packet->sent);
          self->newest = MAX (self->newest, packet->sent);
          meter_count (&self->delivered, packet->received, packet->size + self->unreported);
          queue_take (&self->queue, packet, packet->size + self->unreported);
          self->unreported = 0;
          parlor_delay_detector_add (&self->delay, packet->sent, packet->received);
        }
      follow_loss (self, now, parlor_loss_judge_add (&self->loss, now, packet->sent, lost));
    }
  if (newest >= 0 && now >= newest)
    self->round_trip = self->last_feedback == 0 ? now - newest : (7 * self->round_trip + (now - newest)) / 8;
  self->peak = MAX ((double) parlor_rate_control_get_delivered (self),
                    self->peak * (1 - MIN ((double) (now - self->last_feedback) / PEAK_MEMORY, 1)));
  self->last_feedback = now;
  follow_delay (self, now);
  return parlor_rate_control_get_target (self);
}

gint64
parlor_rate_control_tick (ParlorRateControl *self, gint64 now)
{
  if (self->last_feedback != 0 && now - self->last_feedback > SILENCE + self->round_trip
      && now - self->last_change > SILENCE_STEP)
    set_target (self, self->target / 2, now);
  return parlor_rate_control_get_target (self);
}
