/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-ring-log.h"

/*
 * ParlorRingLog: the rings and the knocks of the last minute, in order. A ring that nobody answered is forgotten with the
 * minute too: a client gives up after 45 s. Of rings there are as many as their limits times who is in a room; of knocks as many as
 * if each of those who fit outside the door came from another network, and knocked as often as it may.
 */

#define MINUTE_US (60 * G_USEC_PER_SEC)

/* What is logged begins with its time. */
typedef struct
{
  gint64 at;
  gconstpointer from;
  gconstpointer to;
  gboolean is_open; /* neither accepted, declined nor given up */
} Ring;

typedef struct
{
  gint64 at;
  char *network;
} Knock;

struct _ParlorRingLog
{
  const ParlorRelayLimits *limits; /* the relay's */
  GArray *rings;                   /* of Ring */
  GArray *knocks;                  /* of Knock */
};

static void
knock_clear (gpointer knock)
{
  g_free (((Knock *) knock)->network);
}

ParlorRingLog *
parlor_ring_log_new (const ParlorRelayLimits *limits)
{
  ParlorRingLog *self = g_new0 (ParlorRingLog, 1);

  self->limits = limits;
  self->rings = g_array_new (FALSE, FALSE, sizeof (Ring));
  self->knocks = g_array_new (FALSE, FALSE, sizeof (Knock));
  g_array_set_clear_func (self->knocks, knock_clear);
  return self;
}

void
parlor_ring_log_free (ParlorRingLog *self)
{
  g_array_unref (self->rings);
  g_array_unref (self->knocks);
  g_free (self);
}

static gboolean
is_between (const Ring *ring, gconstpointer a, gconstpointer b)
{
  return (ring->from == a && ring->to == b) || (ring->from == b && ring->to == a);
}

static gint64
get_time (GArray *log, guint i)
{
  gconstpointer entry = log->data + (gsize) i * g_array_get_element_size (log);

  return *(const gint64 *) entry;
}

static void
forget_old (GArray *log, gint64 now)
{
  guint n_old = 0;

  while (n_old < log->len && get_time (log, n_old) <= now - MINUTE_US)
    n_old++;
  if (n_old > 0)
    g_array_remove_range (log, 0, n_old);
}

gboolean
parlor_ring_log_ring (ParlorRingLog *self, gconstpointer from, gconstpointer to, gint64 now)
{
  Ring ring = { now, from, to, TRUE };
  guint n_pair = 0;
  guint n_open = 0;

  forget_old (self->rings, now);
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

gboolean
parlor_ring_log_knock (ParlorRingLog *self, const char *network, gint64 now)
{
  const guint64 max_in_all = (guint64) self->limits->max_knocks * self->limits->max_guests;
  guint n = 0;

  if (network == NULL || self->limits->max_knocks == 0)
    return TRUE;

  forget_old (self->knocks, now);
  for (guint i = 0; i < self->knocks->len; i++)
    n += g_str_equal (g_array_index (self->knocks, Knock, i).network, network);
  if (n >= self->limits->max_knocks || self->knocks->len >= max_in_all)
    return FALSE;
  g_array_set_size (self->knocks, self->knocks->len + 1);
  g_array_index (self->knocks, Knock, self->knocks->len - 1) = (Knock){ now, g_strdup (network) };
  return TRUE;
}
