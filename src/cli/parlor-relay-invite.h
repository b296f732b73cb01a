/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-relay-options.h"

G_BEGIN_DECLS

/**
 * parlor_relay_invite_new:
 * @options: of the relay
 * @port: where it listens
 * @pin: (nullable): of its certificate
 *
 * Returns: (transfer full): two lines: an invite to a new room for the app, and the one for browsers
 */
char *parlor_relay_invite_new (const ParlorRelayOptions *options, guint16 port, GBytes *pin);

G_END_DECLS
