/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ParlorPacer ParlorPacer;

ParlorPacer *parlor_pacer_new (gsize credit);
void parlor_pacer_free (ParlorPacer *self);
void parlor_pacer_set_rate (ParlorPacer *self, gint64 rate);
gsize parlor_pacer_get_backlog (ParlorPacer *self);
void parlor_pacer_stop (ParlorPacer *self);
void parlor_pacer_wait (ParlorPacer *self, gsize size, gsize backlog);

G_END_DECLS
