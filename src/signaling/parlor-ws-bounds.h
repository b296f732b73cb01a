/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Has @connection refuse what no relay of ours would send, before it is in memory. */
void parlor_ws_bound_messages (SoupWebsocketConnection *connection);

G_END_DECLS
