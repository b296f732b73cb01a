/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-wire"

#include "config.h"

#include "parlor-message-private.h"
#include "parlor-report.h"

#include <math.h>

/*
 * The lines of `parlor-peer --json`, which scripts read: PROTOCOL.md, "The peer's lines". Pure functions.
 *
 * A figure that is not known has no member: a reader sees the difference between "none" and "not measured".
 */

/* (transfer full): { event, t } */
static JsonObject *
begin (const char *event, gint64 t_ms)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "event", event);
  json_object_set_int_member (object, "t", t_ms);
  return object;
}

/* @object: (transfer full) */
static char *
end (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  return json_to_string (node, FALSE);
}

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  if (text)
    json_object_set_string_member (object, name, text);
}

static void
set_count (JsonObject *object, const char *name, gint64 count)
{
  if (count >= 0)
    json_object_set_int_member (object, name, count);
}

/* JSON has no word for NaN and infinity; they are no figures either. */
static void
set_figure (JsonObject *object, const char *name, double figure)
{
  if (isfinite (figure) && figure >= 0)
    json_object_set_double_member (object, name, figure);
}

/* (transfer none): a new object inside of @object. */
static JsonObject *
add_object (JsonObject *object, const char *name)
{
  JsonObject *inner = json_object_new ();

  json_object_set_object_member (object, name, inner);
  return inner;
}

char *
parlor_report_ready (gint64 t_ms, GPtrArray *peers)
{
  JsonObject *object = begin ("ready", t_ms);
  JsonArray *array = json_array_new ();

  for (guint i = 0; peers && i < peers->len; i++)
    json_array_add_element (array, parlor_peer_info_to_json (peers->pdata[i]));
  json_object_set_array_member (object, "peers", array);
  return end (object);
}

char *
parlor_report_calling (gint64 t_ms)
{
  return end (begin ("calling", t_ms));
}

char *
parlor_report_state (gint64 t_ms, const char *state)
{
  JsonObject *object = begin ("state", t_ms);

  set_text (object, "state", state);
  return end (object);
}

char *
parlor_report_security (gint64 t_ms, const char *proof, const guint *emoji, guint n_emoji)
{
  JsonObject *object = begin ("security", t_ms);
  JsonArray *array;

  set_text (object, "proof", proof);
  if (!emoji)
    return end (object);

  array = json_array_new ();
  for (guint i = 0; i < n_emoji; i++)
    json_array_add_int_element (array, emoji[i]);
  json_object_set_array_member (object, "emoji", array);
  return end (object);
}

char *
parlor_report_first_frame (gint64 t_ms, const char *kind)
{
  JsonObject *object = begin ("first-frame", t_ms);

  set_text (object, "kind", kind);
  return end (object);
}

static const char *const limitations[] = {
  [PARLOR_LIMITATION_UNKNOWN] = NULL,
  [PARLOR_LIMITATION_NONE] = "none",
  [PARLOR_LIMITATION_BANDWIDTH] = "bandwidth",
  [PARLOR_LIMITATION_CPU] = "cpu",
};

static void
write_out (JsonObject *object, const ParlorStats *stats)
{
  JsonObject *out = add_object (object, "out");
  JsonObject *video = add_object (out, "video");
  JsonObject *audio = add_object (out, "audio");

  set_count (video, "bytes", stats->out.video.bytes);
  set_count (video, "packets", stats->out.video.packets);
  set_count (video, "frames", stats->out.video.frames);
  set_count (video, "width", stats->out.video.width);
  set_count (video, "height", stats->out.video.height);
  set_figure (video, "fps", stats->out.video.fps);
  set_count (video, "target_bps", stats->out.video.target_bps);
  set_count (video, "quantizer", stats->out.video.quantizer);
  set_count (video, "nack", stats->out.video.nack);
  set_count (video, "pli", stats->out.video.pli);
  set_text (video, "codec", stats->out.video.codec);
  set_text (video, "limitation", limitations[stats->out.video.limitation]);
  set_figure (out, "loss", stats->out.loss);
  set_count (audio, "bytes", stats->out.audio.bytes);
  set_count (audio, "packets", stats->out.audio.packets);
}

static void
write_in (JsonObject *object, const ParlorStats *stats)
{
  JsonObject *in = add_object (object, "in");
  JsonObject *video = add_object (in, "video");
  JsonObject *audio = add_object (in, "audio");

  set_count (video, "bytes", stats->in.video.bytes);
  set_count (video, "packets", stats->in.video.packets);
  set_count (video, "lost", stats->in.video.lost);
  set_count (video, "frames", stats->in.video.frames);
  set_count (video, "dropped", stats->in.video.dropped);
  set_count (video, "width", stats->in.video.width);
  set_count (video, "height", stats->in.video.height);
  set_figure (video, "fps", stats->in.video.fps);
  set_count (video, "freezes", stats->in.video.freezes);
  set_count (video, "freeze_ms", stats->in.video.freeze_ms);
  set_figure (video, "jitter_buffer_ms", stats->in.video.jitter_buffer_ms);
  set_figure (video, "playout_ms", stats->in.video.playout_ms);
  set_figure (video, "delay_ms", stats->in.video.delay_ms);
  set_text (video, "codec", stats->in.video.codec);
  set_count (audio, "bytes", stats->in.audio.bytes);
  set_count (audio, "packets", stats->in.audio.packets);
  set_count (audio, "lost", stats->in.audio.lost);
  set_count (audio, "concealed_samples", stats->in.audio.concealed_samples);
  set_count (audio, "samples", stats->in.audio.samples);
}

char *
parlor_report_stats (gint64 t_ms, const ParlorStats *stats)
{
  JsonObject *object = begin ("stats", t_ms);

  write_out (object, stats);
  write_in (object, stats);
  set_figure (object, "rtt_ms", stats->rtt_ms);
  set_count (object, "estimate_bps", stats->estimate_bps);
  set_text (object, "pair", stats->pair);
  return end (object);
}

char *
parlor_report_quality (gint64 t_ms, const char *quality, const char *trouble)
{
  JsonObject *object = begin ("quality", t_ms);

  set_text (object, "quality", quality);
  set_text (object, "trouble", trouble);
  return end (object);
}

char *
parlor_report_ended (gint64 t_ms, const char *reason)
{
  JsonObject *object = begin ("ended", t_ms);

  set_text (object, "reason", reason);
  return end (object);
}

char *
parlor_report_error (gint64 t_ms, const char *code, const char *message)
{
  JsonObject *object = begin ("error", t_ms);

  set_text (object, "code", code);
  set_text (object, "message", message);
  return end (object);
}

char *
parlor_report_log (gint64 t_ms, const char *level, const char *message)
{
  JsonObject *object = begin ("log", t_ms);
  g_autofree char *valid = g_utf8_make_valid (message, -1);

  json_object_set_string_member (object, "level", level);
  json_object_set_string_member (object, "message", valid);
  return end (object);
}
