/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-signaling"

#include "config.h"

#include "parlor-network-probe.h"

/*
 * Whoever changes networks (Wi-Fi to cable, a VPN, a wake-up) loses the way to the relay without a word: TCP tells nothing, and
 * silence takes 25 s to be sure of. So the relay is asked at once. Main thread only.
 */

#define PENDING "parlor-network-probe" /* the channel's data: the source of the probe to come */

typedef struct
{
  guint settle_ms;
  guint source;
} Pending;

static void
pending_free (gpointer data)
{
  Pending *pending = data;

  g_clear_handle_id (&pending->source, g_source_remove);
  g_free (pending);
}

static gboolean
on_settled (gpointer channel)
{
  Pending *pending = g_object_get_data (channel, PENDING);

  pending->source = 0;
  parlor_ws_channel_probe (channel);
  return G_SOURCE_REMOVE;
}

static void
on_network_changed (ParlorWsChannel *channel)
{
  Pending *pending = g_object_get_data (G_OBJECT (channel), PENDING);

  /* What comes later than the probe starts another: a burst without an end delays nothing. */
  if (pending->source == 0)
    pending->source = g_timeout_add (pending->settle_ms, on_settled, channel);
}

void
parlor_network_probe_attach (ParlorWsChannel *channel, GNetworkMonitor *monitor, guint settle_ms)
{
  Pending *pending = g_new0 (Pending, 1);

  g_return_if_fail (PARLOR_IS_WS_CHANNEL (channel) && G_IS_NETWORK_MONITOR (monitor));

  pending->settle_ms = settle_ms;
  g_object_set_data_full (G_OBJECT (channel), PENDING, pending, pending_free);
  g_signal_connect_object (monitor, "network-changed", G_CALLBACK (on_network_changed), channel, G_CONNECT_SWAPPED);
}
