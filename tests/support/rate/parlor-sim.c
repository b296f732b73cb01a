/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-sim.h"

/*
 * ParlorSim: time goes in steps of a millisecond. In each one flows put packets into the queue, the queue lets go what the link carries,
 * and feedback that is due is handed to the controllers: every 50 ms, a one-way delay later.
 */

#define STEP 1000 /* µs */
#define FEEDBACK 50000
#define PACKET 1240      /* bytes, headers of UDP and IP counted */
#define SOUND 160        /* bytes of a packet of sound, likewise */
#define SOUND_EVERY 20   /* steps */
#define PICTURE_EVERY 33 /* steps */

typedef struct
{
  guint flow;
  guint size;
  gint64 sent;
  gint64 received; /* PARLOR_RATE_LOST */
  gint64 due;      /* when the sender hears of it */
} Packet;

typedef struct
{
  ParlorRateControl *control; /* NULL = TCP */
  double picture_left;        /* bytes of pictures that wait */
  double allowance;           /* bytes that may leave now */
  GArray *reports;            /* of Packet, on their way back */

  double window; /* TCP: packets */
  guint in_flight;
  gint64 last_halving;

  guint64 sent, delivered, n_sent, n_lost;
  GArray *delays; /* of double, ms */
} Flow;

struct _ParlorSim
{
  gint64 now;
  gint64 one_way;
  gint64 rate;
  double queue_max; /* bytes */
  double loss;
  GRand *random;

  GQueue queue;  /* of Packet */
  double queued; /* bytes */
  double credit; /* bytes that the link may carry now */
  Flow flows[PARLOR_SIM_MAX_FLOWS];
  guint n_flows;
};

ParlorSim *
parlor_sim_new (guint round_trip_ms, guint seed)
{
  ParlorSim *self = g_new0 (ParlorSim, 1);

  self->one_way = (gint64) round_trip_ms * 500;
  self->random = g_rand_new_with_seed (seed);
  g_queue_init (&self->queue);
  return self;
}

void
parlor_sim_free (ParlorSim *self)
{
  for (guint i = 0; i < self->n_flows; i++)
    {
      g_clear_pointer (&self->flows[i].control, parlor_rate_control_free);
      g_array_unref (self->flows[i].reports);
      g_array_unref (self->flows[i].delays);
    }
  g_queue_clear_full (&self->queue, g_free);
  g_rand_free (self->random);
  g_free (self);
}

void
parlor_sim_set_link (ParlorSim *self, gint64 rate, guint queue_ms, double loss)
{
  self->rate = rate;
  self->queue_max = (double) rate / 8 * queue_ms / 1000;
  self->loss = loss;
}

static Flow *
add_flow (ParlorSim *self)
{
  Flow *flow = &self->flows[self->n_flows++];

  g_assert_cmpuint (self->n_flows, <=, PARLOR_SIM_MAX_FLOWS);
  flow->reports = g_array_new (FALSE, FALSE, sizeof (Packet));
  flow->delays = g_array_new (FALSE, FALSE, sizeof (double));
  return flow;
}

ParlorRateControl *
parlor_sim_add_call (ParlorSim *self, const ParlorRateRange *range)
{
  Flow *flow = add_flow (self);

  flow->control = parlor_rate_control_new (range);
  return flow->control;
}

void
parlor_sim_add_tcp (ParlorSim *self)
{
  add_flow (self)->window = 4;
}

/* A packet's fate is known: its sender hears of it later. */
static void
report (ParlorSim *self, Packet *packet, gint64 received)
{
  Flow *flow = &self->flows[packet->flow];
  double delay = (double) (self->now - packet->sent) / 1000;

  packet->received = received;
  packet->due = (received == PARLOR_RATE_LOST ? self->now + self->one_way : received) + self->one_way;
  g_array_append_val (flow->reports, *packet);
  if (received == PARLOR_RATE_LOST)
    {
      flow->n_lost++;
    }
  else
    {
      flow->delivered += packet->size;
      g_array_append_val (flow->delays, delay);
    }
  g_free (packet);
}

static void
send_packet (ParlorSim *self, guint index, guint size)
{
  Flow *flow = &self->flows[index];
  Packet *packet = g_new0 (Packet, 1);

  *packet = (Packet){ .flow = index, .size = size, .sent = self->now };
  flow->sent += size;
  flow->n_sent++;
  flow->in_flight++;
  if (self->queued + size > self->queue_max)
    {
      report (self, packet, PARLOR_RATE_LOST);
      return;
    }
  self->queued += size;
  g_queue_push_tail (&self->queue, packet);
}

