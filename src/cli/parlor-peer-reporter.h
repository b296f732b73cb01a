/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-core.h"

G_BEGIN_DECLS

/**
 * ParlorPeerReporter:
 *
 * Says on standard output what a core does: one JSON object a line, or plain words. Main thread only.
 */
typedef struct _ParlorPeerReporter ParlorPeerReporter;

ParlorPeerReporter *parlor_peer_reporter_new (ParlorCore *core, gboolean json);
void parlor_peer_reporter_free (ParlorPeerReporter *self);
/* "error" {code, message}; in plain words on standard error. */
void parlor_peer_reporter_error (ParlorPeerReporter *self, const GError *error);
/* The same before there is a core. */
void parlor_peer_report_error (gboolean json, const GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorPeerReporter, parlor_peer_reporter_free)

G_END_DECLS
