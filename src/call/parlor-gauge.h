/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-call.h"
#include "parlor-quality.h"

G_BEGIN_DECLS

/**
 * ParlorGauge:
 *
 * Reads the statistics of a call once a second while it is up, and says how it is. Each call has one. Main thread only.
 *
 * Properties (read-only, notify): "stats" (nullable #ParlorStats, of the last look), "quality" (#ParlorQuality; notified with each
 * verdict that is another one, be it only by its trouble), "trouble" (#ParlorTrouble).
 */
const ParlorStats *parlor_gauge_get_stats (ParlorGauge *self); /* (nullable) (transfer none): none yet */
ParlorQuality parlor_gauge_get_quality (ParlorGauge *self);
ParlorTrouble parlor_gauge_get_trouble (ParlorGauge *self);

/* For the call itself, which owns it and is not owned by it. */
ParlorGauge *parlor_gauge_new (ParlorCall *call);

G_END_DECLS
