/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * ParlorLimitation: why the picture that is sent is not larger; W3C webrtc-stats qualityLimitationReason.
 * @PARLOR_LIMITATION_UNKNOWN: no picture is sent
 * @PARLOR_LIMITATION_NONE: it is as large as the camera's
 * @PARLOR_LIMITATION_BANDWIDTH: the path carries no more
 * @PARLOR_LIMITATION_CPU: this computer does not keep up with more
 */
typedef enum
{
  PARLOR_LIMITATION_UNKNOWN,
  PARLOR_LIMITATION_NONE,
  PARLOR_LIMITATION_BANDWIDTH,
  PARLOR_LIMITATION_CPU,
} ParlorLimitation;

/**
 * ParlorStats:
 *
 * What is known of a call's media at one moment; counters are cumulative since the call began. A figure that is not known
 * is -1 (or %NULL) and is left out of the peer's JSON lines: never invented. Plain data, copied by value through
 * parlor_stats_copy(). It lives in this room because it is written to the wire; media fills it in.
 */
typedef struct
{
  struct
  {
    struct
    {
      gint64 bytes, packets, frames; /* bytes of RTP payload and headers, as sent */
      int width, height;             /* pixels */
      double fps;                    /* over the last second */
      gint64 target_bps;             /* what the encoder is asked for, bit/s */
      gint64 quantizer;              /* of the last picture: 0 to 127 (VP8), the larger the coarser */
      gint64 nack, pli;              /* requests received */
      char *codec;                   /* "VP8" */
      ParlorLimitation limitation;
    } video;
    struct
    {
      gint64 bytes, packets;
    } audio;
    double loss; /* 0 to 1: of the packets of late, by congestion control */
  } out;
  struct
  {
    struct
    {
      gint64 bytes, packets, lost, frames, dropped;
      int width, height;
      double fps;
      gint64 freezes;           /* W3C webrtc-stats freezeCount */
      gint64 freeze_ms;         /* W3C totalFreezesDuration, ms */
      double jitter_buffer_ms;  /* mean delay in the jitter buffer */
      double playout_ms;        /* how much later pictures are shown than the quickest of late came */
      double delay_ms;          /* an estimate, from when a picture leaves them until it is shown: half a round trip and that */
      char *codec;
    } video;
    struct
    {
      gint64 bytes, packets, lost;
      gint64 concealed_samples, samples; /* at 48 kHz */
    } audio;
  } in;
  double rtt_ms;       /* of the path, by our own clock: the median of the last three pings on `parlor-ping`; where nobody answers them
                          (for 5 s), what the reports of RTCP say, unless none came for 15 s; else not known */
  gint64 estimate_bps; /* of the path, from congestion control */
  char *pair;          /* the candidate pair in use, "host/udp 127.0.0.1:50000 - host/udp 127.0.0.1:50001" */
} ParlorStats;

#define PARLOR_TYPE_STATS (parlor_stats_get_type ())

GType parlor_stats_get_type (void);
ParlorStats *parlor_stats_new (void); /* nothing known */
ParlorStats *parlor_stats_copy (const ParlorStats *self);
void parlor_stats_free (ParlorStats *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorStats, parlor_stats_free)

G_END_DECLS
