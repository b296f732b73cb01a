/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * parlor_relay_service_take_socket:
 * @socket: (out) (transfer full) (nullable): the listening socket that systemd has opened for this process, if it has
 * @error: a #GIOErrorEnum that says what is wrong with the socket unit
 *
 * To be called once, before there are threads.
 */
gboolean parlor_relay_service_take_socket (GSocket **socket, GError **error);

/* Tells the service manager, if there is one: "READY=1", "STOPPING=1" (sd_notify(3)). */
void parlor_relay_service_notify (const char *state);

G_END_DECLS
