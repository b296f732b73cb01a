/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-round-trip.h"

/*
 * ParlorRoundTrip: a table of the pings that were sent last, and the trips that were measured last.
 *
 * Plain data of fixed size, whoever the other side is; whoever holds it locks it.
 */

#define MAX_SEQ 0x7fffffffu

/**
 * parlor_round_trip_ask:
 * @self: the table
 * @now: when the ping leaves, us
 *
 * Notes a ping. Of nine that nobody answered the first is forgotten.
 *
 * Returns: its seq
 */
guint
parlor_round_trip_ask (ParlorRoundTrip *self, gint64 now)
{
  guint seq = self->next, slot = seq % G_N_ELEMENTS (self->asked);

  self->next = (seq + 1) & MAX_SEQ;
  self->asked[slot].seq = seq;
  self->asked[slot].sent = now;
  return seq;
}

/**
 * parlor_round_trip_take_pong:
 * @self: the table
 * @seq: as the pong says it
 * @now: when it came, us
 *
 * Returns: %TRUE when it was measured; a pong that nobody asked for, or that came twice, is nothing
 */
gboolean
parlor_round_trip_take_pong (ParlorRoundTrip *self, guint seq, gint64 now)
{
  guint slot = seq % G_N_ELEMENTS (self->asked);

  if (self->asked[slot].sent == 0 || self->asked[slot].seq != seq || now < self->asked[slot].sent)
    return FALSE;
  self->trips[self->n_trips++ % G_N_ELEMENTS (self->trips)] = now - self->asked[slot].sent;
  self->measured = now;
  self->asked[slot].sent = 0;
  return TRUE;
}

/**
 * parlor_round_trip_may_read:
 * @self: the table
 * @now: us
 *
 * Says, and counts, whether one more message may be read in this second: nobody makes us a reflector, or busy.
 */
gboolean
parlor_round_trip_may_read (ParlorRoundTrip *self, gint64 now)
{
  if (self->second == 0 || now - self->second >= G_TIME_SPAN_SECOND)
    {
      self->second = now;
      self->n_read = 0;
    }
  return self->n_read < PARLOR_ROUND_TRIP_MAX_READ && ++self->n_read > 0;
}

/**
 * parlor_round_trip_get_ms:
 * @self: the table
 * @now: us
 *
 * The median of the last three trips; of two the shorter. Not the latest: one that met a busy moment at either end says nothing of the
 * path, and the median passes it over, yet follows a path that did change after two pings. Not a mean: that would keep a bad second for long.
 *
 * Returns: milliseconds; -1 when none was measured, or none for five seconds
 */
double
parlor_round_trip_get_ms (const ParlorRoundTrip *self, gint64 now)
{
  gint64 a = self->trips[0], b = self->trips[1], c = self->trips[2], trip;

  if (self->n_trips == 0 || now - self->measured > PARLOR_ROUND_TRIP_FRESH_MS * G_TIME_SPAN_MILLISECOND)
    return -1;
  if (self->n_trips == 1)
    trip = a;
  else if (self->n_trips == 2)
    trip = MIN (a, b);
  else
    trip = MAX (MIN (a, b), MIN (MAX (a, b), c));
  return (double) trip / G_TIME_SPAN_MILLISECOND;
}
