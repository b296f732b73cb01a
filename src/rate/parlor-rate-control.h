/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One packet that transport-wide feedback told of (draft-holmer-rmcat-transport-wide-cc-extensions-01). */
typedef struct
{
  gint64 sent;     /* µs, by our clock */
  gint64 received; /* µs, by the other side's clock; PARLOR_RATE_LOST or PARLOR_RATE_UNREPORTED */
  guint size;      /* bytes, headers of RTP, UDP and IP counted */
} ParlorRatePacket;

#define PARLOR_RATE_LOST G_MININT64
#define PARLOR_RATE_UNREPORTED (G_MININT64 + 1) /* the feedback itself was lost */

/* bit/s, of all that is sent on the path together */
typedef struct
{
  gint64 min;
  gint64 start;
  gint64 max;
} ParlorRateRange;

typedef struct _ParlorRateControl ParlorRateControl;

/**
 * parlor_rate_control_new:
 * @range: what it may ask for, and where it begins
 *
 * How much a call may send: raised while the path carries it, lowered as soon as a queue builds up, or packets are lost that fewer
 * packets would save. Pure: it has no clock; all times are µs by the caller's clock. One thread at a time.
 *
 * Returns: (transfer full): a controller
 */
ParlorRateControl *parlor_rate_control_new (const ParlorRateRange *range);
void parlor_rate_control_free (ParlorRateControl *self);

/**
 * parlor_rate_control_feedback:
 * @now: when the feedback came
 * @packets: in the order of sending
 *
 * Returns: the new target, bit/s
 */
gint64 parlor_rate_control_feedback (ParlorRateControl *self, gint64 now, const ParlorRatePacket *packets, gsize n_packets);

/**
 * parlor_rate_control_tick:
 * @now: the time
 *
 * To be called some times a second while packets are sent: a path from which no feedback comes gets less and less.
 *
 * Returns: the target, bit/s
 */
gint64 parlor_rate_control_tick (ParlorRateControl *self, gint64 now);

/* bit/s; any change comes from the two functions above. */
gint64 parlor_rate_control_get_target (const ParlorRateControl *self);
/* bit/s at which packets that are due may leave, one after the other: a picture at once would fill the queue that is measured. */
gint64 parlor_rate_control_get_pace (const ParlorRateControl *self);
/* µs from sending a packet to hearing of it, smoothed; 0 = not known yet. */
gint64 parlor_rate_control_get_round_trip (const ParlorRateControl *self);
/* bit/s that came through of late; 0 = not known yet. */
gint64 parlor_rate_control_get_delivered (const ParlorRateControl *self);
/* 0 to 1: the share of packets that is lost whatever is sent, as far as it was found out. */
double parlor_rate_control_get_random_loss (const ParlorRateControl *self);
/* 0 to 1: the share that was lost of late. */
double parlor_rate_control_get_loss (const ParlorRateControl *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorRateControl, parlor_rate_control_free)

G_END_DECLS
