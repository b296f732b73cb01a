/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-wire"

#include "config.h"

#include "parlor-stats.h"

/*
 * ParlorStats: plain data, boxed so that signals and properties can carry it. It belongs to whoever holds it.
 */

G_DEFINE_BOXED_TYPE (ParlorStats, parlor_stats, parlor_stats_copy, parlor_stats_free)

/**
 * parlor_stats_new:
 *
 * Returns: (transfer full): stats of which nothing is known yet: every number is -1, every text %NULL
 */
ParlorStats *
parlor_stats_new (void)
{
  ParlorStats *self = g_new (ParlorStats, 1);

  *self = (ParlorStats){
    .out.video = { .bytes = -1, .packets = -1, .frames = -1, .width = -1, .height = -1, .fps = -1, .target_bps = -1, .quantizer = -1, .nack = -1, .pli = -1 },
    .out.audio = { .bytes = -1, .packets = -1 },
    .in.video = { .bytes = -1, .packets = -1, .lost = -1, .frames = -1, .dropped = -1, .width = -1, .height = -1, .fps = -1, .freezes = -1, .freeze_ms = -1, .jitter_buffer_ms = -1, .playout_ms = -1, .delay_ms = -1 },
    .in.audio = { .bytes = -1, .packets = -1, .lost = -1, .concealed_samples = -1, .samples = -1 },
    .out.loss = -1,
    .rtt_ms = -1,
    .estimate_bps = -1,
  };
  return self;
}

ParlorStats *
parlor_stats_copy (const ParlorStats *self)
{
  ParlorStats *copy = g_memdup2 (self, sizeof *self);

  copy->out.video.codec = g_strdup (self->out.video.codec);
  copy->in.video.codec = g_strdup (self->in.video.codec);
  copy->pair = g_strdup (self->pair);
  return copy;
}

void
parlor_stats_free (ParlorStats *self)
{
  g_free (self->out.video.codec);
  g_free (self->in.video.codec);
  g_free (self->pair);
  g_free (self);
}
