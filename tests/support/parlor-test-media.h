/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gst/gst.h>

#include "parlor-sink-factory.h"
#include "parlor-studio.h"

G_BEGIN_DECLS

/*
 * Measuring instruments for tests: does a picture move, does a sound have its tone? Each is proved
 * by negative controls in tests/media/test-instruments.c: a frozen picture is seen to be frozen,
 * silence and a wrong tone are heard as such.
 */

/**
 * ParlorTestMeter: looks at raw pictures and listens to raw sound.
 *
 * Fed from any thread, read from any thread.
 */
typedef struct _ParlorTestMeter ParlorTestMeter;

ParlorTestMeter *parlor_test_meter_new (void);
ParlorTestMeter *parlor_test_meter_ref (ParlorTestMeter *self);
void parlor_test_meter_unref (ParlorTestMeter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorTestMeter, parlor_test_meter_unref)

/* Forgets everything that was measured. */
void parlor_test_meter_reset (ParlorTestMeter *self);

/* @sample: a raw picture whose first plane is luma (I420, NV12, GRAY8) or sound as S16LE, 48
   kHz, mono */
void parlor_test_meter_add (ParlorTestMeter *self, GstSample *sample);

guint parlor_test_meter_get_frames (ParlorTestMeter *self);
void parlor_test_meter_get_size (ParlorTestMeter *self, int *width, int *height);
/* Whether at least half of the pictures differ from the one before; needs five of them. */
gboolean parlor_test_meter_is_moving (ParlorTestMeter *self);
/* The mean luma of the last picture; 16 is black. */
double parlor_test_meter_get_brightness (ParlorTestMeter *self);

guint64 parlor_test_meter_get_samples (ParlorTestMeter *self);
/* Of the last 200 ms, of full scale: a sine of amplitude 1 has 0.71. Less than 200 ms heard: 0. */
double parlor_test_meter_get_rms (ParlorTestMeter *self);
/* The share of the power of the last 200 ms that is within some 5 Hz of @frequency: 1 for a pure
   tone, 0 for silence. */
double parlor_test_meter_get_tone (ParlorTestMeter *self, double frequency);

/**
 * ParlorTestDecoder: decodes what a studio's feeds or a network brought, for a meter.
 */
typedef struct _ParlorTestDecoder ParlorTestDecoder;

ParlorTestDecoder *parlor_test_decoder_new (ParlorMediaFlags kind, ParlorTestMeter *meter);
void parlor_test_decoder_push (ParlorTestDecoder *self, GstSample *sample); /* any thread */
void parlor_test_decoder_free (ParlorTestDecoder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorTestDecoder, parlor_test_decoder_free)

/**
 * ParlorTestSinks: a #ParlorSinkFactory whose sinks all end in one meter. The view is a plain
 * GObject.
 */
#define PARLOR_TYPE_TEST_SINKS (parlor_test_sinks_get_type ())
G_DECLARE_FINAL_TYPE (ParlorTestSinks, parlor_test_sinks, PARLOR, TEST_SINKS, GObject)

ParlorTestSinks *parlor_test_sinks_new (ParlorTestMeter *meter);

/* (transfer floating): an appsink into the meter, the end of a pipeline of a test's own */
GstElement *parlor_test_meter_new_sink (ParlorTestMeter *self, const char *caps);

/* Runs the main loop until @condition or for @seconds; fails the test if it did not come true. */
#define parlor_test_wait(condition, seconds)                                                      \
  G_STMT_START                                                                                    \
  {                                                                                               \
    gint64 parlor_deadline = g_get_monotonic_time () + (gint64) ((seconds) *G_USEC_PER_SEC);      \
    guint parlor_tick = g_timeout_add (10, parlor_test_tick, NULL);                               \
    while (!(condition) && g_get_monotonic_time () < parlor_deadline)                             \
      g_main_context_iteration (NULL, TRUE);                                                      \
    g_source_remove (parlor_tick);                                                                \
    if (!(condition))                                                                             \
      g_error ("%s:%d: not within %g s: %s", __FILE__, __LINE__, (double) (seconds), #condition); \
  }                                                                                               \
  G_STMT_END

/* Runs the main loop for that long, for what must not happen; returns how long it really was. */
double parlor_test_run_for (double seconds);
gboolean parlor_test_tick (gpointer user_data);

/* Threads and open file descriptors of this process. */
guint parlor_test_count_threads (void);
guint parlor_test_count_fds (void);

G_END_DECLS
