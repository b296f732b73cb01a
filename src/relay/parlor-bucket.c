/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-bucket.h"

gboolean
parlor_bucket_take (ParlorBucket *self, double amount, double per_second, double burst, gint64 now)
{
  double back = per_second * MAX (now - self->at, 0) / G_USEC_PER_SEC;

  if (per_second <= 0)
    return TRUE;

  self->spent = MAX (self->spent - back, 0) + amount;
  self->at = now;
  return self->spent <= burst;
}
