/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-peer.h"

G_BEGIN_DECLS

#define FAKE_TYPE_PEER (fake_peer_get_type ())
G_DECLARE_FINAL_TYPE (FakePeer, fake_peer, FAKE, PEER, GObject)

#define FAKE_TYPE_PEER_FACTORY (fake_peer_factory_get_type ())
G_DECLARE_FINAL_TYPE (FakePeerFactory, fake_peer_factory, FAKE, PEER_FACTORY, GObject)

/*
 * Peer connections in memory. Two of them find each other by the fingerprints in their descriptions and are connected as soon as
 * each has the other's description and one candidate. What goes wrong is chosen on the factory before the call.
 */
FakePeerFactory *fake_peer_factory_new (const char *fingerprint);
/* Every operation that takes a description fails with this code. */
void fake_peer_factory_fail_with (FakePeerFactory *factory, int parlor_error_code);
/* No path is ever found. */
void fake_peer_factory_set_dark (FakePeerFactory *factory, gboolean dark);
/* The data channel never opens. */
void fake_peer_factory_set_mute_data (FakePeerFactory *factory, gboolean mute_data);
/* Something comes in all the time, once it is connected: see fake_peer_set_alive(). */
void fake_peer_factory_set_alive (FakePeerFactory *factory, gboolean is_alive);
/* No peer can be made. */
void fake_peer_factory_set_broken (FakePeerFactory *factory, gboolean broken);
guint fake_peer_factory_get_n_made (FakePeerFactory *factory);
/* How many of them were ever connected: before that nothing is sent or shown. */
guint fake_peer_factory_get_n_connected (FakePeerFactory *factory);
FakePeer *fake_peer_factory_get_last (FakePeerFactory *factory); /* (transfer none) (nullable) */

void fake_peer_fail (FakePeer *peer, int parlor_error_code);
gboolean fake_peer_get_quiet (FakePeer *peer);
/* Its first picture or sound comes in. */
void fake_peer_show (FakePeer *peer, ParlorMediaFlags kind);
/* Whether something came in whenever it is asked for its last activity. */
void fake_peer_set_alive (FakePeer *peer, gboolean is_alive);
/* What it says over the data channel reaches nobody, until it is mended. */
void fake_peer_set_cut (FakePeer *peer, gboolean cut);
void fake_peer_set_last_activity (FakePeer *peer, gint64 monotonic_us);
/* The servers that it was made with: "stun:host -, turn:host user". */
const char *fake_peer_get_ice (FakePeer *peer);
guint fake_peer_get_n_candidates (FakePeer *peer); /* taken from the other side */

G_END_DECLS
