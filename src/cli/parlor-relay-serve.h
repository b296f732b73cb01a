/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-relay-options.h"

G_BEGIN_DECLS

/* Serves until a signal ends it, on @socket (nullable) or where @options say; the exit status of the program. */
int parlor_relay_serve (const ParlorRelayOptions *options, GSocket *socket);

G_END_DECLS
