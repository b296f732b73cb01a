/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "parlor-message.h"

G_BEGIN_DECLS

/**
 * ParlorChannelState:
 * @PARLOR_CHANNEL_CONNECTING: the first attempt is under way
 * @PARLOR_CHANNEL_OPEN: welcomed (or, on a seed relay, connected): messages can be sent
 * @PARLOR_CHANNEL_WAITING: it was open, was lost, and is being tried again
 * @PARLOR_CHANNEL_CLOSED: over; parlor_channel_get_error() says why unless we closed it
 * @PARLOR_CHANNEL_LOCKED: connected, but the room is locked: we may knock, and wait to be let in
 */
typedef enum
{
  PARLOR_CHANNEL_CONNECTING,
  PARLOR_CHANNEL_OPEN,
  PARLOR_CHANNEL_WAITING,
  PARLOR_CHANNEL_CLOSED,
  PARLOR_CHANNEL_LOCKED,
} ParlorChannelState;

#define PARLOR_TYPE_CHANNEL (parlor_channel_get_type ())
G_DECLARE_INTERFACE (ParlorChannel, parlor_channel, PARLOR, CHANNEL, GObject)

/**
 * ParlorChannel:
 *
 * The port through which the domain speaks with a relay: signaling/ has the real one, the tests a pair in memory.
 * Main thread only.
 *
 * Properties (of the interface): "state" (#ParlorChannelState, read-only, notifies), "dialect" (#ParlorDialect, read-only,
 * known once OPEN).
 *
 * Signals: "message" (const ParlorMessage *), for each message received, `welcome` included; emitted after "state" changed.
 */
struct _ParlorChannelInterface
{
  GTypeInterface parent_iface;

  gboolean (*send) (ParlorChannel *self, const ParlorMessage *message, GError **error);
  void (*close) (ParlorChannel *self);
  const GError *(*get_error) (ParlorChannel *self);
  void (*probe) (ParlorChannel *self); /* nullable */
};

/* Never changes the state within: a channel that breaks over it says so later, from the main context. While WAITING it may take a
 * message, and say it once it is back in its old place; if it never is, the message is lost, as it might be on its way. */
gboolean parlor_channel_send (ParlorChannel *self, const ParlorMessage *message, GError **error);
void parlor_channel_close (ParlorChannel *self);
/* Something makes it doubtful that the relay still hears us: a channel that can find out does so, and comes back the sooner. */
void parlor_channel_probe (ParlorChannel *self);
ParlorChannelState parlor_channel_get_state (ParlorChannel *self);
ParlorDialect parlor_channel_get_dialect (ParlorChannel *self);
const GError *parlor_channel_get_error (ParlorChannel *self);

/* For implementations: emits "message". */
void parlor_channel_emit_message (ParlorChannel *self, const ParlorMessage *message);

G_END_DECLS
