/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorPending:
 *
 * Connections that are not guests yet, by the network that they come from: one network has so many places, and not all of the
 * relay's. One thread at a time.
 */
typedef struct _ParlorPending ParlorPending;

/**
 * ParlorPendingPlace: one connection's place, or, all zero, none. It must be left before it is freed.
 */
typedef struct
{
  /*< private >*/
  GList link;
  GQueue *queue; /* of its network; NULL = in none */
  char *network;
} ParlorPendingPlace;

ParlorPending *parlor_pending_new (guint max_per_network);
void parlor_pending_free (ParlorPending *self);
gpointer parlor_pending_join (ParlorPending *self, ParlorPendingPlace *place, const char *network, gpointer connection);
void parlor_pending_leave (ParlorPending *self, ParlorPendingPlace *place);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorPending, parlor_pending_free)

G_END_DECLS
