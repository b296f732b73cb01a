/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-core.h"

G_BEGIN_DECLS

/**
 * ParlorReporter:
 *
 * Adds to an action map what other programs may read of the call, over D-Bus (org.gtk.Actions). Main thread only.
 */
typedef struct _ParlorReporter ParlorReporter;

ParlorReporter *parlor_reporter_new (ParlorCore *core, GActionMap *actions);
void parlor_reporter_free (ParlorReporter *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorReporter, parlor_reporter_free)

G_END_DECLS
