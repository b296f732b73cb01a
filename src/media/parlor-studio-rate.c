/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-studio-parts.h"

#include <time.h>

/*
 * What the studio's encoders are asked for, and how large the pictures are.
 *
 * There is one encoder for all feeds, so the narrowest of their paths counts. Who knows a path tells it on any thread; the
 * encoder hears of it on its own thread, between two pictures, where nobody else holds its lock.
 */

#define MIN_AUDIO_LOSS 0.02 /* so that a first loss finds something to mend it with */
#define BUSY_WEIGHT 0.05
#define TOO_BUSY 0.75 /* of the time that there is for a picture: smaller pictures, after */
#define BUSY_PICTURES 60
#define IDLE 0.25 /* likewise: any size again, after */
#define IDLE_PICTURES 600
#define RAISE_FROM 1.03 /* times what is asked for now: smaller steps are not worth it; lowered it is at once */

/* Keyframes that are asked for: */
#define KEYFRAME_SHARE 0.5                                    /* of the rate may go into them, */
#define MIN_KEYFRAME_INTERVAL (300 * G_TIME_SPAN_MILLISECOND) /* as in libwebrtc; */
#define MAX_KEYFRAME_INTERVAL (2 * G_TIME_SPAN_SECOND)        /* and nobody waits longer */

/* How long after a keyframe the next may be made, µs: on a path that loses packets each would be asked for after the other, and they would
   lose more. */
gint64
parlor_studio_get_keyframe_interval_in_stream (ParlorStudio *self)
{
  double bits = 8.0 * g_atomic_int_get (&self->stream.keyframe_bytes);
  double rate = KEYFRAME_SHARE * MAX (g_atomic_int_get (&self->stream.video_target), 1);

  return (gint64) CLAMP (bits / rate * G_TIME_SPAN_SECOND, MIN_KEYFRAME_INTERVAL, MAX_KEYFRAME_INTERVAL);
}

/* Under the feed lock, after the feeds or what one of them said changed. */
void
parlor_studio_settle_rates (ParlorStudio *self)
{
  gint64 video = self->feeds ? G_MAXINT : PARLOR_STUDIO_VIDEO_TARGET, audio = PARLOR_STUDIO_AUDIO_TARGET;
  double loss = 0;

  for (GList *l = self->feeds; l; l = l->next)
    {
      const ParlorFeed *feed = l->data;

      video = MIN (video, feed->video);
      audio = MIN (audio, feed->audio);
      loss = MAX (loss, feed->loss);
    }
  g_atomic_int_set (&self->stream.video_target, (gint) video);
  g_atomic_int_set (&self->stream.audio_target, (gint) audio);
  g_atomic_int_set (&self->stream.audio_loss, (gint) (loss * 100 + 0.5));
}

void
parlor_studio_set_feed_budget_in_stream (ParlorStudio *self, ParlorFeed *feed, gint64 audio, gint64 video, double loss)
{
  g_mutex_lock (&self->feed_lock);
  feed->video = video;
  feed->audio = audio;
  feed->loss = MAX (loss, MIN_AUDIO_LOSS);
  if (!feed->told)
    g_atomic_int_set (&self->stream.new_path, TRUE);
  feed->told = TRUE;
  parlor_studio_settle_rates (self);
  g_mutex_unlock (&self->feed_lock);
}

/* us that this thread ran. Not the time of day: on a busy computer that grows by waiting, which a smaller picture does not shorten. */
static gint64
get_thread_time (void)
{
  struct timespec time = { 0 };

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return (gint64) GST_TIME_AS_USECONDS (GST_TIMESPEC_TO_TIME (time));
}

/* A computer that is too slow for a picture gets a smaller one. */
static void
time_encoder (ParlorStudio *self)
{
  const double interval = (double) G_USEC_PER_SEC / PARLOR_STUDIO_FPS;

  if (self->stream.began == 0)
    return;
  self->stream.busy += BUSY_WEIGHT * ((double) (get_thread_time () - self->stream.began) - self->stream.busy);
  self->stream.began = 0;
  self->stream.n_timed++;
  if (self->stream.busy > TOO_BUSY * interval && self->stream.n_timed >= BUSY_PICTURES)
    {
      self->stream.limit = parlor_ladder_get_below (self->stream.lines);
      self->stream.busy = 0;
      self->stream.n_timed = 0;
    }
  else if (self->stream.busy < IDLE * interval && self->stream.n_timed >= IDLE_PICTURES)
    {
      self->stream.limit = G_MAXINT;
      self->stream.n_timed = 0;
    }
}

/* RFC 6386, 9.6: y_ac_qi, which is what all quantizers are made of. -1 = it is not to be read */
static int
read_quantizer (ParlorStudio *self, GstBuffer *picture)
{
  GstVp8FrameHdr header;
  GstMapInfo map;
  int quantizer = -1;

  if (!gst_buffer_map (picture, &map, GST_MAP_READ))
    return -1;
  if (gst_vp8_parser_parse_frame_header (&self->stream.parser, &header, map.data, map.size) == GST_VP8_PARSER_OK)
    quantizer = header.quant_indices.y_ac_qi;
  gst_buffer_unmap (picture, &map);
  return quantizer;
}

