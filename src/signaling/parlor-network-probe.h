/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-ws-channel.h"

G_BEGIN_DECLS

#define PARLOR_NETWORK_SETTLE_MS 500

/**
 * parlor_network_probe_attach:
 * @channel: (transfer none): whose relay is in doubt when the network changes
 * @monitor: (transfer none): who tells of that; g_network_monitor_get_default() but in tests
 * @settle_ms: a change comes as a burst of signals: so long after the first of it parlor_ws_channel_probe() is called, once
 *
 * For as long as both live. Once for each channel. Main thread only.
 */
void parlor_network_probe_attach (ParlorWsChannel *channel, GNetworkMonitor *monitor, guint settle_ms);

G_END_DECLS
