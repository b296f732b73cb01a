/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-relay-options.h"

G_BEGIN_DECLS

/* Tells @relay, before it listens, which STUN and TURN servers to name. @error: %G_OPTION_ERROR_BAD_VALUE. */
gboolean parlor_relay_ice_set_up (ParlorRelay *relay, const ParlorRelayOptions *options, GError **error);

G_END_DECLS
