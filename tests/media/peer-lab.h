/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-studio-private.h"
#include "parlor-test-media.h"
#include "parlor-webrtc-peer.h"

G_BEGIN_DECLS

/*
 * Two ends in one process: a studio with a small moving picture and a tone of its own, a peer, meters for what comes in. The wire between them
 * is a pair of functions that a test may bend.
 */

typedef struct _PeerEnd PeerEnd;

struct _PeerEnd
{
  ParlorStudio *studio;
  ParlorTestMeter *pictures; /* what the remote sink is given */
  ParlorTestMeter *sound;    /* what the speaker plays */
  ParlorWebrtcPeer *peer;
  PeerEnd *other;

  GPtrArray *candidates; /* of ours, until the other side has our description */
  gboolean described;    /* the other side has our description */
  gboolean mute_candidates;
  gboolean hold;      /* make the next peer held */
  gboolean quiet;     /* ... or quiet */
  char *fingerprint;  /* (nullable): the only one that the next peer takes */
  char *sdp;          /* ours, as it was made */
  GError *error;      /* of the last operation */
  guint n_operations; /* that ended */

  GPtrArray *texts;
  gint64 began, connected, first_picture, first_sound; /* us */
  int ear;                                             /* the reading end of the speaker */
  GThread *listener;
};

PeerEnd *peer_end_new (ParlorMediaFlags media, guint tone);
PeerEnd *peer_end_new_with_picture (ParlorMediaFlags media, guint tone, const char *picture);
void peer_end_add_peer (PeerEnd *self, ParlorDialect dialect);
void peer_end_drop_peer (PeerEnd *self); /* closes it and asserts that it goes */
void peer_end_free (PeerEnd *self);
void peer_end_link (PeerEnd *a, PeerEnd *b);

/* Each begins an operation and returns; n_operations tells when it ended. */
void peer_end_offer (PeerEnd *self);
void peer_end_answer (PeerEnd *self, const char *offer);
void peer_end_take_answer (PeerEnd *self, const char *answer);
/* Waits for the operation that was begun last, and asserts that it went well. */
void peer_end_wait_done (PeerEnd *self);

/* The whole of it; @bend (nullable) may rewrite a description on its way: (transfer full) -> (transfer full). */
typedef char *(*PeerBend) (char *sdp, gboolean offer);
void peer_end_call (PeerEnd *from, PeerEnd *to, PeerBend bend);
void peer_end_wait_connected (PeerEnd *from, PeerEnd *to);

ParlorStats *peer_end_get_stats (PeerEnd *self);

G_END_DECLS
