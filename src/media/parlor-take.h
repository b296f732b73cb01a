/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * ParlorTakeEvent: what became of a take; told on the main thread.
 * @PARLOR_TAKE_FLOWS: it works: a source's first buffer came, a sink plays
 * @PARLOR_TAKE_ERROR: it broke
 * @PARLOR_TAKE_EOS: it came to its end
 */
typedef enum
{
  PARLOR_TAKE_FLOWS,
  PARLOR_TAKE_ERROR,
  PARLOR_TAKE_EOS,
} ParlorTakeEvent;

typedef struct _ParlorTake ParlorTake;
typedef void (*ParlorTakeSampleFunc) (GstSample *sample, gpointer user_data);
typedef void (*ParlorTakeEventFunc) (ParlorTake *take,
                                     ParlorTakeEvent event,
                                     const GError *error,
                                     gpointer user_data);

/**
 * parlor_take_new_source:
 * @chain: (transfer floating): a bin with one src pad
 * @paced: whether @chain may run faster than life and must be held to the clock
 * @base_time: the studio's
 * @sample: (nullable): called on a streaming thread; the buffer's PTS is running time. It must not block
 *
 * Returns: (transfer full): a take, not open
 */
ParlorTake *parlor_take_new_source (GstElement *chain,
                                    gboolean paced,
                                    GstClockTime base_time,
                                    ParlorTakeSampleFunc sample,
                                    gpointer sample_data,
                                    ParlorTakeEventFunc event,
                                    gpointer event_data);

/**
 * parlor_take_new_sink:
 * @chain: (transfer floating): a bin with one sink pad, for raw audio
 * @latency: how long after its running time a buffer is rendered
 *
 * Returns: (transfer full): a take, not open
 */
ParlorTake *parlor_take_new_sink (GstElement *chain,
                                  GstClockTime base_time,
                                  GstClockTime latency,
                                  ParlorTakeEventFunc event,
                                  gpointer event_data);

void parlor_take_open (ParlorTake *self);

/* A source's samples go there from now on; before, with NULL, nowhere. Main thread. */
void parlor_take_set_sample_func (ParlorTake *self, ParlorTakeSampleFunc sample, gpointer sample_data);

/* No callback runs any more once this returned; the device is let go of on the take's own
   thread. */
void parlor_take_close (ParlorTake *self);

/* Waits until a closed take let go of its device; FALSE if it did not within @timeout_us. */
gboolean parlor_take_wait_closed (ParlorTake *self, gint64 timeout_us);

/* How many buffers came through so far, modulo 2^32; any thread. */
guint parlor_take_get_count (ParlorTake *self);

/* Hands a buffer to a sink's take; any thread. */
void parlor_take_push_in_stream (ParlorTake *self, GstSample *sample);

void parlor_take_unref (ParlorTake *self); /* of a closed (or never opened) take */

G_END_DECLS
