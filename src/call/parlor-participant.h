/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "parlor-message.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_PARTICIPANT (parlor_participant_get_type ())
G_DECLARE_FINAL_TYPE (ParlorParticipant, parlor_participant, PARLOR, PARTICIPANT, GObject)

/**
 * ParlorParticipant:
 *
 * Somebody else in the room. Main thread only.
 *
 * Properties (all read-only, notify): "id" (nullable on a foreign seed relay), "name", "dialect", "in-call",
 * "away" (the relay lost them, and keeps their place for a while),
 * "audio" and "video" (whether they send it, as they say over the data channel; TRUE until they say otherwise).
 */
ParlorParticipant *parlor_participant_new (const char *id, const char *name, ParlorDialect dialect);
const char *parlor_participant_get_id (ParlorParticipant *self);
const char *parlor_participant_get_name (ParlorParticipant *self);
ParlorDialect parlor_participant_get_dialect (ParlorParticipant *self);
gboolean parlor_participant_get_in_call (ParlorParticipant *self);
gboolean parlor_participant_get_away (ParlorParticipant *self);
gboolean parlor_participant_get_audio (ParlorParticipant *self);
gboolean parlor_participant_get_video (ParlorParticipant *self);

G_END_DECLS
