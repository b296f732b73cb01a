/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#define GST_USE_UNSTABLE_API /* the whole of gst/webrtc is */

#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/webrtc/webrtc.h>

#include "parlor-candidate.h"
#include "parlor-mailbox.h"
#include "parlor-playout.h"
#include "parlor-round-trip.h"
#include "parlor-sdp-check.h"
#include "parlor-studio-private.h"
#include "parlor-voice-gaps.h"
#include "parlor-webrtc-peer.h"

G_BEGIN_DECLS

#define PARLOR_PEER_JITTER_LATENCY 40        /* ms */
#define PARLOR_PEER_VIDEO_JITTER_LATENCY 350 /* ms, for what was lost to come again, and again */
#define PARLOR_PEER_MAX_TEXT (64 * 1024)
#define PARLOR_PEER_TRANSPORT_CC "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

typedef enum
{
  PARLOR_TRACK_AUDIO,
  PARLOR_TRACK_VIDEO,
  PARLOR_N_TRACKS,
} ParlorTrackKind;

/* What flows one way, counted since the beginning. */
typedef struct
{
  gint64 bytes, packets, frames;
  int width, height;
} ParlorFlow;

/* When pictures were shown, for the freezes of W3C webrtc-stats. */
typedef struct
{
  gint64 last; /* us of running time; -1 = none yet */
  gint64 durations[30];
  guint n_durations;
  gint64 freezes, frozen; /* how often, us */
} ParlorFreezes;

/**
 * ParlorTrack: sound or picture, both ways.
 */
typedef struct
{
  /* Set on main before anything flows. */
  int line;           /* index of the m-line; -1 = not negotiated */
  int payload;        /* as negotiated; -1 = none */
  int retransmission; /* -1 = none */
  guint32 ssrc;       /* ours */
  GstElement *source; /* appsrc; NULL = we do not send */

  gint sends; /* atomic: the other side wants it */

  /* Under the stream's lock. */
  gboolean wants_keyframe;
  ParlorFlow out, in;
  gint64 pli;
  guint32 remote_ssrc;  /* 0 = none yet */
  gint64 samples;       /* of sound, at 48 kHz */
  ParlorVoiceGaps gaps; /* likewise */
} ParlorTrack;

/* What the handshake last sent; parlor-webrtc-peer-flight.c */
typedef struct
{
  GstElement *encoder; /* (owned) (nullable): dtlsenc */
  GPtrArray *records;  /* (element-type GstBuffer) */
  gint64 sent;         /* us, by DTLS itself */
  guint n_again;       /* how often it was sent again since */
} ParlorFlight;

/* How much may be sent; parlor-webrtc-peer-rate.c */
typedef struct _ParlorPeerRate ParlorPeerRate;

/* A jitter buffer and what passes through it. */
typedef struct
{
  guint32 ssrc;
  GstElement *element;
  gint64 arrivals[1024]; /* us, by sequence number */
  gint64 held;           /* us, the sum over all that came out */
  gint64 n_held;
} ParlorJitter;

/**
 * ParlorPeerStream: the part of a peer that other threads touch.
 *
 * webrtcbin's callbacks and pad probes hold references to this and never to the GObject, so that a late one finds `gone` set and a
 * closed mailbox, and nothing else. Counted atomically.
 */
