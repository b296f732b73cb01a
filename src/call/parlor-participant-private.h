/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-participant.h"

G_BEGIN_DECLS

/* For the room call: what the relay and the data channel tell about somebody. */
void parlor_participant_set_id (ParlorParticipant *self, const char *id);
void parlor_participant_set_in_call (ParlorParticipant *self, gboolean in_call);
void parlor_participant_set_away (ParlorParticipant *self, gboolean away);
void parlor_participant_set_media (ParlorParticipant *self, gboolean audio, gboolean video);

G_END_DECLS
