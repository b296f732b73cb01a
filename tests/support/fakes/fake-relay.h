/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-channel.h"

G_BEGIN_DECLS

#define FAKE_TYPE_CHANNEL (fake_channel_get_type ())
G_DECLARE_FINAL_TYPE (FakeChannel, fake_channel, FAKE, CHANNEL, GObject)

/*
 * A relay in memory: one room, in which each channel is a guest. Messages go through the real text of the wire and are delivered from
 * the main context, in order. With dialect SEED it behaves as the seed's relay: no ids, everything to everybody else.
 */
typedef struct _FakeRelay FakeRelay;

FakeRelay *fake_relay_new (ParlorDialect dialect);
void fake_relay_free (FakeRelay *relay);
/* Joins under @id: welcome to the new one, joined to the others. (transfer full) */
FakeChannel *fake_relay_join (FakeRelay *relay, const char *id);
/* The guest is gone for the others. */
void fake_relay_leave (FakeRelay *relay, FakeChannel *channel);
/* The channel loses the relay. What it says then waits, as in the real one. */
void fake_channel_lose (FakeChannel *channel);
/* ... and comes back to a locked door. */
void fake_channel_lock_out (FakeChannel *channel);
/* ... and is back, in its old place or, with another @id, in a new one; the others hear nothing of either. */
void fake_channel_return (FakeChannel *channel, const char *id);
/* Says @text to @channel as the relay would, whatever it is. */
void fake_channel_receive (FakeChannel *channel, const char *text);
/* (element-type utf8): every message this channel sent, as text. */
GPtrArray *fake_channel_get_sent (FakeChannel *channel);
/* How often somebody doubted it. */
guint fake_channel_get_n_probes (FakeChannel *channel);
/* How many messages of @type it sent. */
guint fake_channel_count_sent (FakeChannel *channel, ParlorMessageType type);


/* A relay that lies: @bend sees every message that one guest says to another, with `from` stamped, and may change it. FALSE: it is not passed on. */
typedef gboolean (*FakeRelayBend) (FakeRelay *relay, ParlorMessage *message, gpointer user_data);
void fake_relay_set_bend (FakeRelay *relay, FakeRelayBend bend, gpointer user_data);
/* Says @message to whom it is addressed to, whoever sent it. */
void fake_relay_deliver (FakeRelay *relay, const ParlorMessage *message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeRelay, fake_relay_free)

G_END_DECLS
