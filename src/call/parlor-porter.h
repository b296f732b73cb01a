/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-channel.h"
#include "parlor-participant.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_PORTER (parlor_porter_get_type ())
G_DECLARE_FINAL_TYPE (ParlorPorter, parlor_porter, PARLOR, PORTER, GObject)

/**
 * ParlorPorter:
 *
 * The door of the room that a channel leads to: whether it is locked, who waits outside, and, for its owner, what is done about it. Main thread only.
 *
 * Properties (read-only, notify): "owner" (gboolean: whether we may do something about it), "locked" (gboolean),
 * "knockers" (GListModel of #ParlorParticipant, never NULL; of an owner only).
 *
 * Whatever is asked of the relay may fail with PARLOR_ERROR_CLOSED (no connection now) or PARLOR_ERROR_STATE (not the owner; nobody of that id there).
 */
ParlorPorter *parlor_porter_new (ParlorChannel *channel);
gboolean parlor_porter_get_owner (ParlorPorter *self);
gboolean parlor_porter_get_locked (ParlorPorter *self);
GListModel *parlor_porter_get_knockers (ParlorPorter *self);

gboolean parlor_porter_admit (ParlorPorter *self, const char *id, GError **error);
gboolean parlor_porter_refuse (ParlorPorter *self, const char *id, GError **error);
/* "locked" follows when the relay says so. */
gboolean parlor_porter_set_locked (ParlorPorter *self, gboolean locked, GError **error);
/* Sends away somebody who is in the room. */
gboolean parlor_porter_remove (ParlorPorter *self, const char *id, GError **error);

G_END_DECLS
