/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-signaling"

#include "config.h"

#include "parlor-backoff.h"

/*
 * ParlorBackoff: "full jitter" of M. Brooker, "Exponential Backoff And Jitter" (AWS, 2015), which spreads many clients
 * best for the least work. Owned by one thread.
 */

struct _ParlorBackoff
{
  guint first_ms;
  guint cap_ms;
  guint bound_ms;
  ParlorBackoffRandom random;
  gpointer user_data;
};

static double
system_random (gpointer user_data)
{
  return g_random_double ();
}

ParlorBackoff *
parlor_backoff_new (guint first_ms, guint cap_ms, ParlorBackoffRandom random, gpointer user_data)
{
  ParlorBackoff *self = g_new0 (ParlorBackoff, 1);

  self->first_ms = first_ms;
  self->cap_ms = cap_ms;
  self->random = random ? random : system_random;
  self->user_data = user_data;
  parlor_backoff_reset (self);
  return self;
}

void
parlor_backoff_free (ParlorBackoff *self)
{
  g_free (self);
}

guint
parlor_backoff_next (ParlorBackoff *self)
{
  guint wait = self->random (self->user_data) * self->bound_ms;

  /* Half of the cap first: twice a large bound would not fit in a guint. */
  self->bound_ms = self->bound_ms > self->cap_ms / 2 ? self->cap_ms : self->bound_ms * 2;
  return wait;
}

void
parlor_backoff_reset (ParlorBackoff *self)
{
  self->bound_ms = MIN (self->first_ms, self->cap_ms);
}
