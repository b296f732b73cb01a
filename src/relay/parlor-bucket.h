/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorBucket:
 *
 * How much somebody may still do: so much a second, and so much at once after a rest (a token bucket). Pure: the clock
 * is the caller's. Plain data; zero is a full one.
 */
typedef struct
{
  double spent; /* of what fits in */
  gint64 at;    /* when that was so: monotonic, in µs */
} ParlorBucket;

/**
 * parlor_bucket_take:
 * @self: a bucket
 * @amount: how much it is this time
 * @per_second: how much comes back every second; 0 = there is no limit
 * @burst: how much fits in
 * @now: monotonic time, in µs
 *
 * Returns: %FALSE when it is too much
 */
gboolean parlor_bucket_take (ParlorBucket *self, double amount, double per_second, double burst, gint64 now);

G_END_DECLS
