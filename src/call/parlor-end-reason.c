/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-call"

#include "config.h"

#include "parlor-call.h"

#include "parlor-call-enums.h"

/**
 * parlor_end_reason_to_string:
 * @reason: why a call is over
 *
 * Returns: (transfer none): its nick: "hung-up", "no-answer", ...; for programs, not for users
 */
const char *
parlor_end_reason_to_string (ParlorEndReason reason)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (PARLOR_TYPE_END_REASON);
  const GEnumValue *value = g_enum_get_value (klass, reason);

  return value ? value->value_nick : "unknown";
}

gboolean
parlor_end_reason_is_failure (ParlorEndReason reason)
{
  return reason != PARLOR_END_NONE && reason != PARLOR_END_HUNG_UP && reason != PARLOR_END_REMOTE_HUNG_UP;
}
