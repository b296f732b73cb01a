/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "parlor-message.h"
#include "parlor-stats.h"

G_BEGIN_DECLS

/**
 * ParlorPeerState:
 * @PARLOR_PEER_NEW: nothing negotiated yet
 * @PARLOR_PEER_CONNECTING: descriptions or candidates are on their way
 * @PARLOR_PEER_CONNECTED: DTLS is up, the certificate is the one the SDP promised, and nothing is held: media flows
 * @PARLOR_PEER_FAILED: over; parlor_peer_get_error() says why
 * @PARLOR_PEER_CLOSED: closed by us
 */
typedef enum
{
  PARLOR_PEER_NEW,
  PARLOR_PEER_CONNECTING,
  PARLOR_PEER_CONNECTED,
  PARLOR_PEER_FAILED,
  PARLOR_PEER_CLOSED,
} ParlorPeerState;

/**
 * ParlorPeerOptions:
 *
 * What the domain knows about the other end before a peer connection is made. Plain data; the callee copies what it keeps.
 */
typedef struct
{
  ParlorDialect dialect;        /* to a seed peer: one audio and one video m-line, no data channel */
  const GPtrArray *ice_servers; /* (nullable) (element-type ParlorIceServer): those known now */
  gboolean held;                /* find a path and shake hands, but send, show and tell nothing before parlor_peer_release() */
  gboolean quiet;               /* as parlor_peer_set_quiet() makes it */
  const char *fingerprint;      /* (nullable): the certificate must be this one, whatever the description promises; see parlor_peer_dup_fingerprint() */
} ParlorPeerOptions;

#define PARLOR_TYPE_PEER (parlor_peer_get_type ())
G_DECLARE_INTERFACE (ParlorPeer, parlor_peer, PARLOR, PEER, GObject)

/**
 * ParlorPeer:
 *
 * The port to one peer connection (one *generation*): media/ implements it with webrtcbin, the tests with a pair in memory.
 * One offer and one answer in its life, never renegotiated. Used from the main thread only; implementations bring
 * what happens on other threads there.
 *
 * Properties: "state" (#ParlorPeerState, read-only, notifies), "data-open" (gboolean, read-only, notifies: the `parlor` data channel
 * is open), "view" (GObject, read-only, notifies, nullable: what shows the remote picture; a GdkPaintable in the app, opaque here).
 *
 * Signals: "candidate" (const char *candidate, const char *mid, int mline_index): one of ours, to be sent;
 * "text" (const char *): a message from the data channel;
 * "first-frame" (ParlorMediaFlags kind): the first decoded picture (or sound) that came in.
 */
struct _ParlorPeerInterface
{
  GTypeInterface parent_iface;

  void (*create_offer_async) (ParlorPeer *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  char *(*create_offer_finish) (ParlorPeer *self, GAsyncResult *result, GError **error);
  void (*create_answer_async) (ParlorPeer *self,
                               const char *offer_sdp,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
  char *(*create_answer_finish) (ParlorPeer *self, GAsyncResult *result, GError **error);
  void (*set_answer_async) (ParlorPeer *self,
                            const char *answer_sdp,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
  gboolean (*set_answer_finish) (ParlorPeer *self, GAsyncResult *result, GError **error);
  void (*add_candidate) (ParlorPeer *self, const char *candidate, const char *mid, int mline_index);
  gboolean (*send_text) (ParlorPeer *self, const char *text, GError **error);
  void (*release) (ParlorPeer *self);
  void (*set_quiet) (ParlorPeer *self, gboolean quiet);
  char *(*dup_fingerprint) (ParlorPeer *self);
  gint64 (*get_last_activity) (ParlorPeer *self);
  void (*collect_stats_async) (ParlorPeer *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  ParlorStats *(*collect_stats_finish) (ParlorPeer *self, GAsyncResult *result, GError **error);
  const GError *(*get_error) (ParlorPeer *self);
  void (*close) (ParlorPeer *self);
};

/* Makes the offer and sets it as the local description; the SDP is (transfer full). */
void parlor_peer_create_offer_async (ParlorPeer *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
char *parlor_peer_create_offer_finish (ParlorPeer *self, GAsyncResult *result, GError **error);

/* Checks and takes @offer_sdp, makes the answer and sets it. PARLOR_ERROR_BAD_SDP or PARLOR_ERROR_FINGERPRINT when the offer cannot be used. */
void parlor_peer_create_answer_async (ParlorPeer *self, const char *offer_sdp, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
char *parlor_peer_create_answer_finish (ParlorPeer *self, GAsyncResult *result, GError **error);

/* Checks and takes the answer to our offer. Errors as above. */
void parlor_peer_set_answer_async (ParlorPeer *self, const char *answer_sdp, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
gboolean parlor_peer_set_answer_finish (ParlorPeer *self, GAsyncResult *result, GError **error);

/* A candidate of theirs; @candidate NULL = no more. Only after their description was taken. Malformed ones are ignored with a warning. */
void parlor_peer_add_candidate (ParlorPeer *self, const char *candidate, const char *mid, int mline_index);

/* Over the `parlor` data channel. PARLOR_ERROR_STATE while it is not open. */
gboolean parlor_peer_send_text (ParlorPeer *self, const char *text, GError **error);

/* Of a peer that was made held: what it is to check besides the certificate was checked. It is CONNECTED no earlier, and neither RTP nor RTCP nor
 * a message of the data channel goes through. Idempotent. */
void parlor_peer_release (ParlorPeer *self);

/* Of two generations of one call only one is heard at a time. The picture of the other goes to a view of its own, and "first-frame" is told of both. */
void parlor_peer_set_quiet (ParlorPeer *self, gboolean quiet);

/* (transfer full) (nullable): the certificate that their description promised, opaque; NULL before it was taken. Another description than it for a
 * peer that was made for one certificate is PARLOR_ERROR_FINGERPRINT. */
char *parlor_peer_dup_fingerprint (ParlorPeer *self);

/* g_get_monotonic_time() of the last authenticated packet that came in; 0 = none yet. */
gint64 parlor_peer_get_last_activity (ParlorPeer *self);

void parlor_peer_collect_stats_async (ParlorPeer *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
ParlorStats *parlor_peer_collect_stats_finish (ParlorPeer *self, GAsyncResult *result, GError **error);

/* Ends it now: no media is sent or shown after this returns; what was sent by parlor_peer_send_text() still leaves, the tear-down goes on elsewhere. Pending operations end with G_IO_ERROR_CANCELLED. Idempotent. */
void parlor_peer_close (ParlorPeer *self);

ParlorPeerState parlor_peer_get_state (ParlorPeer *self);
gboolean parlor_peer_get_data_open (ParlorPeer *self);
GObject *parlor_peer_get_view (ParlorPeer *self); /* (transfer none) (nullable) */
const GError *parlor_peer_get_error (ParlorPeer *self);

#define PARLOR_TYPE_PEER_FACTORY (parlor_peer_factory_get_type ())
G_DECLARE_INTERFACE (ParlorPeerFactory, parlor_peer_factory, PARLOR, PEER_FACTORY, GObject)

struct _ParlorPeerFactoryInterface
{
  GTypeInterface parent_iface;

  ParlorPeer *(*create_peer) (ParlorPeerFactory *self, const ParlorPeerOptions *options, GError **error);
};

/* (transfer full) (nullable): a new peer in PARLOR_PEER_NEW. */
ParlorPeer *parlor_peer_factory_create_peer (ParlorPeerFactory *self, const ParlorPeerOptions *options, GError **error);

G_END_DECLS
