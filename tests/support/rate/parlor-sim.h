/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-rate-control.h"

G_BEGIN_DECLS

#define PARLOR_SIM_MAX_FLOWS 3

/* What one flow did in one second. */
typedef struct
{
  gint64 target;    /* bit/s, at its end */
  gint64 sent;      /* bit/s */
  gint64 delivered; /* bit/s */
  double loss;      /* 0 to 1 */
  double delay_p95; /* ms in the queue */
  double delay_max; /* ms */
} ParlorSimSecond;

typedef struct _ParlorSim ParlorSim;

/**
 * parlor_sim_new:
 * @round_trip_ms: of the empty path
 * @seed: of its random numbers
 *
 * A bottleneck in simulated time: one queue that loses what does not fit, random loss behind it, and calls that send over it
 * what their controllers allow, with the pictures of an encoder that varies. Nothing in it depends on the machine.
 */
ParlorSim *parlor_sim_new (guint round_trip_ms, guint seed);
void parlor_sim_free (ParlorSim *self);
/* May change while it runs. @queue_ms: how long the queue may be, in ms at @rate bit/s; @loss: 0 to 1 */
void parlor_sim_set_link (ParlorSim *self, gint64 rate, guint queue_ms, double loss);
/* (transfer none): another call. */
ParlorRateControl *parlor_sim_add_call (ParlorSim *self, const ParlorRateRange *range);
/* A flow that fills what it gets: a window that grows by a packet a round trip and is halved by a loss (TCP Reno). */
void parlor_sim_add_tcp (ParlorSim *self);
/* A second goes by; @seconds: one for each flow, in the order in which they were added. */
void parlor_sim_run_second (ParlorSim *self, ParlorSimSecond *seconds);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorSim, parlor_sim_free)

G_END_DECLS
