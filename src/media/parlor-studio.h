/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-message.h"
#include "parlor-sink-factory.h"

G_BEGIN_DECLS

/**
 * ParlorDeviceStatus: what stands behind a source or the speaker now.
 * @PARLOR_DEVICE_OFF: not asked for, or not started
 * @PARLOR_DEVICE_STARTING: being looked for and opened
 * @PARLOR_DEVICE_LIVE: a real device (or the user's bin)
 * @PARLOR_DEVICE_TEST: the test picture or tone, because it was asked for
 * @PARLOR_DEVICE_MISSING: there is none: the test picture or tone stands in
 * @PARLOR_DEVICE_BUSY: another program holds it: the test picture or tone stands in
 * @PARLOR_DEVICE_FAILED: it failed otherwise: the test picture or tone stands in
 */
typedef enum
{
  PARLOR_DEVICE_OFF,
  PARLOR_DEVICE_STARTING,
  PARLOR_DEVICE_LIVE,
  PARLOR_DEVICE_TEST,
  PARLOR_DEVICE_MISSING,
  PARLOR_DEVICE_BUSY,
  PARLOR_DEVICE_FAILED,
} ParlorDeviceStatus;

/**
 * ParlorStudioConfig:
 *
 * What the studio is made of. Plain data, copied. Bin descriptions are in gst-launch syntax, for
 * raw video or audio.
 */
typedef struct
{
  gboolean test_media;      /* test picture and tone, silent speaker, whatever devices there are */
  ParlorMediaFlags media;   /* what may be captured and sent at all */
  const char *video_source; /* (nullable): instead of the camera */
  const char *audio_source; /* (nullable): instead of the microphone */
  const char *audio_sink;   /* (nullable): instead of the speaker */
  gboolean relay_only;      /* calls only by way of TURN servers: the other end learns no address of ours */
} ParlorStudioConfig;

#define PARLOR_TYPE_STUDIO (parlor_studio_get_type ())
G_DECLARE_FINAL_TYPE (ParlorStudio, parlor_studio, PARLOR, STUDIO, GObject)

/**
 * ParlorStudio:
 *
 * The one pipeline that lives from the first preview to the last call: camera, preview, encoder,
 * microphone, mixer of all voices, speaker. It is a #ParlorPeerFactory: the peers it makes take
 * their encoded pictures and sound from here, and bring their voices back. Main thread only.
 *
 * Properties (read-only, notify): "camera-status", "microphone-status", "speaker-status"
 * (#ParlorDeviceStatus), "camera-name", "microphone-name" (nullable strings), "view" (GObject,
 * nullable: the preview's), and read-write "audio-muted", "video-muted".
 *
 * Signals: "failed" (GError): the studio itself broke; calls end.
 */
ParlorStudio *parlor_studio_new (const ParlorStudioConfig *config,
                                 ParlorSinkFactory *preview_sinks,
                                 ParlorSinkFactory *remote_sinks);

/**
 * parlor_studio_start:
 * @error: PARLOR_ERROR_BAD_USAGE when a bin description cannot be parsed, PARLOR_ERROR_MEDIA when
 * GStreamer lacks an element (named)
 *
 * Opens the sources and plays; devices are looked for in the background, their statuses notify. A
 * device that is missing, busy or fails is replaced by the test picture or tone, and its status
 * says so, until it works: it is tried again from time to time. @preview_sinks may be %NULL: no preview.
 */
gboolean parlor_studio_start (ParlorStudio *self, GError **error);
/* Stops everything and lets go of the devices. Peers must be closed before. Idempotent. */
void parlor_studio_stop (ParlorStudio *self);

/* Silence is sent. */
void parlor_studio_set_audio_muted (ParlorStudio *self, gboolean muted);
/* Nothing is sent, and the preview goes dark. */
void parlor_studio_set_video_muted (ParlorStudio *self, gboolean muted);
gboolean parlor_studio_get_audio_muted (ParlorStudio *self);
gboolean parlor_studio_get_video_muted (ParlorStudio *self);
/* What is sent right now: asked for in the config, not muted. */
ParlorMediaFlags parlor_studio_get_sending (ParlorStudio *self);
GObject *parlor_studio_get_view (ParlorStudio *self); /* (transfer none) (nullable) */
ParlorDeviceStatus parlor_studio_get_camera_status (ParlorStudio *self);
ParlorDeviceStatus parlor_studio_get_microphone_status (ParlorStudio *self);

/**
 * PARLOR_MALLOC_ARENAS: for mallopt (M_ARENA_MAX) in programs that make calls, before any thread starts.
 *
 * A call has some twenty threads of a second's life each. By default glibc gives them up to eight arenas a
 * core, each of which keeps its own leftovers: over calls 20 to 50 of 50 in one process the resident size grew
 * by up to 64 kB a call, with two arenas by 22 to 28 kB.
 */
#define PARLOR_MALLOC_ARENAS 2

/* Spends the start-up costs (certificate, plugins, encoder) now, on another thread, once a
   process; call it at program start. */
void parlor_media_warm_up (void);
/* Waits for its end, which may take half a second: before main() returns, for libraries are not
   torn down under a running thread. */
void parlor_media_finish_warm_up (void);
/* Waits, two seconds at most, until peers that were closed have said goodbye: before main() returns, too. */
void parlor_media_finish_peers (void);

G_END_DECLS
