/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-take.h"

#include <gst/app/app.h>

/*
 * ParlorTake: one device (or what stands in for it) in a GstPipeline of its own.
 *
 * A source ends in an appsink whose samples go on into the studio; a sink begins with an appsrc. So
 * an error, an end of stream or a slow driver stays in here: the studio's own pipeline never stops
 * and never holds a device. Opening and closing may block for seconds (a sound server that does not
 * answer, a camera that is slow to start), so each take has a thread that does nothing else. Made,
 * opened, closed and told of by the bus on the main thread.
 *
 * Buffers leave with their running time under the studio's clock and base time. A source that
 * counts otherwise (from zero since it was opened late, or not at all) is shifted once and keeps
 * its own spacing.
 */

/* A source this far off the clock when it starts is shifted to it, ... */
#define START_TOLERANCE (200 * GST_MSECOND)
/* ... and one that drifts this far later is shifted again. */
#define DRIFT_TOLERANCE (500 * GST_MSECOND)

struct _ParlorTake
{
  gatomicrefcount refs;
  GstElement *pipeline;
  GstElement *edge; /* the appsink of a source, the appsrc of a sink */
  gboolean sink;

  /* main thread */
  guint bus_watch;
  ParlorTakeEventFunc event;
  gpointer event_data;

  GMutex lock;
  GCond changed;
  gboolean closing;            /* under lock */
  gboolean retimed;            /* under lock: an element has another latency */
  gboolean closed;             /* under lock */
  ParlorTakeSampleFunc sample; /* under lock: NULL once closed */
  gpointer sample_data;

  guint count; /* atomic */

  struct
  {
    gboolean timed;
    GstClockTimeDiff offset;
  } stream;
};

static ParlorTake *
take_ref (ParlorTake *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
parlor_take_unref (ParlorTake *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_assert (self->bus_watch == 0);
  gst_object_unref (self->edge);
  gst_object_unref (self->pipeline);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self);
}

/* The running time that @sample shall have in the studio. */
static GstClockTime
place_in_stream (ParlorTake *self, GstSample *sample)
{
  const GstSegment *segment = gst_sample_get_segment (sample);
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  GstClockTime now = gst_element_get_current_running_time (self->pipeline);
  GstClockTime time = GST_CLOCK_TIME_NONE;
  GstClockTimeDiff error, tolerance;

  if (segment->format == GST_FORMAT_TIME)
    time = gst_segment_to_running_time (segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  if (!GST_CLOCK_TIME_IS_VALID (time))
    return now;

  error = GST_CLOCK_DIFF (time + self->stream.offset, now);
  tolerance = self->stream.timed ? DRIFT_TOLERANCE : START_TOLERANCE;
  if (ABS (error) > tolerance)
    self->stream.offset += error;
  self->stream.timed = TRUE;
  return time + self->stream.offset;
}

static GstFlowReturn
on_sink_new_sample_in_stream (GstAppSink *sink, gpointer user_data)
{
  ParlorTake *self = user_data;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  g_autoptr (GstBuffer) buffer = NULL;
  g_autoptr (GstSample) placed = NULL;

  if (!sample || !gst_sample_get_buffer (sample) || !gst_sample_get_caps (sample))
    return GST_FLOW_OK;

  /* A copy shares the memory; only its times are its own. */
  buffer = gst_buffer_copy (gst_sample_get_buffer (sample));
  GST_BUFFER_PTS (buffer) = place_in_stream (self, sample);
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  placed = gst_sample_new (buffer, gst_sample_get_caps (sample), NULL, NULL);

  if (g_atomic_int_add (&self->count, 1) == 0)
    gst_element_post_message (
      GST_ELEMENT (sink),
      gst_message_new_application (GST_OBJECT (sink), gst_structure_new_empty ("parlor-flows")));

  g_mutex_lock (&self->lock);
  if (self->sample)
    self->sample (placed, self->sample_data);
  g_mutex_unlock (&self->lock);
  return GST_FLOW_OK;
}

static gboolean
on_bus_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  ParlorTake *self = user_data;
  g_autoptr (GError) error = NULL;
  GstState state;

  switch (GST_MESSAGE_TYPE (message))
    {
    case GST_MESSAGE_ERROR:
      gst_message_parse_error (message, &error, NULL);
      self->event (self, PARLOR_TAKE_ERROR, error, self->event_data);
      break;
    case GST_MESSAGE_EOS:
      self->event (self, PARLOR_TAKE_EOS, NULL, self->event_data);
      break;
    case GST_MESSAGE_APPLICATION:
      self->event (self, PARLOR_TAKE_FLOWS, NULL, self->event_data);
      break;
    case GST_MESSAGE_STATE_CHANGED:
      gst_message_parse_state_changed (message, NULL, &state, NULL);
      if (self->sink && GST_MESSAGE_SRC (message) == GST_OBJECT (self->pipeline)
          && state == GST_STATE_PLAYING)
        self->event (self, PARLOR_TAKE_FLOWS, NULL, self->event_data);
      break;
    case GST_MESSAGE_LATENCY:
      g_mutex_lock (&self->lock);
      self->retimed = TRUE;
      g_cond_broadcast (&self->changed);
      g_mutex_unlock (&self->lock);
      break;
    default:
      break;
    }
  return G_SOURCE_CONTINUE;
}

