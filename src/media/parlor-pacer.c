/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-pacer.h"

/*
 * ParlorPacer: a leaky bucket. Any thread may set the rate and stop it; one streaming thread at a time waits.
 *
 * A picture becomes some packets at once, a keyframe dozens. Sent at once they fill the queue of a narrow path, or are lost behind a
 * policer that has none. Here each waits until the one before it has had its time.
 */

#define SLACK (5 * G_TIME_SPAN_MILLISECOND)         /* that a thread may wake late, and then catch up with */
#define MAX_BACKLOG (250 * G_TIME_SPAN_MILLISECOND) /* in the queue: what is more makes it faster */

struct _ParlorPacer
{
  GMutex lock;
  GCond changed;
  gint64 rate;  /* bit/s; 0 = nothing waits */
  gint64 next;  /* us, when the next packet may go */
  gsize credit; /* bytes that do not wait */
  gsize backlog;
  gboolean stopped;
};

/* @credit: bytes that may go at once at the beginning */
ParlorPacer *
parlor_pacer_new (gsize credit)
{
  ParlorPacer *self = g_new0 (ParlorPacer, 1);

  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->credit = credit;
  return self;
}

void
parlor_pacer_free (ParlorPacer *self)
{
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* @rate: bit/s; 0 = any */
void
parlor_pacer_set_rate (ParlorPacer *self, gint64 rate)
{
  g_mutex_lock (&self->lock);
  self->rate = rate;
  g_mutex_unlock (&self->lock);
}

/* bytes that waited behind the last packet */
gsize
parlor_pacer_get_backlog (ParlorPacer *self)
{
  gsize backlog;

  g_mutex_lock (&self->lock);
  backlog = self->backlog;
  g_mutex_unlock (&self->lock);
  return backlog;
}

/* Nobody waits any more, ever. */
void
parlor_pacer_stop (ParlorPacer *self)
{
  g_mutex_lock (&self->lock);
  self->stopped = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

/**
 * parlor_pacer_wait:
 * @size: bytes of the packet
 * @backlog: bytes that wait behind it
 *
 * Returns when it may go.
 */
void
parlor_pacer_wait (ParlorPacer *self, gsize size, gsize backlog)
{
  gint64 rate;

  g_mutex_lock (&self->lock);
  self->backlog = backlog;
  rate = MAX (self->rate, (gint64) backlog * 8 * G_TIME_SPAN_SECOND / MAX_BACKLOG);
  if (self->rate > 0 && self->credit >= size)
    self->credit -= size;
  else if (self->rate > 0)
    {
      while (!self->stopped && g_get_monotonic_time () < self->next)
        g_cond_wait_until (&self->changed, &self->lock, self->next);
      self->next = MAX (self->next, g_get_monotonic_time () - SLACK) + (gint64) size * 8 * G_TIME_SPAN_SECOND / rate;
    }
  g_mutex_unlock (&self->lock);
}