static void
step_call (ParlorSim *self, guint index, gint64 step)
{
  Flow *flow = &self->flows[index];
  double bytes = (double) parlor_rate_control_tick (flow->control, self->now) / 8;

  /* Sound does not wait, and pictures make room for it. */
  if (step % SOUND_EVERY == 0)
    {
      send_packet (self, index, SOUND);
      flow->allowance -= SOUND;
    }
  if (step % PICTURE_EVERY == 0)
    flow->picture_left += MAX (0, bytes - SOUND * 50.0) * PICTURE_EVERY / 1000 * g_rand_double_range (self->random, 0.7, 1.3);

  flow->allowance = MIN (flow->allowance + (double) parlor_rate_control_get_pace (flow->control) / 8 / 1000, PACKET);
  while (flow->picture_left > 0 && flow->allowance >= MIN (flow->picture_left, PACKET))
    {
      guint size = (guint) CLAMP (flow->picture_left, 60, PACKET);

      send_packet (self, index, size);
      flow->picture_left = MAX (0, flow->picture_left - size);
      flow->allowance -= size;
    }
}

static void
step_tcp (ParlorSim *self, guint index)
{
  Flow *flow = &self->flows[index];

  while (flow->in_flight < (guint) flow->window)
    send_packet (self, index, PACKET);
}

static void
carry (ParlorSim *self)
{
  Packet *packet;

  self->credit += (double) self->rate / 8 * STEP / G_USEC_PER_SEC;
  while ((packet = g_queue_peek_head (&self->queue)) && self->credit >= packet->size)
    {
      self->credit -= packet->size;
      self->queued -= packet->size;
      g_queue_pop_head (&self->queue);
      report (self, packet, g_rand_double (self->random) < self->loss ? PARLOR_RATE_LOST : self->now + self->one_way);
    }
  if (g_queue_is_empty (&self->queue))
    self->credit = 0;
}

static int
by_sent (gconstpointer one, gconstpointer other)
{
  gint64 difference = ((const Packet *) one)->sent - ((const Packet *) other)->sent;

  return difference < 0 ? -1 : difference > 0;
}

/* (transfer full): what is due, taken out of the flow. */
static GArray *
take_due (ParlorSim *self, Flow *flow)
{
  GArray *due = g_array_new (FALSE, FALSE, sizeof (Packet));
  guint kept = 0;

  for (guint i = 0; i < flow->reports->len; i++)
    {
      Packet packet = g_array_index (flow->reports, Packet, i);

      if (packet.due <= self->now)
        g_array_append_val (due, packet);
      else
        g_array_index (flow->reports, Packet, kept++) = packet;
    }
  g_array_set_size (flow->reports, kept);
  g_array_sort (due, by_sent);
  return due;
}

static void
hear_call (ParlorSim *self, Flow *flow)
{
  g_autoptr (GArray) due = take_due (self, flow);
  g_autofree ParlorRatePacket *packets = g_new0 (ParlorRatePacket, due->len);

  for (guint i = 0; i < due->len; i++)
    {
      const Packet *packet = &g_array_index (due, Packet, i);

      packets[i] = (ParlorRatePacket){ packet->sent, packet->received, packet->size };
    }
  if (due->len > 0)
    parlor_rate_control_feedback (flow->control, self->now, packets, due->len);
}

static void
hear_tcp (ParlorSim *self, Flow *flow)
{
  g_autoptr (GArray) due = take_due (self, flow);

  for (guint i = 0; i < due->len; i++)
    {
      flow->in_flight--;
      if (g_array_index (due, Packet, i).received != PARLOR_RATE_LOST)
        {
          flow->window += 1 / flow->window;
        }
      else if (self->now - flow->last_halving > 2 * self->one_way + 300000)
        {
          flow->window = MAX (2, flow->window / 2);
          flow->last_halving = self->now;
        }
    }
}

static int
by_size (gconstpointer one, gconstpointer other)
{
  double difference = *(const double *) one - *(const double *) other;

  return difference < 0 ? -1 : difference > 0;
}

static ParlorSimSecond
sum_up (Flow *flow)
{
  ParlorSimSecond second = {
    .target = flow->control ? parlor_rate_control_get_target (flow->control) : -1,
    .sent = (gint64) flow->sent * 8,
    .delivered = (gint64) flow->delivered * 8,
    .loss = flow->n_sent > 0 ? (double) flow->n_lost / (double) flow->n_sent : 0,
  };

  g_array_sort (flow->delays, by_size);
  if (flow->delays->len > 0)
    {
      second.delay_p95 = g_array_index (flow->delays, double, flow->delays->len * 95 / 100);
      second.delay_max = g_array_index (flow->delays, double, flow->delays->len - 1);
    }
  g_array_set_size (flow->delays, 0);
  flow->sent = flow->delivered = flow->n_sent = flow->n_lost = 0;
  return second;
}

void
parlor_sim_run_second (ParlorSim *self, ParlorSimSecond *seconds)
{
  for (guint i = 0; i < G_USEC_PER_SEC / STEP; i++, self->now += STEP)
    {
      for (guint flow = 0; flow < self->n_flows; flow++)
        if (self->flows[flow].control)
          step_call (self, flow, self->now / STEP);
        else
          step_tcp (self, flow);
      carry (self);
      for (guint flow = 0; flow < self->n_flows; flow++)
        if (!self->flows[flow].control)
          hear_tcp (self, &self->flows[flow]);
        else if (self->now % FEEDBACK == 0)
          hear_call (self, &self->flows[flow]);
    }
  for (guint flow = 0; flow < self->n_flows; flow++)
    seconds[flow] = sum_up (&self->flows[flow]);
}
