/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-backoff.h"
#include "parlor-ws-channel.h"

G_BEGIN_DECLS

/* For tests, before parlor_ws_channel_connect(): the deadline of one attempt up to its welcome, and the waits
 * (transfer full). */
void parlor_ws_channel_set_timing (ParlorWsChannel *self, guint deadline_ms, ParlorBackoff *backoff);
/* ... and how often to ask for a sign of life, after how long without one the relay is lost, and how long a probe waits. */
void parlor_ws_channel_set_liveness (ParlorWsChannel *self, guint keepalive_s, guint silence_ms, guint probe_ms);

G_END_DECLS
