/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-peer"

#include "config.h"

#include "parlor-peer-arguments.h"

#include <math.h>

#include "parlor-error.h"

/*
 * The command line of parlor-peer: GOption reads it, and what GOption cannot check is checked here.
 */

static const char summary[] = "A call without a window: for servers, robots and tests.\n"
                              "\n"
                              "INVITE is an invite, or any http(s), ws(s) or parlor URL; - reads it from the first line of standard input\n"
                              "(arguments are visible to others on this computer).\n"
                              "\n"
                              "Commands on standard input, one a line: call, accept, decline, hang-up, knock, mute audio|video,\n"
                              "unmute audio|video, quit.\n"
                              "\n"
                              "Exit status: 0 after a normal end, 1 after a failed call, 2 for bad usage.";

G_GNUC_PRINTF (2, 3)
static gboolean
bad_usage (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error)
    *error = g_error_new_valist (PARLOR_ERROR, PARLOR_ERROR_BAD_USAGE, format, args);
  va_end (args);
  return FALSE;
}

static gboolean
parse_media (const char *text, ParlorMediaFlags *media, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);

  *media = PARLOR_MEDIA_NONE;
  if (g_str_equal (text, "none"))
    return TRUE;

  for (guint i = 0; words[i]; i++)
    {
      if (g_str_equal (words[i], "audio"))
        *media |= PARLOR_MEDIA_AUDIO;
      else if (g_str_equal (words[i], "video"))
        *media |= PARLOR_MEDIA_VIDEO;
      else
        return bad_usage (error, "--media takes audio,video, audio, video or none, not \"%s\".", text);
    }
  return words[0] || bad_usage (error, "--media takes audio,video, audio, video or none.");
}

gboolean
parlor_peer_arguments_parse (ParlorPeerArguments *self, int *argc, char ***argv, GError **error)
{
  g_auto (GStrv) rest = NULL;
  g_autofree char *media = NULL;
  g_autoptr (GError) option_error = NULL;
  gboolean call = FALSE, answer = FALSE, manual = FALSE;
  const GOptionEntry entries[] = {
    { "name", 0, 0, G_OPTION_ARG_STRING, &self->name, "What we call ourselves", "NAME" },
    { "call", 0, 0, G_OPTION_ARG_NONE, &call, "Ring whoever is in the room, or comes first (the default)", NULL },
    { "answer", 0, 0, G_OPTION_ARG_NONE, &answer, "Wait, and accept the first ring", NULL },
    { "manual", 0, 0, G_OPTION_ARG_NONE, &manual, "Start nothing; obey the commands on standard input", NULL },
    { "media", 0, 0, G_OPTION_ARG_STRING, &media, "What is sent: audio,video, audio, video or none", "MEDIA" },
    { "video-source", 0, 0, G_OPTION_ARG_STRING, &self->video_source, "Raw video, as a GStreamer bin", "BIN" },
    { "audio-source", 0, 0, G_OPTION_ARG_STRING, &self->audio_source, "Raw audio, as a GStreamer bin", "BIN" },
    { "video-sink", 0, 0, G_OPTION_ARG_STRING, &self->video_sink, "Where received video goes", "BIN" },
    { "audio-sink", 0, 0, G_OPTION_ARG_STRING, &self->audio_sink, "Where received audio goes", "BIN" },
    { "relay-only", 0, 0, G_OPTION_ARG_NONE, &self->relay_only, "Only by way of TURN servers: never a direct path", NULL },
    { "duration", 0, 0, G_OPTION_ARG_DOUBLE, &self->duration_s, "Hang up this long after media is up", "SECONDS" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &self->json, "Print one JSON object a line", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &self->version, "Print the version", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &rest, NULL, "INVITE" },
    { NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_summary (context, summary);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, &option_error))
    return bad_usage (error, "%s", option_error->message);
  if (self->version)
    return TRUE;

  if (!rest || !rest[0])
    return bad_usage (error, "An invite is needed.");
  if (rest[1])
    return bad_usage (error, "One invite only, not also \"%s\".", rest[1]);
  if (call + answer + manual > 1)
    return bad_usage (error, "Choose one of --call, --answer and --manual.");
  if (!isfinite (self->duration_s) || self->duration_s < 0)
    return bad_usage (error, "--duration takes seconds, 0 or more.");

  self->invite = g_strdup (rest[0]);
  self->mode = answer ? PARLOR_PEER_MODE_ANSWER : manual ? PARLOR_PEER_MODE_MANUAL
                                                         : PARLOR_PEER_MODE_CALL;
  return parse_media (media ? media : "audio,video", &self->media, error);
}

void
parlor_peer_arguments_clear (ParlorPeerArguments *self)
{
  g_clear_pointer (&self->invite, g_free);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->video_source, g_free);
  g_clear_pointer (&self->audio_source, g_free);
  g_clear_pointer (&self->video_sink, g_free);
  g_clear_pointer (&self->audio_sink, g_free);
}
