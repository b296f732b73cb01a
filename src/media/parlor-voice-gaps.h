/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorVoiceGaps: how much of a voice had to be made up, as arithmetic. Zeroed = nothing yet.
 *
 * All durations are samples at 48 kHz, the clock of Opus over RTP (RFC 7587, 4.1).
 */
typedef struct
{
  gint64 concealed; /* that nobody sent */
  gint64 last_gap;  /* just before the next packet; 0 = none is open */
} ParlorVoiceGaps;

void parlor_voice_gaps_take_gap (ParlorVoiceGaps *self, gint64 duration);
void parlor_voice_gaps_take_packet (ParlorVoiceGaps *self, const guint8 *packet, gsize size);

/* Whether an Opus packet carries a copy of the sound before it (LBRR). */
gboolean parlor_opus_has_copy (const guint8 *packet, gsize size);

G_END_DECLS