/* The encoder's thread, when a picture is done: whether it suits this computer, and the rate. */
void
parlor_studio_judge_picture_in_stream (ParlorStudio *self, GstBuffer *picture)
{
  int quantizer = read_quantizer (self, picture);

  time_encoder (self);
  g_atomic_int_set (&self->stream.quantizer, quantizer);
  if (quantizer >= 0)
    parlor_ladder_take_quantizer (&self->stream.ladder, (guint) quantizer, g_get_monotonic_time ());
}

/* Whose picture is scaled down is told by its caps alone, so nothing has to be negotiated anew; the encoder begins with a keyframe. */
static void
set_lines (ParlorStudio *self, int lines)
{
  int width = (int) gst_util_uint64_scale_int_round ((guint64) lines, self->stream.width, self->stream.height);
  g_autoptr (GstCaps) caps = gst_caps_new_simple ("video/x-raw", "width", G_TYPE_INT, MAX ((width + 1) & ~1, 2), "height", G_TYPE_INT, lines,
                                                  "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1, NULL);

  self->stream.lines = lines;
  g_object_set (self->picture_size, "caps", caps, NULL);
}

static ParlorLimitation
find_limitation (ParlorStudio *self, int lines, int height)
{
  if (lines == height)
    return PARLOR_LIMITATION_NONE;
  return lines == self->stream.limit ? PARLOR_LIMITATION_CPU : PARLOR_LIMITATION_BANDWIDTH;
}

static void
choose_size (ParlorStudio *self, GstPad *pad, gint target)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  int width = 0, height = 0, lines;

  if (caps)
    {
      gst_structure_get_int (gst_caps_get_structure (caps, 0), "width", &width);
      gst_structure_get_int (gst_caps_get_structure (caps, 0), "height", &height);
    }
  if (width <= 0 || height <= 0)
    return;
  if (g_atomic_int_compare_and_exchange (&self->stream.new_path, TRUE, FALSE))
    self->stream.ladder = (ParlorLadder){ 0 };
  lines = parlor_ladder_choose (&self->stream.ladder, target, MIN (height, self->stream.limit), g_get_monotonic_time ());
  g_atomic_int_set (&self->stream.limitation, find_limitation (self, lines, height));
  if (lines == self->stream.lines && width == self->stream.width && height == self->stream.height)
    return;
  self->stream.width = width;
  self->stream.height = height;
  set_lines (self, lines);
}

static GstPadProbeReturn
before_picture (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  ParlorStudio *self = user_data;
  gint target = g_atomic_int_get (&self->stream.video_target);

  if (target < self->stream.video_asked || target > RAISE_FROM * self->stream.video_asked)
    {
      self->stream.video_asked = target;
      g_object_set (self->encoder, "target-bitrate", target, NULL);
    }
  choose_size (self, pad, target);
  self->stream.began = get_thread_time ();
  return GST_PAD_PROBE_OK;
}

/* Opus puts a copy of each packet into the next (RFC 6716, 2.1.7), the better the more it is told is lost; of the same rate. */
static GstPadProbeReturn
before_sound (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  ParlorStudio *self = user_data;
  gint target = g_atomic_int_get (&self->stream.audio_target), loss = g_atomic_int_get (&self->stream.audio_loss);

  if (target != self->stream.audio_asked || loss != self->stream.loss_asked)
    {
      self->stream.audio_asked = target;
      self->stream.loss_asked = loss;
      g_object_set (self->voice, "bitrate", target, "packet-loss-percentage", loss, NULL);
    }
  return GST_PAD_PROBE_OK;
}

/* Main, before anything flows. */
void
parlor_studio_control_encoders (ParlorStudio *self)
{
  g_autoptr (GstPad) sound = self->sound_src ? gst_element_get_static_pad (self->sound_src, "src") : NULL;
  g_autoptr (GstPad) pictures = self->picture_src ? gst_element_get_static_pad (self->picture_src, "src") : NULL;

  self->stream.ladder = (ParlorLadder){ 0 };
  gst_vp8_parser_init (&self->stream.parser);
  self->stream.quantizer = -1;
  self->stream.width = self->stream.height = self->stream.lines = 0;
  self->stream.limit = G_MAXINT;
  self->stream.began = self->stream.n_timed = 0;
  self->stream.busy = 0;
  self->stream.video_asked = PARLOR_STUDIO_VIDEO_TARGET;
  self->stream.video_target = PARLOR_STUDIO_VIDEO_TARGET;
  self->stream.audio_asked = self->stream.audio_target = PARLOR_STUDIO_AUDIO_TARGET;
  self->stream.loss_asked = self->stream.audio_loss = PARLOR_STUDIO_AUDIO_LOSS;
  if (sound)
    gst_pad_add_probe (sound, GST_PAD_PROBE_TYPE_BUFFER, before_sound, self, NULL);
  if (pictures)
    gst_pad_add_probe (pictures, GST_PAD_PROBE_TYPE_BUFFER, before_picture, self, NULL);
}

gint64
parlor_studio_get_video_target (ParlorStudio *self)
{
  g_return_val_if_fail (PARLOR_IS_STUDIO (self), -1);

  return self->media & PARLOR_MEDIA_VIDEO ? g_atomic_int_get (&self->stream.video_target) : -1;
}

gint64
parlor_studio_get_quantizer (ParlorStudio *self)
{
  return g_atomic_int_get (&self->stream.quantizer);
}

ParlorLimitation
parlor_studio_get_limitation (ParlorStudio *self)
{
  return (ParlorLimitation) g_atomic_int_get (&self->stream.limitation);
}