typedef struct
{
  gatomicrefcount refs;
  ParlorMailbox *mailbox;
  char *pem; /* our certificate and key */
  ParlorVoice *voice;
  GstClockTime latency; /* of the pipeline, fixed */

  gint quiet;           /* atomic: their voice does not reach the mixer */
  gint held;            /* atomic: no RTP and no RTCP passes the gates, and no ping is answered yet */
  gint gone;            /* atomic: the peer was closed, or failed */
  gint open;            /* atomic: connected and verified, media may leave */
  gint64 last_activity; /* atomic, us */
  gint n_texts;         /* atomic: letters with text that nobody read yet */
  gint has_ping;        /* atomic: there is a channel `parlor-ping`; a second one is left alone */

  GRWLock studio_lock;  /* held for reading while the studio is called from a streaming thread */
  ParlorStudio *studio; /* not owned; NULL once gone */
  ParlorFeed *feed;     /* not owned; of no use once the studio is gone */

  ParlorPeerRate *rate; /* has a lock of its own */

  GMutex lock; /* of all that follows, and of parts of the tracks */
  GPtrArray *transports;
  gboolean expects; /* the remote description was read */
  guint8 fingerprint[PARLOR_SDP_FINGERPRINT_BYTES];
  GstElement *video_sink; /* (owned): until the remote picture takes it */
  GstElement *video_end;  /* (owned): the same, once it is in use */
  GPtrArray *jitters;     /* (element-type ParlorJitter) */
  ParlorFlight flight;
  guint32 introduced[8]; /* SSRCs that the RTP session was told of; 0 = none */
  ParlorPlayout playout;
  GstClockTime media_time;    /* of the last packet of a picture, by the sender's clock; GST_CLOCK_TIME_NONE = none yet */
  guint32 timestamp;          /* the same as RTP has it */
  gint64 playout_told;        /* us, the delay that the sink knows */
  gint64 decoding_began;      /* us; 0 = nothing is being decoded */
  GstElement *video_sink_end; /* (owned) (nullable): the sink within video_end */
  ParlorFreezes freezes;
  ParlorRoundTrip round_trip;
  gboolean shown[PARLOR_N_TRACKS];

  ParlorTrack tracks[PARLOR_N_TRACKS];
} ParlorPeerStream;

typedef enum
{
  PARLOR_LETTER_DESCRIPTION, /* create-offer or create-answer is done */
  PARLOR_LETTER_TAKEN,       /* set-local- or set-remote-description is done */
  PARLOR_LETTER_GATHERED,
  PARLOR_LETTER_CANDIDATE,
  PARLOR_LETTER_CONNECTION, /* webrtcbin's connection-state */
  PARLOR_LETTER_HUNG_UP,    /* the other side closed DTLS */
  PARLOR_LETTER_DATA_OPEN,
  PARLOR_LETTER_DATA_CLOSED,
  PARLOR_LETTER_TEXT,
  PARLOR_LETTER_PING_OPEN,
  PARLOR_LETTER_PING_CLOSED,
  PARLOR_LETTER_FIRST_FRAME,
  PARLOR_LETTER_FAILED,
  PARLOR_LETTER_STATS,
} ParlorLetterType;

/* What other threads have to say. Freed by parlor_letter_free(). */
typedef struct
{
  ParlorLetterType type;
  guint number; /* of the m-line, the state, the kind of media */
  char *text;
  GError *error;
  GObject *object;
  GstWebRTCSessionDescription *description;
  GstStructure *structure;
} ParlorLetter;

typedef enum
{
  PARLOR_WAYS_STRAIGHT,
  PARLOR_WAYS_UDP, /* the ways round by TURN, too */
  PARLOR_WAYS_ALL,
} ParlorWays;

struct _ParlorWebrtcPeer
{
  GObject parent_instance;

  ParlorStudio *studio;
  ParlorDialect dialect;
  char *fingerprint; /* (nullable): the only one that is taken */
  char *stun;       /* nullable */
  GPtrArray *turns; /* (element-type utf8) */

  ParlorPeerState state;
  gboolean data_open;
  gboolean held;
  GPtrArray *kept_back; /* (element-type ParlorLetter): read once it is released */
  GObject *view;
  GError *error;

  ParlorMailbox *mailbox;
  ParlorPeerStream *stream;
  GstElement *pipeline;
  GstElement *webrtc;
  GstBus *bus; /* with a watch on it */
  ParlorFeed *feed;
  GstWebRTCDataChannel *channel;
  GstWebRTCDataChannel *ping_channel; /* nullable */
  guint ping_timeout;
  gint64 pinged; /* us, the last time */

