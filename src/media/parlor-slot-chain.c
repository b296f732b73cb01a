/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-slot-chain.h"

#include "parlor-error.h"

#include <string.h>

/*
 * The bins that go into a ParlorDeviceSlot: stand-ins, users' descriptions, devices.
 *
 * Each is the thing itself and a converter to (or from) what the studio works with, so that the
 * studio's own pipeline never converts a source. Main thread; nothing is opened here.
 */

#define VIDEO_TAIL       \
  "videoconvertscale ! " \
  "capsfilter "          \
  "caps=\"video/x-raw,format=I420,width=[1,1280],height=[1,720],pixel-aspect-ratio=1/1\""
#define AUDIO_TAIL "audioconvert ! audioresample ! capsfilter caps=\"" PARLOR_RAW_AUDIO "\""
#define AUDIO_HEAD "audioconvert ! audioresample"

static const struct
{
  const char *option;
  const char *converter;
  const char *stand_in;
} kinds[] = {
  [PARLOR_SLOT_CAMERA] = {
    "--video-source",
    VIDEO_TAIL,
    "videotestsrc is-live=true pattern=ball background-color=0xff3d5a80 "
    "foreground-color=0xffffd7a8 ! "
    "capsfilter caps=\"video/x-raw,format=I420,width=1280,height=720,framerate=30/1\"",
  },
  [PARLOR_SLOT_MICROPHONE] = {
    "--audio-source",
    AUDIO_TAIL,
    "audiotestsrc is-live=true wave=sine freq=440 volume=0.1 samplesperbuffer=480 ! "
    "capsfilter caps=\"" PARLOR_RAW_AUDIO "\"",
  },
  [PARLOR_SLOT_SPEAKER] = {
    "--audio-sink",
    AUDIO_HEAD,
    "fakesink sync=true async=false",
  },
};

static GstElement *
parse_bin (const char *description, GError **error)
{
  return gst_parse_bin_from_description_full (description, TRUE, NULL, GST_PARSE_FLAG_FATAL_ERRORS,
                                              error);
}

/* A bin of @first and @second, linked, with the free pads of both as its own; %NULL if they do
   not fit. */
static GstElement *
join (GstElement *first, GstElement *second)
{
  GstElement *bin = gst_bin_new (NULL);
  g_autoptr (GstPad) sink = NULL;
  g_autoptr (GstPad) src = NULL;

  gst_bin_add_many (GST_BIN (bin), first, second, NULL);
  if (!gst_element_link (first, second))
    {
      gst_object_unref (gst_object_ref_sink (bin));
      return NULL;
    }

  if ((sink = gst_element_get_static_pad (first, "sink")))
    gst_element_add_pad (bin, gst_ghost_pad_new ("sink", sink));
  if ((src = gst_element_get_static_pad (second, "src")))
    gst_element_add_pad (bin, gst_ghost_pad_new ("src", src));
  return bin;
}

/* @thing and what converts it for the studio. */
static GstElement *
convert (ParlorSlotKind kind, GstElement *thing)
{
  GstElement *converter = parse_bin (kinds[kind].converter, NULL);

  return kind == PARLOR_SLOT_SPEAKER ? join (converter, thing) : join (thing, converter);
}

GstElement *
parlor_slot_chain_new_stand_in (ParlorSlotKind kind)
{
  return parse_bin (kinds[kind].stand_in, NULL);
}

/* gst-launch syntax has no place for caps at the end of a bin, but that is where people write
   them. */
static GstElement *
parse_users_bin (ParlorSlotKind kind, const char *description, GError **error)
{
  g_autofree char *padded = kind == PARLOR_SLOT_SPEAKER
                              ? g_strconcat ("identity ! ", description, NULL)
                              : g_strconcat (description, " ! identity", NULL);
  GstElement *bin = parse_bin (description, error);

  if (!bin && strchr (description, '/') && (bin = parse_bin (padded, NULL)))
    g_clear_error (error);
  return bin;
}

GstElement *
parlor_slot_chain_new_from_description (ParlorSlotKind kind,
                                        const char *description,
                                        GError **error)
{
  g_autoptr (GError) cause = NULL;
  GstElement *thing = parse_users_bin (kind, description, &cause);
  GstElement *chain = NULL;

  if (thing)
    chain = convert (kind, thing);
  if (!chain)
    g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_USAGE, "%s: %s", kinds[kind].option,
                 cause ? cause->message : "the bin needs one free pad, for raw pictures or sound");
  return chain;
}

