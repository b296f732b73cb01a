/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * parlor_relay_test_async:
 * @url: as parlor_new_room_at()
 * @cancellable: (nullable)
 *
 * Goes into a room of its own at a relay, and out again: whether it is there, has a certificate that this computer trusts, and speaks `parlor.1`.
 * Main thread only.
 */
void parlor_relay_test_async (const char *url, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

/* @error: as a #ParlorChannel's, or PARLOR_ERROR_BAD_INVITE */
gboolean parlor_relay_test_finish (GAsyncResult *result, GError **error);

G_END_DECLS
