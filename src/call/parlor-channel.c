/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-call"

#include "config.h"

#include "parlor-channel.h"

#include "parlor-call-enums.h"
#include "parlor-wire-enums.h"

/*
 * ParlorChannel: an interface only. What it means is written in the header; signaling/ and the tests implement it.
 */

G_DEFINE_INTERFACE (ParlorChannel, parlor_channel, G_TYPE_OBJECT)

enum
{
  MESSAGE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
parlor_channel_default_init (ParlorChannelInterface *iface)
{
  g_object_interface_install_property (
    iface, g_param_spec_enum ("state", NULL, NULL, PARLOR_TYPE_CHANNEL_STATE,
                              PARLOR_CHANNEL_CONNECTING,
                              G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS));
  g_object_interface_install_property (
    iface, g_param_spec_enum ("dialect", NULL, NULL, PARLOR_TYPE_DIALECT, PARLOR_DIALECT_PARLOR,
                              G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS));

  signals[MESSAGE] = g_signal_new ("message", PARLOR_TYPE_CHANNEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 1,
                                   PARLOR_TYPE_MESSAGE | G_SIGNAL_TYPE_STATIC_SCOPE);
}

gboolean
parlor_channel_send (ParlorChannel *self, const ParlorMessage *message, GError **error)
{
  g_return_val_if_fail (PARLOR_IS_CHANNEL (self), FALSE);

  return PARLOR_CHANNEL_GET_IFACE (self)->send (self, message, error);
}

void
parlor_channel_close (ParlorChannel *self)
{
  g_return_if_fail (PARLOR_IS_CHANNEL (self));

  PARLOR_CHANNEL_GET_IFACE (self)->close (self);
}

void
parlor_channel_probe (ParlorChannel *self)
{
  g_return_if_fail (PARLOR_IS_CHANNEL (self));

  if (PARLOR_CHANNEL_GET_IFACE (self)->probe)
    PARLOR_CHANNEL_GET_IFACE (self)->probe (self);
}

const GError *
parlor_channel_get_error (ParlorChannel *self)
{
  g_return_val_if_fail (PARLOR_IS_CHANNEL (self), NULL);

  return PARLOR_CHANNEL_GET_IFACE (self)->get_error (self);
}

ParlorChannelState
parlor_channel_get_state (ParlorChannel *self)
{
  ParlorChannelState state;

  g_object_get (self, "state", &state, NULL);
  return state;
}

ParlorDialect
parlor_channel_get_dialect (ParlorChannel *self)
{
  ParlorDialect dialect;

  g_object_get (self, "dialect", &dialect, NULL);
  return dialect;
}

void
parlor_channel_emit_message (ParlorChannel *self, const ParlorMessage *message)
{
  g_signal_emit (self, signals[MESSAGE], 0, message);
}
