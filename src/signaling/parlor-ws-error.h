/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-error.h"
#include "parlor-invite.h"
#include "parlor-message.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/*
 * Why there is no way into a room, in words that say what to do, and in codes that a program can act on. Pure; any thread.
 */

/* All (transfer full). In @format "@" stands for HOST:PORT. */
GError *parlor_ws_error_new (ParlorInvite *invite, ParlorError code, const char *format);
GError *parlor_ws_error_of_tls (ParlorInvite *invite, const GError *error);
GError *parlor_ws_error_of_handshake (ParlorInvite *invite, SoupMessage *handshake, const GError *error);
GError *parlor_ws_error_of_refusal (ParlorInvite *invite, const ParlorMessage *refusal);

G_END_DECLS
