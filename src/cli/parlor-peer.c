/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-peer"

#include "config.h"

#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <gst/gst.h>
#include <locale.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parlor-bin-sink-factory.h"
#include "parlor-core.h"
#include "parlor-error.h"
#include "parlor-peer-arguments.h"
#include "parlor-peer-reporter.h"

/*
 * parlor-peer: a call without a window. It makes a studio from bin descriptions and a core, lets a reporter say what
 * happens, and obeys standard input. Everything runs on the main thread.
 */

#define FAKE_SINK "fakesink sync=true async=false"

/* So that the farewell is on the wire before the sockets close. */
#define LINGER_MS 300

#define STATUS_BAD_USAGE 2

typedef struct
{
  ParlorPeerArguments arguments;
  GMainLoop *loop;
  ParlorStudio *studio;
  ParlorCore *core;
  ParlorPeerReporter *reporter;
  GDataInputStream *input;
  GCancellable *cancellable;
  guint duration_source;
  gboolean quitting;
  int status;
} Program;

static gboolean
on_lingered (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

static void
quit (Program *self)
{
  if (self->quitting)
    return;

  self->quitting = TRUE;
  g_cancellable_cancel (self->cancellable);
  parlor_core_leave (self->core);
  g_timeout_add (LINGER_MS, on_lingered, self->loop);
}

static gboolean
on_signal (gpointer user_data)
{
  quit (user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_duration_over (gpointer user_data)
{
  Program *self = user_data;

  self->duration_source = 0;
  parlor_core_hang_up (self->core);
  return G_SOURCE_REMOVE;
}

static void
on_call_state (ParlorCall *call, GParamSpec *pspec, gpointer user_data)
{
  Program *self = user_data;

  if (parlor_call_get_state (call) == PARLOR_CALL_ACTIVE && self->arguments.duration_s > 0 && !self->duration_source)
    self->duration_source = g_timeout_add (self->arguments.duration_s * 1000, on_duration_over, self);
}

static void
on_core_call (ParlorCore *core, GParamSpec *pspec, gpointer user_data)
{
  ParlorCall *call = parlor_core_get_call (core);

  if (call)
    g_signal_connect (call, "notify::state", G_CALLBACK (on_call_state), user_data);
}

/* Nobody is at hand who could be asked, unless they type. */
static void
on_core_session (ParlorCore *core, GParamSpec *pspec, gpointer user_data)
{
  Program *self = user_data;
  gboolean asks = self->arguments.mode == PARLOR_PEER_MODE_MANUAL;
  g_autoptr (GError) locked = NULL;

  if (parlor_core_get_session (core) != PARLOR_SESSION_LOCKED)
    return;

  locked = g_error_new_literal (PARLOR_ERROR, PARLOR_ERROR_LOCKED,
                                asks ? "The room is locked. Say \"knock\", and wait." : "The room is locked. Knocking.");
  parlor_peer_reporter_error (self->reporter, locked);
  if (!asks)
    parlor_core_knock (core, NULL);
}

static void
on_incoming (ParlorCore *core, ParlorCall *call, gpointer user_data)
{
  Program *self = user_data;

  if (self->arguments.mode != PARLOR_PEER_MODE_MANUAL)
    parlor_core_accept (core, NULL);
}

/* What we did ourselves (declining a ring, cancelling our own) is no failure. */
static gboolean
ended_badly (ParlorCall *call)
{
  ParlorEndReason reason = parlor_call_get_end_reason (call);
  gboolean incoming = parlor_call_get_incoming (call);

  if ((reason == PARLOR_END_DECLINED && incoming) || (reason == PARLOR_END_CANCELLED && !incoming))
    return FALSE;
  return parlor_end_reason_is_failure (reason);
}

static void
on_ended (ParlorCore *core, ParlorCall *call, gpointer user_data)
{
  Program *self = user_data;

  g_clear_handle_id (&self->duration_source, g_source_remove);
  g_signal_handlers_disconnect_by_func (call, on_call_state, self);
  self->status = ended_badly (call) ? EXIT_FAILURE : EXIT_SUCCESS;
  if (self->arguments.mode != PARLOR_PEER_MODE_MANUAL)
    quit (self);
}

static void
on_failed (ParlorCore *core, const GError *error, gpointer user_data)
{
  Program *self = user_data;

  /* A call lives on without its relay; its end decides. */
  if (parlor_core_get_call (core))
    return;

  self->status = EXIT_FAILURE;
  quit (self);
}

static gboolean
set_muted (Program *self, const char *what, gboolean muted)
{
  if (g_str_equal (what, "audio"))
    parlor_studio_set_audio_muted (self->studio, muted);
  else if (g_str_equal (what, "video"))
    parlor_studio_set_video_muted (self->studio, muted);
  else
    return FALSE;
  return TRUE;
}

static gboolean
obey (Program *self, const char *line, GError **error)
{
  if (g_str_equal (line, "call"))
    return parlor_core_call (self->core, NULL, error);
  if (g_str_equal (line, "accept"))
    return parlor_core_accept (self->core, error);
  if (g_str_equal (line, "decline"))
    return parlor_core_decline (self->core, error);
  if (g_str_equal (line, "knock"))
    return parlor_core_knock (self->core, error);
  if (g_str_equal (line, "hang-up"))
    parlor_core_hang_up (self->core);
  else if (g_str_equal (line, "quit"))
    quit (self);
  else if (!(g_str_has_prefix (line, "mute ") && set_muted (self, line + strlen ("mute "), TRUE)) && !(g_str_has_prefix (line, "unmute ") && set_muted (self, line + strlen ("unmute "), FALSE)))
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_USAGE,
                   "\"%s\" is no command; there are call, accept, decline, hang-up, knock, mute audio|video, "
                   "unmute audio|video and quit.",
                   line);
      return FALSE;
    }
  return TRUE;
}

/* Standard input said what we cannot use. Where the invite was expected there will be no other. */
static void
refuse_input (Program *self, const GError *error)
{
  parlor_peer_reporter_error (self->reporter, error);
  if (!self->arguments.invite)
    return;
  self->status = STATUS_BAD_USAGE;
  quit (self);
}

static void
join (Program *self, const char *invite)
{
  ParlorWish wish = self->arguments.mode == PARLOR_PEER_MODE_CALL ? PARLOR_WISH_CALL_FIRST : PARLOR_WISH_NOTHING;
  g_autoptr (GError) error = NULL;

  if (parlor_core_join (self->core, invite, wish, &error))
    g_clear_pointer (&self->arguments.invite, g_free);
  else
    refuse_input (self, error);
}

static void
take_line (Program *self, char *line, gsize length)
{
  g_autoptr (GError) error = NULL;

  if (!g_utf8_validate (line, length, NULL))
    g_set_error_literal (&error, PARLOR_ERROR, PARLOR_ERROR_BAD_USAGE, "A line of standard input is not UTF-8.");
  else if (self->arguments.invite)
    join (self, g_strstrip (line));
  else if (*g_strstrip (line))
    obey (self, line, &error);
  if (error)
    refuse_input (self, error);
}

static void
on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *self = user_data;
  g_autoptr (GError) error = NULL;
  gsize length;
  g_autofree char *line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, &length, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  if (line)
    {
      take_line (self, line, length);
      g_data_input_stream_read_line_async (self->input, G_PRIORITY_DEFAULT, self->cancellable, on_line, self);
    }
  else if (error)
    {
      refuse_input (self, error); /* and no other attempt: it would fail at once, for ever */
    }
  else if (self->arguments.invite)
    {
      join (self, ""); /* the end of input is not a command, but an invite that never came is an error */
    }
}

