/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-studio.h"

#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

/*
 * The warm-up: what costs time only once a process is spent before the first call needs it.
 *
 * That is loading the plugins, and the RSA key of webrtcbin's first DTLS certificate (130-460 ms).
 * A thread of its own, which shares nothing with anybody and has nothing to say.
 */

static const char *const factories[] = {
  "appsink",
  "appsrc",
  "audioconvert",
  "audiomixer",
  "audioresample",
  "dtlssrtpdec",
  "dtlssrtpenc",
  "fakesink",
  "nicesink",
  "nicesrc",
  "opusdec",
  "opusenc",
  "rtpbin",
  "rtpfunnel",
  "rtpjitterbuffer",
  "rtpopusdepay",
  "rtpopuspay",
  "rtpptdemux",
  "rtprtxreceive",
  "rtprtxsend",
  "rtpssrcdemux",
  "rtpvp8depay",
  "rtpvp8pay",
  "srtpdec",
  "srtpenc",
  "videoconvertscale",
  "volume",
  "vp8dec",
  "vp8enc",
  "webrtcdsp",
};

/* An offer nobody gets: making it takes the certificate. */
static void
make_offer (void)
{
  GstElement *webrtc = gst_element_factory_make ("webrtcbin", NULL);
  g_autoptr (GstCaps) caps = NULL;
  g_autoptr (GstPromise) promise = NULL;
  GstWebRTCRTPTransceiver *transceiver = NULL;

  if (!webrtc)
    return;

  gst_object_ref_sink (webrtc);
  gst_element_set_state (webrtc, GST_STATE_READY);
  caps = gst_caps_from_string (
    "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,payload=96");
  g_signal_emit_by_name (webrtc, "add-transceiver", GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_SENDRECV,
                         caps, &transceiver);
  g_clear_object (&transceiver);
  promise = gst_promise_new ();
  g_signal_emit_by_name (webrtc, "create-offer", NULL, gst_promise_ref (promise));
  gst_promise_wait (promise);
  gst_element_set_state (webrtc, GST_STATE_NULL);
  gst_object_unref (webrtc);
}

static gpointer
warm_up (gpointer user_data)
{
  gst_init (NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (factories); i++)
    {
      GstElement *element = gst_element_factory_make (factories[i], NULL);

      if (element)
        gst_object_unref (gst_object_ref_sink (element));
    }
  make_offer ();
  return NULL;
}

/* Main thread. */
static GThread *warming;

void
parlor_media_warm_up (void)
{
  static gboolean done;

  if (done)
    return;

  done = TRUE;
  warming = g_thread_new ("parlor-warm-up", warm_up, NULL);
}

void
parlor_media_finish_warm_up (void)
{
  g_clear_pointer (&warming, g_thread_join);
}
