/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* (transfer full): @bytes in base64url without padding (RFC 4648, section 5). Pure; any thread. */
char *parlor_base64url_encode (GBytes *bytes);

/**
 * parlor_base64url_decode:
 * @text: the text; need not be NUL-terminated
 * @length: bytes of @text
 * @size: how many bytes it must stand for
 *
 * Strict: no padding, no white space, exactly the length that belongs to @size, and zero in the bits left over, so
 * that one value has one spelling. Pure; any thread.
 *
 * Returns: (transfer full) (nullable): the bytes; %NULL when @text is anything else
 */
GBytes *parlor_base64url_decode (const char *text, gsize length, gsize size);

G_END_DECLS
