/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PARLOR_SDP_MAX_BYTES (64 * 1024)
#define PARLOR_SDP_MAX_LINES 16 /* m-lines */
#define PARLOR_SDP_FINGERPRINT_BYTES 32

typedef enum
{
  PARLOR_SDP_OFFER,
  PARLOR_SDP_ANSWER,
} ParlorSdpType;

typedef enum
{
  PARLOR_SDP_AUDIO,
  PARLOR_SDP_VIDEO,
  PARLOR_SDP_DATA,
  PARLOR_SDP_OTHER,
} ParlorSdpKind;

/**
 * ParlorSdpLine: what we need to know of one m-line. Directions are its author's.
 */
typedef struct
{
  ParlorSdpKind kind;
  char *mid;
  char *head;        /* the m-line itself, to answer a rejected one in its own words */
  gboolean rejected; /* port 0 */
  gboolean usable;   /* not rejected, and in a codec that we speak */
  gboolean sends;
  gboolean receives;
  int payload;        /* of VP8 or Opus; -1 = none */
  int retransmission; /* its RTX payload type; -1 = none */
  int transport_cc;   /* id of the transport-wide congestion control extension; -1 = none */
  gboolean nack, pli, fir, transport_feedback, fec;

  /*< private >*/
  gboolean multiplexed, bundle_only, sctp;
  guint8 formats[128];            /* by payload type */
  char *ufrag, *password, *setup; /* of the one transport there is */
  GArray *ssrcs;                  /* guint32 */
  GArray *groups;                 /* guint32[2]: an SSRC and that of its retransmissions */
} ParlorSdpLine;

/**
 * ParlorSdp: a session description that was read and found usable. Plain data.
 */
typedef struct
{
  ParlorSdpType type;
  GPtrArray *lines;      /* (element-type ParlorSdpLine) */
  GPtrArray *candidates; /* (element-type utf8): `candidate:...` of the line that leads the bundle */
  int audio, video;      /* index of the first usable m-line of a kind; -1 = none */
  int data;
  int leader; /* the m-line whose transport carries all */
  gboolean ice_lite;
  guint8 fingerprint[PARLOR_SDP_FINGERPRINT_BYTES];
  char *text; /* written anew from what was understood, and nothing else: for webrtcbin */
} ParlorSdp;

ParlorSdp *parlor_sdp_read (const char *text, ParlorSdpType type, const guint8 *own_fingerprint, GError **error);
gboolean parlor_sdp_matches_offer (const ParlorSdp *answer, const ParlorSdp *offer, GError **error);
char *parlor_sdp_finish (const char *text, const guint8 *fingerprint, const ParlorSdp *offer);
const ParlorSdpLine *parlor_sdp_get_line (const ParlorSdp *self, int index);
int parlor_sdp_find_mid (const ParlorSdp *self, const char *mid);
void parlor_sdp_free (ParlorSdp *self);

gboolean parlor_sdp_fingerprint_of_pem (const char *pem, guint8 fingerprint[PARLOR_SDP_FINGERPRINT_BYTES]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorSdp, parlor_sdp_free)

G_END_DECLS