/* Pictures a second, times their size, of the best a structure offers within 720p30. */
static gint64
rate_structure (const GstStructure *structure)
{
  const GValue *rate = gst_structure_get_value (structure, "framerate");
  int width, height, n = 0, d = 1;
  double fps;

  if (!gst_structure_get_int (structure, "width", &width)
      || !gst_structure_get_int (structure, "height", &height) || width > 1280 || height > 720)
    return -1;

  if (rate && GST_VALUE_HOLDS_LIST (rate) && gst_value_list_get_size (rate) > 0)
    {
      fps = 0;
      for (guint i = 0; i < gst_value_list_get_size (rate); i++)
        {
          const GValue *one = gst_value_list_get_value (rate, i);

          if (GST_VALUE_HOLDS_FRACTION (one))
            fps = MAX (fps, (double) gst_value_get_fraction_numerator (one)
                              / gst_value_get_fraction_denominator (one));
        }
    }
  else if (gst_structure_get_fraction (structure, "framerate", &n, &d))
    fps = (double) n / d;
  else
    fps = 30;
  return (gint64) (MIN (fps, 30) * width * height);
}

GstCaps *
parlor_slot_chain_choose_camera_caps (const GstCaps *offered, gboolean jpeg)
{
  const GstStructure *best = NULL;
  gint64 best_rate = 0;
  GstStructure *chosen;

  for (guint i = 0; i < gst_caps_get_size (offered); i++)
    {
      const GstStructure *structure = gst_caps_get_structure (offered, i);
      gboolean raw = gst_structure_has_name (structure, "video/x-raw");
      gint64 rate;

      if (!raw && !(jpeg && gst_structure_has_name (structure, "image/jpeg")))
        continue;
      /* Decoding costs: JPEG has to be a good deal better than raw. */
      rate = rate_structure (structure) * (raw ? 3 : 2);
      if (rate <= best_rate)
        continue;
      best = structure;
      best_rate = rate;
    }
  if (!best)
    return NULL;

  chosen = gst_structure_copy (best);
  gst_structure_remove_fields (chosen, "format", "interlace-mode", "colorimetry", NULL);
  return gst_caps_new_full (chosen, NULL);
}

static GstElement *
new_camera (GstDevice *device, GstElement *source)
{
  g_autoptr (GstElementFactory) decoder = gst_element_factory_find ("jpegdec");
  g_autoptr (GstCaps) offered = gst_device_get_caps (device);
  g_autoptr (GstCaps) caps
    = offered ? parlor_slot_chain_choose_camera_caps (offered, decoder != NULL) : NULL;
  gboolean jpeg;
  GstElement *filter, *head;

  if (!caps)
    return source;

  jpeg = gst_structure_has_name (gst_caps_get_structure (caps, 0), "image/jpeg");
  filter = parse_bin (jpeg ? "capsfilter name=filter ! jpegdec" : "capsfilter name=filter", NULL);
  head = gst_bin_get_by_name (GST_BIN (filter), "filter");
  g_object_set (head, "caps", caps, NULL);
  gst_object_unref (head);
  return join (source, filter);
}

GstElement *
parlor_slot_chain_new_from_device (ParlorSlotKind kind, GstDevice *device, const char *echo_probe)
{
  GstElement *thing = gst_device_create_element (device, NULL);
  GstElement *chain, *canceller;

  if (!thing)
    return NULL;

  if (kind == PARLOR_SLOT_CAMERA)
    thing = new_camera (device, thing);
  chain = thing ? convert (kind, thing) : NULL;

  if (chain && kind == PARLOR_SLOT_MICROPHONE && echo_probe
      && (canceller = gst_element_factory_make ("webrtcdsp", NULL)))
    {
      /* The delay between probe and microphone is not known where sound servers are in between:
         let it be found. */
      g_object_set (canceller, "probe", echo_probe, "delay-agnostic", TRUE, NULL);
      gst_util_set_object_arg (G_OBJECT (canceller), "echo-suppression-level", "high");
      chain = join (chain, canceller);
    }
  return chain;
}