/* Without the lock: it waits for a state change that is under way. */
static void
recalculate_latency (ParlorTake *self)
{
  self->retimed = FALSE;
  g_mutex_unlock (&self->lock);
  gst_bin_recalculate_latency (GST_BIN (self->pipeline));
  g_mutex_lock (&self->lock);
}

/* The take's own thread: opens, waits, closes. */
static gpointer
run (gpointer user_data)
{
  ParlorTake *self = user_data;

  if (gst_element_set_state (self->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
    GST_ELEMENT_ERROR (self->pipeline, RESOURCE, FAILED, ("It could not be opened."), (NULL));

  g_mutex_lock (&self->lock);
  while (!self->closing)
    if (self->retimed)
      recalculate_latency (self);
    else
      g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);

  gst_element_set_state (self->pipeline, GST_STATE_NULL);

  g_mutex_lock (&self->lock);
  self->closed = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  parlor_take_unref (self);
  return NULL;
}

static ParlorTake *
take_new (GstClockTime base_time,
          GstClockTime latency,
          ParlorTakeEventFunc event,
          gpointer event_data)
{
  ParlorTake *self = g_new0 (ParlorTake, 1);
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->event = event;
  self->event_data = event_data;

  /* Never a device's clock: it goes when the device does. */
  self->pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  gst_pipeline_use_clock (GST_PIPELINE (self->pipeline), clock);
  gst_element_set_start_time (self->pipeline, GST_CLOCK_TIME_NONE);
  gst_element_set_base_time (self->pipeline, base_time);
  gst_pipeline_set_latency (GST_PIPELINE (self->pipeline), latency);
  return self;
}

ParlorTake *
parlor_take_new_source (GstElement *chain,
                        gboolean paced,
                        GstClockTime base_time,
                        ParlorTakeSampleFunc sample,
                        gpointer sample_data,
                        ParlorTakeEventFunc event,
                        gpointer event_data)
{
  GstAppSinkCallbacks callbacks = { .new_sample = on_sink_new_sample_in_stream };
  /* With no latency a live source's buffers are let through as they come, and a faster one is
     held to the clock. */
  ParlorTake *self = take_new (base_time, 0, event, event_data);

  self->sample = sample;
  self->sample_data = sample_data;
  self->edge = gst_object_ref_sink (gst_element_factory_make ("appsink", NULL));
  g_object_set (self->edge, "sync", paced, "async", FALSE, "qos", FALSE, "max-buffers", 2, "drop",
                TRUE, NULL);
  gst_app_sink_set_callbacks (GST_APP_SINK (self->edge), &callbacks, self, NULL);

  gst_bin_add_many (GST_BIN (self->pipeline), chain, self->edge, NULL);
  gst_element_link (chain, self->edge);
  return self;
}

ParlorTake *
parlor_take_new_sink (GstElement *chain,
                      GstClockTime base_time,
                      GstClockTime latency,
                      ParlorTakeEventFunc event,
                      gpointer event_data)
{
  ParlorTake *self = take_new (base_time, latency, event, event_data);

  self->sink = TRUE;
  self->edge = gst_object_ref_sink (gst_element_factory_make ("appsrc", NULL));
  /* A quarter of a second of 48 kHz, 16 bit, mono: a sink that stalls loses sound, it does not
     delay it. */
  g_object_set (self->edge, "format", GST_FORMAT_TIME, "is-live", TRUE, "max-bytes",
                (guint64) 24000, "leaky-type", GST_APP_LEAKY_TYPE_DOWNSTREAM, "min-latency",
                (gint64) 0, "max-latency", (gint64) (250 * GST_MSECOND), NULL);

  gst_bin_add_many (GST_BIN (self->pipeline), self->edge, chain, NULL);
  gst_element_link (self->edge, chain);
  return self;
}

void
parlor_take_open (ParlorTake *self)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);

  g_return_if_fail (self->bus_watch == 0);

  self->bus_watch = gst_bus_add_watch (bus, on_bus_message, self);
  g_thread_unref (g_thread_new ("parlor-take", run, take_ref (self)));
}

void
parlor_take_set_sample_func (ParlorTake *self, ParlorTakeSampleFunc sample, gpointer sample_data)
{
  g_mutex_lock (&self->lock);
  self->sample = sample;
  self->sample_data = sample_data;
  g_mutex_unlock (&self->lock);
}

void
parlor_take_close (ParlorTake *self)
{
  g_clear_handle_id (&self->bus_watch, g_source_remove);

  g_mutex_lock (&self->lock);
  self->sample = NULL;
  self->closing = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

gboolean
parlor_take_wait_closed (ParlorTake *self, gint64 timeout_us)
{
  gint64 deadline = g_get_monotonic_time () + timeout_us;
  gboolean closed;

  g_mutex_lock (&self->lock);
  while (!self->closed && g_cond_wait_until (&self->changed, &self->lock, deadline))
    ;
  closed = self->closed;
  g_mutex_unlock (&self->lock);
  return closed;
}

guint
parlor_take_get_count (ParlorTake *self)
{
  return g_atomic_int_get (&self->count);
}

void
parlor_take_push_in_stream (ParlorTake *self, GstSample *sample)
{
  gst_app_src_push_sample (GST_APP_SRC (self->edge), sample);
}
