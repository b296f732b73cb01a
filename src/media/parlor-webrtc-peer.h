/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-peer.h"
#include "parlor-studio.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_WEBRTC_PEER (parlor_webrtc_peer_get_type ())
G_DECLARE_FINAL_TYPE (ParlorWebrtcPeer, parlor_webrtc_peer, PARLOR, WEBRTC_PEER, GObject)

/**
 * parlor_webrtc_peer_new:
 *
 * One generation of a peer connection: a GstPipeline of its own around webrtcbin, fed from @studio. See #ParlorPeer.
 *
 * Returns: (transfer full) (nullable): a peer in %PARLOR_PEER_NEW
 */
ParlorWebrtcPeer *parlor_webrtc_peer_new (ParlorStudio *studio, const ParlorPeerOptions *options, GError **error);

G_END_DECLS
