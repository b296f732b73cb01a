/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gst/gst.h>

#include "parlor-stats.h"
#include "parlor-studio.h"

G_BEGIN_DECLS

/*
 * What peers (ParlorWebrtcPeer) need of the studio. Functions that end in _in_stream may be called
 * on any thread, all others on main.
 */

/**
 * ParlorFeed: a tap on the studio's encoded VP8 pictures and Opus sound.
 *
 * The function is called on a streaming thread of the studio with the feed lock held: it must only
 * hand the sample on (to an appsrc), never block. @kind is %PARLOR_MEDIA_VIDEO or
 * %PARLOR_MEDIA_AUDIO; the sample's caps follow a change of size; buffer timestamps are the
 * studio's running time.
 */
typedef struct _ParlorFeed ParlorFeed;
typedef void (*ParlorFeedFunc) (ParlorMediaFlags kind, GstSample *sample, gpointer user_data);

ParlorFeed *parlor_studio_add_feed (ParlorStudio *self, ParlorFeedFunc func, gpointer user_data);
/* After this returns the function is not running and will not be called again. */
void parlor_studio_remove_feed (ParlorStudio *self, ParlorFeed *feed);

/* The next picture is a keyframe, however short ago the last one was. Any thread. */
void parlor_studio_force_keyframe (ParlorStudio *self);
/* Asks the encoder for a keyframe; bounded, many requests in a short time make one. */
void parlor_studio_request_keyframe_in_stream (ParlorStudio *self);

/* Whether peers may use TURN servers only. */
gboolean parlor_studio_get_relay_only (ParlorStudio *self);

/**
 * parlor_studio_set_feed_budget_in_stream:
 * @audio: bit/s that the feed's sound may have
 * @video: bit/s that its pictures may have
 * @loss: 0 to 1: the share of packets that its path loses whatever is sent
 *
 * Any thread. The encoders keep to the least that any feed says; one that says nothing has a fixed rate.
 */
void parlor_studio_set_feed_budget_in_stream (
  ParlorStudio *self, ParlorFeed *feed, gint64 audio, gint64 video, double loss);

/* Any thread: why pictures are not encoded larger. */
ParlorLimitation parlor_studio_get_limitation (ParlorStudio *self);

/* What the encoder is asked for now, bit/s; -1 = unknown. */
gint64 parlor_studio_get_video_target (ParlorStudio *self);
gint64 parlor_studio_get_quantizer (ParlorStudio *self);

/**
 * ParlorVoice: one remote voice on its way into the studio's mixer.
 *
 * push takes decoded S16LE, 48 kHz, mono buffers (transfer full) with their running time in the
 * peer's pipeline (which has the studio's clock and base time). It may be called before the voice
 * is plugged in or after it was removed: then the buffer is dropped.
 */
typedef struct _ParlorVoice ParlorVoice;

ParlorVoice *parlor_studio_add_voice (ParlorStudio *self, guint peer_latency_ms);
ParlorVoice *parlor_voice_ref (ParlorVoice *voice);
void parlor_voice_unref (ParlorVoice *voice);
gboolean parlor_voice_push_in_stream (ParlorVoice *voice, GstBuffer *buffer, GstClockTime running_time);
void parlor_studio_remove_voice (ParlorStudio *self, ParlorVoice *voice);

/* Gives a peer's pipeline the studio's clock, base time (start time NONE) and a fixed latency. */
void
parlor_studio_adopt_pipeline (ParlorStudio *self, GstPipeline *pipeline, guint jitter_latency_ms);

/* The end of a remote picture, from the remote sink factory; main thread only. */
GstElement *parlor_studio_create_remote_sink (ParlorStudio *self, GObject **view, GError **error);

G_END_DECLS