  /* Negotiation: one operation at a time. */
  GTask *task;
  guint gather_timeout;
  guint flight_timeout;
  guint rate_timeout;
  ParlorSdp *local;
  ParlorSdp *remote;
  guint8 own_fingerprint[PARLOR_SDP_FINGERPRINT_BYTES];

  GCancellable *lookups;
  guint n_candidates;
  GPtrArray *local_candidates;  /* (element-type ParlorCandidate), to name the pair in use */
  GPtrArray *remote_candidates; /* the same of theirs */
  GPtrArray *other_ways;        /* (element-type ParlorCandidate): those of remote_candidates that wait for the head start */
  guint head_start;             /* of straight ways, then of UDP; 0 before and after it */
  ParlorWays ways;              /* that may be tried */

  GPtrArray *stats_tasks; /* (element-type GTask) waiting for webrtcbin's part */
  gint64 stats_time;
  gint64 stats_frames[2]; /* out, in at stats_time */
  double stats_fps[2];
  guint stats_reports; /* a sum over the reports of RTCP that were read last, to tell new ones */
  gint64 stats_reported; /* us, when it last was another */
};

/* parlor-webrtc-peer.c */
gboolean parlor_webrtc_peer_build (ParlorWebrtcPeer *self, GError **error);
void parlor_webrtc_peer_fail (ParlorWebrtcPeer *self, GError *error);
void parlor_webrtc_peer_set_state (ParlorWebrtcPeer *self, ParlorPeerState state);