static gboolean
set_up (Program *self, GError **error)
{
  g_autoptr (ParlorBinSinkFactory) sinks = NULL;
  const ParlorStudioConfig config = {
    .test_media = TRUE,
    .relay_only = self->arguments.relay_only,
    .media = self->arguments.media,
    .video_source = self->arguments.video_source,
    .audio_source = self->arguments.audio_source,
    .audio_sink = self->arguments.audio_sink ? self->arguments.audio_sink : FAKE_SINK,
  };

  sinks = parlor_bin_sink_factory_new (self->arguments.video_sink ? self->arguments.video_sink : FAKE_SINK, error);
  if (!sinks)
    return FALSE;

  self->studio = parlor_studio_new (&config, NULL, PARLOR_SINK_FACTORY (sinks));
  if (!parlor_studio_start (self->studio, error))
    return FALSE;

  self->core = parlor_core_new (self->studio, self->arguments.name, NULL);
  g_signal_connect (self->core, "incoming", G_CALLBACK (on_incoming), self);
  g_signal_connect (self->core, "notify::session", G_CALLBACK (on_core_session), self);
  self->reporter = parlor_peer_reporter_new (self->core, self->arguments.json);
  g_signal_connect (self->core, "notify::call", G_CALLBACK (on_core_call), self);
  g_signal_connect (self->core, "ended", G_CALLBACK (on_ended), self);
  g_signal_connect (self->core, "failed", G_CALLBACK (on_failed), self);
  return TRUE;
}

