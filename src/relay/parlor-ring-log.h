/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-relay.h"

G_BEGIN_DECLS

/**
 * ParlorRingLog:
 *
 * Who rang whom of late in a room, and who knocked at its door, so that nobody can be called without end. Pure: the clock is the
 * caller's. It knows people as pointers and looks at nothing in them.
 */
typedef struct _ParlorRingLog ParlorRingLog;

ParlorRingLog *parlor_ring_log_new (const ParlorRelayLimits *limits);
void parlor_ring_log_free (ParlorRingLog *self);
/* FALSE when @from has rung @to too often, or too many who have not answered; otherwise it is written down. @now in µs. */
gboolean parlor_ring_log_ring (ParlorRingLog *self, gconstpointer from, gconstpointer to, gint64 now);
/* One of the two accepted: they want to talk, so whatever rang between them does not count. */
void parlor_ring_log_accept (ParlorRingLog *self, gconstpointer a, gconstpointer b);
/* One of the two said no, or that it is over: nothing is left to be answered. */
void parlor_ring_log_end (ParlorRingLog *self, gconstpointer a, gconstpointer b);
void parlor_ring_log_forget (ParlorRingLog *self, gconstpointer person);
/* FALSE when too many knocks came from @network (nullable: is not counted), or from all of them; otherwise it is written down. @now in µs. */
gboolean parlor_ring_log_knock (ParlorRingLog *self, const char *network, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorRingLog, parlor_ring_log_free)

G_END_DECLS
