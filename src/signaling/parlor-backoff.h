/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorBackoff:
 *
 * How long to wait before the next attempt: exponential with full jitter, so that a relay that comes back is not
 * met by everybody at once. Pure: no clock. Not thread-safe.
 */
typedef struct _ParlorBackoff ParlorBackoff;

/* A number in [0, 1), like g_random_double(). */
typedef double (*ParlorBackoffRandom) (gpointer user_data);

#define PARLOR_BACKOFF_FIRST_MS 500
#define PARLOR_BACKOFF_CAP_MS (30 * 1000)

/**
 * parlor_backoff_new:
 * @first_ms: the longest first wait, in ms
 * @cap_ms: the longest wait of all, in ms
 * @random: (nullable) (scope notified): where the jitter comes from; %NULL for g_random_double()
 * @user_data: for @random
 *
 * Returns: (transfer full): a back-off before its first wait
 */
ParlorBackoff *parlor_backoff_new (guint first_ms, guint cap_ms, ParlorBackoffRandom random, gpointer user_data);
void parlor_backoff_free (ParlorBackoff *self);

/* The next wait in ms: anything from 0 to twice the bound before, at most the cap. */
guint parlor_backoff_next (ParlorBackoff *self);
/* Begins again with the first wait. */
void parlor_backoff_reset (ParlorBackoff *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorBackoff, parlor_backoff_free)

G_END_DECLS
