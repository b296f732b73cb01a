/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-call.h"
#include "parlor-quality.h"
#include "parlor-studio.h"

G_BEGIN_DECLS

/* What the user reads. All strings are translated; where a `char *` is returned, it is (transfer full). */

const char *parlor_words_for_person (const char *name);
const char *parlor_words_for_end (ParlorEndReason reason, gboolean incoming);
char *parlor_words_for_end_details (ParlorEndReason reason, gboolean incoming, const char *name);
const char *parlor_words_for_no_call (const GError *error);
const char *parlor_words_for_error (const GError *error);
const char *parlor_words_for_error_details (const GError *error);
const char *parlor_words_for_refusal (const char *code);
const char *parlor_words_for_devices (ParlorDeviceStatus camera, ParlorDeviceStatus microphone);
char *parlor_words_for_clock (gint64 us);
char *parlor_words_for_duration (gint64 us);
const char *parlor_words_for_trouble (ParlorTrouble trouble);
const char *parlor_words_for_security (ParlorCallSecurity security, ParlorProofBy proof, gboolean invited_by_us);
const char *parlor_words_for_security_details (ParlorCallSecurity security, ParlorProofBy proof, gboolean has_emoji);

G_END_DECLS
