/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* bytes around the payload of a packet: IPv4 20, UDP 8, RTP 12 with an extension of 8, SRTP's tag 10 */
#define PARLOR_RATE_OVERHEAD 58

/* bit/s that encoders are asked for */
typedef struct
{
  gint64 audio;
  gint64 video;
} ParlorRateBudget;

/**
 * parlor_rate_budget_divide:
 * @target: bit/s of all that is sent on the path together, headers counted
 * @loss: 0 to 1: the share of packets that is lost whatever is sent
 * @video: whether pictures are sent as well
 *
 * One budget for sound and picture, sound first: it gets all that it can use, as long as half of a small budget is not more than that.
 * What pictures get is without the headers of their packets, and without what will be sent again: each of @loss is, until it comes.
 */
ParlorRateBudget parlor_rate_budget_divide (gint64 target, double loss, gboolean video);

G_END_DECLS
