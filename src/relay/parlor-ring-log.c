/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-ring-log.h"

/*
 * ParlorRingLog: the rings of the last minute, in order. A ring that nobody answered is forgotten with the minute too: a
 * client gives up after 45 s. The log is as short as its limits times who is in a room.
 */

#define MINUTE_US (60 * G_USEC_PER_SEC)

typedef struct
{
  gconstpointer from;
  gconstpointer to;
  gint64 at;
  gboolean is_open; /* neither accepted, declined nor given up */
} Ring;

struct _ParlorRingLog
{
  const ParlorRelayLimits *limits; /* the relay's */
  GArray *rings;                   /* of Ring */
};

ParlorRingLog *
parlor_ring_log_new (const ParlorRelayLimits *limits)
{
  ParlorRingLog *self = g_new0 (ParlorRingLog, 1);

  self->limits = limits;
  self->rings = g_array_new (FALSE, FALSE, sizeof (Ring));
  return self;
}

void
parlor_ring_log_free (ParlorRingLog *self)
{
  g_array_unref (self->rings);
  g_free (self);
}

static gboolean
is_between (const Ring *ring, gconstpointer a, gconstpointer b)
{
  return (ring->from == a && ring->to == b) || (ring->from == b && ring->to == a);
}

static void
forget_old (ParlorRingLog *self, gint64 now)
{
  guint n_old = 0;

  while (n_old < self->rings->len && g_array_index (self->rings, Ring, n_old).at <= now - MINUTE_US)
    n_old++;
  if (n_old > 0)
    g_array_remove_range (self->rings, 0, n_old);
}

gboolean
parlor_ring_log_ring (ParlorRingLog *self, gconstpointer from, gconstpointer to, gint64 now)
{
  Ring ring = { from, to, now, TRUE };
  guint n_pair = 0;
  guint n_open = 0;

  forget_old (self, now);
  for (guint i = 0; i < self->rings->len; i++)
    {
      const Ring *other = &g_array_index (self->rings, Ring, i);

      if (other->from != from)
        continue;
      n_pair += other->to == to;
      n_open += other->is_open;
    }
  if ((self->limits->max_rings > 0 && n_pair >= self->limits->max_rings)
      || (self->limits->max_open_rings > 0 && n_open >= self->limits->max_open_rings))
    return FALSE;
  g_array_append_val (self->rings, ring);
  return TRUE;
}

void
parlor_ring_log_accept (ParlorRingLog *self, gconstpointer a, gconstpointer b)
{
  for (guint i = self->rings->len; i > 0; i--)
    if (is_between (&g_array_index (self->rings, Ring, i - 1), a, b))
      g_array_remove_index (self->rings, i - 1);
}

void
parlor_ring_log_end (ParlorRingLog *self, gconstpointer a, gconstpointer b)
{
  for (guint i = 0; i < self->rings->len; i++)
    if (is_between (&g_array_index (self->rings, Ring, i), a, b))
      g_array_index (self->rings, Ring, i).is_open = FALSE;
}

void
parlor_ring_log_forget (ParlorRingLog *self, gconstpointer person)
{
  for (guint i = self->rings->len; i > 0; i--)
    {
      const Ring *ring = &g_array_index (self->rings, Ring, i - 1);

      if (ring->from == person || ring->to == person)
        g_array_remove_index (self->rings, i - 1);
    }
}