/* parlor-peer-stream.c */
ParlorPeerStream *parlor_peer_stream_new (ParlorStudio *studio, ParlorMailbox *mailbox);
ParlorPeerStream *parlor_peer_stream_ref (ParlorPeerStream *stream);
void parlor_peer_stream_unref (gpointer stream);
void parlor_peer_stream_close (ParlorPeerStream *stream);
void parlor_peer_stream_forget_elements (ParlorPeerStream *stream);
gulong parlor_peer_stream_connect (ParlorPeerStream *stream, gpointer instance, const char *signal, GCallback callback);
gulong parlor_peer_stream_probe (ParlorPeerStream *stream, GstElement *element, const char *pad, GstPadProbeType type, GstPadProbeCallback callback);
void parlor_peer_stream_request_keyframe_in_stream (ParlorPeerStream *stream);
ParlorLetter *parlor_letter_new (ParlorLetterType type, guint number);
void parlor_letter_free (gpointer letter);
ParlorJitter *parlor_peer_stream_find_jitter (ParlorPeerStream *stream, ParlorTrackKind kind);
void parlor_peer_stream_say_first (ParlorPeerStream *stream, ParlorTrackKind kind);
void parlor_peer_stream_post (ParlorPeerStream *stream, ParlorLetter *letter);
void parlor_peer_stream_post_error (ParlorPeerStream *stream, int code, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* parlor-webrtc-peer-gate.c */
void parlor_peer_stream_guard (ParlorPeerStream *stream, GstElement *webrtc);
void parlor_peer_stream_expect (ParlorPeerStream *stream, const guint8 *fingerprint);
gboolean parlor_peer_stream_is_verified (ParlorPeerStream *stream);

/* parlor-webrtc-peer-negotiate.c */
void parlor_webrtc_peer_create_offer_async (ParlorPeer *peer, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
void parlor_webrtc_peer_create_answer_async (ParlorPeer *peer, const char *offer_sdp, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
void parlor_webrtc_peer_set_answer_async (ParlorPeer *peer, const char *answer_sdp, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
char *parlor_webrtc_peer_create_description_finish (ParlorPeer *peer, GAsyncResult *result, GError **error);
gboolean parlor_webrtc_peer_set_answer_finish (ParlorPeer *peer, GAsyncResult *result, GError **error);
void parlor_webrtc_peer_negotiate (ParlorWebrtcPeer *self, ParlorLetter *letter);
void parlor_webrtc_peer_end_negotiation (ParlorWebrtcPeer *self, GError *error);

/* parlor-webrtc-peer-candidates.c */
void parlor_webrtc_peer_add_candidate (ParlorPeer *peer, const char *candidate, const char *mid, int mline_index);
void parlor_webrtc_peer_emit_candidate (ParlorWebrtcPeer *self, const char *text, int line);

/* parlor-webrtc-peer-ways.c */
void parlor_webrtc_peer_take_ice_server (ParlorWebrtcPeer *self, const ParlorIceServer *server);
void parlor_webrtc_peer_set_up_ice (ParlorWebrtcPeer *self);
void parlor_webrtc_peer_offer_way (ParlorWebrtcPeer *self, ParlorCandidate *candidate);
void parlor_webrtc_peer_start_ways (ParlorWebrtcPeer *self);

/* parlor-webrtc-peer-flight.c */
void parlor_peer_stream_keep_flights (ParlorPeerStream *stream, GstElement *webrtc);
void parlor_peer_stream_forget_flight (ParlorPeerStream *stream);
void parlor_webrtc_peer_watch_flights (ParlorWebrtcPeer *self);

/* parlor-webrtc-peer-session.c */
void parlor_peer_stream_brief_session (ParlorPeerStream *stream, GstElement *webrtc);

/* parlor-webrtc-peer-end.c */
void parlor_webrtc_peer_bury (GstElement *pipeline, GstElement *webrtc, GstWebRTCDataChannel *channel, ParlorPeerStream *stream);

/* parlor-webrtc-peer-send.c */
gboolean parlor_webrtc_peer_add_sender (ParlorWebrtcPeer *self, ParlorTrackKind kind, GstCaps *preferences, GError **error);
void parlor_webrtc_peer_feed_in_stream (ParlorMediaFlags kind, GstSample *sample, gpointer user_data);

/* parlor-webrtc-peer-receive.c */
void parlor_peer_stream_receive (ParlorPeerStream *stream, GstElement *webrtc);
void parlor_peer_stream_hurry_retries (ParlorPeerStream *stream, gint64 round_trip);

/* parlor-webrtc-peer-playout.c */
void parlor_peer_stream_play_out (ParlorPeerStream *stream, GstElement *queue, GstElement *decoder, GstElement *sink);

/* parlor-webrtc-peer-data.c */
gboolean parlor_webrtc_peer_create_channel (ParlorWebrtcPeer *self, GError **error);
void parlor_peer_stream_accept_channel (ParlorPeerStream *stream, GstElement *webrtc);
gboolean parlor_webrtc_peer_send_text (ParlorPeer *peer, const char *text, GError **error);

/* parlor-webrtc-peer-ping.c */
void parlor_webrtc_peer_create_ping (ParlorWebrtcPeer *self);
void parlor_peer_stream_accept_ping_in_stream (ParlorPeerStream *stream, GObject *channel, const char *label, gboolean is_open);
void parlor_webrtc_peer_start_pings (ParlorWebrtcPeer *self, GObject *channel);
void parlor_webrtc_peer_stop_pings (ParlorWebrtcPeer *self);

/* parlor-webrtc-peer-rate.c */
ParlorPeerRate *parlor_peer_rate_new (void);
void parlor_peer_rate_free (ParlorPeerRate *self);
gint64 parlor_peer_rate_get_estimate (ParlorPeerRate *self, double *loss);
void parlor_peer_stream_control_rate (ParlorPeerStream *stream, GstElement *webrtc);
void parlor_peer_stream_take_feedback_in_stream (ParlorPeerStream *stream, GstEvent *event);
GstElement *parlor_peer_stream_make_pacer (ParlorPeerStream *stream);
void parlor_webrtc_peer_start_rate (ParlorWebrtcPeer *self);
void parlor_webrtc_peer_stop_rate (ParlorWebrtcPeer *self);

/* parlor-stats-collect.c */
void parlor_webrtc_peer_collect_stats_async (ParlorPeer *peer, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
ParlorStats *parlor_webrtc_peer_collect_stats_finish (ParlorPeer *peer, GAsyncResult *result, GError **error);
void parlor_webrtc_peer_finish_stats (ParlorWebrtcPeer *self, const GstStructure *structure);

G_END_DECLS
