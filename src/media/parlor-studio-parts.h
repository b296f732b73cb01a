/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#define GST_USE_UNSTABLE_API /* so is that of gst/codecparsers */

#include <gst/app/app.h>
#include <gst/codecparsers/gstvp8parser.h>

#include "parlor-device-slot.h"
#include "parlor-ladder.h"
#include "parlor-studio-private.h"

G_BEGIN_DECLS

/*
 * The inside of ParlorStudio, for its own files only: parlor-studio.c (life, properties),
 * -pipeline.c (what is built of what), -feeds.c (pictures and sound on their way to the peers), -rate.c
 * (what the encoders are asked for) and parlor-mixer.c (voices on their way back).
 */

#define PARLOR_STUDIO_FPS 30
#define PARLOR_STUDIO_VIDEO_TARGET 1500000 /* bit/s: 720p30 in good quality */
#define PARLOR_STUDIO_AUDIO_TARGET 40000   /* bit/s: full-band Opus speech, mono */
#define PARLOR_STUDIO_AUDIO_LOSS 5         /* %, where nobody knows better */

struct _ParlorStudio
{
  GObject parent_instance;

  gboolean test_media;
  ParlorMediaFlags media;
  gboolean relay_only;
  ParlorSinkFactory *preview_sinks;
  ParlorSinkFactory *remote_sinks;
  GObject *view;
  gboolean audio_muted;
  gboolean video_muted;
  gboolean failed;

  ParlorDeviceList *devices; /* while started, if a slot wants them */
  ParlorDeviceSlot *camera;
  ParlorDeviceSlot *microphone;
  ParlorDeviceSlot *speaker;

  /* while started */
  GstElement *pipeline;
  guint bus_watch;
  GstClockTime base_time;
  GstElement *mixer;
  GstElement *encoder;     /* (nullable): VP8 */
  GstElement *voice;       /* (nullable): Opus */
  GstElement *volume;      /* (nullable): mutes the microphone */
  GstElement *preview_src; /* (nullable) */
  GstElement *picture_src; /* (nullable): before the encoder */
  GstElement *picture_size; /* (nullable): a capsfilter between */
  GstElement *sound_src;   /* (nullable): before the encoder */
  GPtrArray *voices;       /* (element-type ParlorVoice): those in the mixer */

  GMutex feed_lock;
  GList *feeds; /* under feed_lock */

  struct
  {
    gint n_feeds;  /* atomic */
    gint muted;    /* atomic: pictures */
    gint keyframe; /* atomic: one is asked for: KEYFRAME_* */
    /* the camera's thread */
    gboolean dark;
    gint64 last_keyframe;
    GstClockTime last_picture;
    gint video_target;   /* atomic: bit/s */
    gint keyframe_bytes; /* atomic: size of the last one */
    gint new_path;       /* atomic: the ladder begins anew */
    gint audio_target;   /* atomic: bit/s */
    gint audio_loss;     /* atomic: % */
    gint limitation;     /* atomic: ParlorLimitation */
    gint quantizer;      /* atomic: of the last picture, 0 to 127; -1 = not known */
    /* the encoder's thread */
    gint video_asked;    /* bit/s, what the encoder was told */
    ParlorLadder ladder;
    GstVp8Parser parser;
    int width, height; /* of the source */
    int lines;         /* that are encoded */
    int limit;         /* lines that this computer keeps up with */
    gint64 began;      /* us of the thread, when the encoder was given the last picture; 0 = it is through */
    double busy;       /* us for a picture, smoothed */
    guint n_timed;     /* pictures since the limit changed */
    /* the microphone's encoder's */
    gint audio_asked, loss_asked;
  } stream;
};

struct _ParlorFeed
{
  ParlorFeedFunc func;
  gpointer user_data;
  gint64 video;  /* bit/s; under the feed lock */
  gint64 audio;  /* likewise */
  double loss;   /* likewise: 0 to 1 */
  gboolean told; /* likewise: it said what its path carries */
};

enum
{
  PARLOR_KEYFRAME_NONE,
  PARLOR_KEYFRAME_SOON, /* unless there was one just now */
  PARLOR_KEYFRAME_NEXT, /* the next picture */
};

/* parlor-studio-pipeline.c */
gboolean parlor_studio_build (ParlorStudio *self, GError **error);
void parlor_studio_unbuild (ParlorStudio *self);

/* parlor-studio-rate.c */
void parlor_studio_control_encoders (ParlorStudio *self);
void parlor_studio_settle_rates (ParlorStudio *self);
gint64 parlor_studio_get_keyframe_interval_in_stream (ParlorStudio *self);
void parlor_studio_judge_picture_in_stream (ParlorStudio *self, GstBuffer *picture);

/* parlor-studio-feeds.c: the sample functions of the slots, and of the encoders' appsinks */
void parlor_studio_on_picture_in_stream (GstSample *sample, gpointer user_data);
void parlor_studio_on_sound_in_stream (GstSample *sample, gpointer user_data);
GstFlowReturn parlor_studio_on_encoded_video_in_stream (GstAppSink *sink, gpointer user_data);
GstFlowReturn parlor_studio_on_encoded_audio_in_stream (GstAppSink *sink, gpointer user_data);

/* parlor-mixer.c */
void parlor_studio_describe_mixer (GString *description, const char *echo_probe);
GstFlowReturn parlor_studio_on_mixed_in_stream (GstAppSink *sink, gpointer user_data);
void parlor_studio_unplug_voices (ParlorStudio *self);

G_END_DECLS