static void
tear_down (Program *self)
{
  g_clear_handle_id (&self->duration_source, g_source_remove);
  g_clear_pointer (&self->reporter, parlor_peer_reporter_free);
  if (self->core)
    {
      parlor_core_leave (self->core);
      g_signal_handlers_disconnect_by_data (self->core, self);
    }
  g_clear_object (&self->core);
  if (self->studio)
    parlor_studio_stop (self->studio);
  g_clear_object (&self->studio);
  g_clear_object (&self->input);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  parlor_peer_arguments_clear (&self->arguments);
}

static void
run (Program *self)
{
  g_autoptr (GInputStream) standard_input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autofree char *invite = g_str_equal (self->arguments.invite, "-") ? NULL : g_strdup (self->arguments.invite);

  g_unix_signal_add (SIGINT, on_signal, self);
  g_unix_signal_add (SIGTERM, on_signal, self);

  self->input = g_data_input_stream_new (standard_input);
  if (invite)
    join (self, invite);
  g_data_input_stream_read_line_async (self->input, G_PRIORITY_DEFAULT, self->cancellable, on_line, self);
  g_main_loop_run (self->loop);
}

/* With one of 0, 1 and 2 closed, what we open next would take its number: a relay's words would be read as commands, or ours go there. */
static void
fill_standard_descriptors (void)
{
  int fd;

  do
    fd = open ("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd > STDERR_FILENO)
    close (fd);
}

int
main (int argc, char *argv[])
{
  Program program = { .status = EXIT_SUCCESS };
  g_autoptr (GError) error = NULL;

  fill_standard_descriptors ();
  mallopt (M_ARENA_MAX, PARLOR_MALLOC_ARENAS);
  setlocale (LC_ALL, "");
  /* Standard output is for what a program reads. */
  g_log_writer_default_set_use_stderr (TRUE);
  if (!parlor_peer_arguments_parse (&program.arguments, &argc, &argv, &error))
    {
      parlor_peer_report_error (program.arguments.json, error);
      g_printerr ("Try \"parlor-peer --help\".\n");
      parlor_peer_arguments_clear (&program.arguments);
      return STATUS_BAD_USAGE;
    }
  if (program.arguments.version)
    {
      g_print ("parlor-peer %s\n", PARLOR_VERSION);
      return EXIT_SUCCESS;
    }

  gst_init (NULL, NULL);
  program.loop = g_main_loop_new (NULL, FALSE);
  program.cancellable = g_cancellable_new ();
  parlor_media_warm_up ();
  if (set_up (&program, &error))
    {
      run (&program);
    }
  else
    {
      parlor_peer_report_error (program.arguments.json, error);
      program.status = g_error_matches (error, PARLOR_ERROR, PARLOR_ERROR_BAD_USAGE) ? STATUS_BAD_USAGE : EXIT_FAILURE;
    }
  tear_down (&program);
  parlor_media_finish_peers ();
  parlor_media_finish_warm_up ();
  return program.status;
}
