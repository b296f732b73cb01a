/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-relay-options.h"

G_BEGIN_DECLS

/* Serves until a signal ends it; the exit status of the program. */
int parlor_relay_serve (const ParlorRelayOptions *options);

G_END_DECLS
