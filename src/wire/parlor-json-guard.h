/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * parlor_json_guard_check:
 * @text: what came from the network; need not be NUL-terminated
 * @length: bytes of @text
 * @leave_out: (nullable): a member of the outermost object to leave out of @compact
 * @compact: (out) (optional) (transfer full): @text without white space between tokens and without @leave_out; its tokens
 *   are spelled as they came
 * @error: %PARLOR_ERROR_BAD_MESSAGE, with a message that says what and where
 *
 * Whether json-glib may see @text: strictly RFC 8259 with an object outside, valid UTF-8, no NUL and no lone surrogate,
 * at most %PARLOR_WIRE_MAX_DEPTH deep, at most %PARLOR_JSON_MAX_MEMBERS members an object and none twice (compared
 * after unescaping), numbers that a double or an int64 can hold. json-glib recurses, keeps the last of two equal
 * keys and takes comments, so nothing of that may reach it. Does not recurse; linear in @length. Pure; any thread.
 *
 * Returns: %TRUE when it may
 */
gboolean parlor_json_guard_check (const char *text,
                                  gsize length,
                                  const char *leave_out,
                                  char **compact,
                                  GError **error);

/* Bounds the cost of keys that all hash alike. No message comes near it. */
#define PARLOR_JSON_MAX_MEMBERS 256

G_END_DECLS
