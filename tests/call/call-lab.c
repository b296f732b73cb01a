/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "call-lab.h"

#include "parlor-test-forgive.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#define MAX_GROWTH_KB 50 /* a call */
#define CHANCE_KB 1500   /* in all: what the allocator holds at one moment and not at another, measured +-1200 */

static void
on_first_frame (ParlorPeer *peer, ParlorMediaFlags kind, gpointer user_data)
{
  if (kind == PARLOR_MEDIA_VIDEO)
    ((Side *) user_data)->frames++;
}

static void
on_peer (ParlorCall *call, GParamSpec *pspec, gpointer user_data)
{
  if (parlor_call_get_peer (call))
    g_signal_connect (parlor_call_get_peer (call), "first-frame", G_CALLBACK (on_first_frame), user_data);
}

static void
on_call (ParlorCore *core, GParamSpec *pspec, gpointer user_data)
{
  ParlorCall *call = parlor_core_get_call (core);

  if (call)
    g_signal_connect (call, "notify::peer", G_CALLBACK (on_peer), user_data);
}

static void
on_ended (ParlorCore *core, ParlorCall *call, gpointer user_data)
{
  Side *side = user_data;

  side->reason = parlor_call_get_end_reason (call);
}

static void
on_incoming (ParlorCore *core, ParlorCall *call, gpointer user_data)
{
  g_assert_true (parlor_core_accept (core, NULL));
}

void
side_init_core (Side *side, const char *name, const ParlorDeadlines *deadlines)
{
  side->core = parlor_core_new (side->studio, name, deadlines);
  g_signal_connect (side->core, "notify::call", G_CALLBACK (on_call), side);
  g_signal_connect (side->core, "ended", G_CALLBACK (on_ended), side);
  g_signal_connect (side->core, "incoming", G_CALLBACK (on_incoming), side);
}

void
side_init (Side *side, const char *name, const ParlorDeadlines *deadlines)
{
  /* Small pictures: how many of them are on their way differs from moment to moment; one that leaked a call is still seen. */
  const ParlorStudioConfig config = {
    .test_media = TRUE,
    .media = PARLOR_MEDIA_AUDIO | PARLOR_MEDIA_VIDEO,
    .video_source = "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=30/1",
  };
  g_autoptr (GError) error = NULL;

  parlor_test_forgive_rtp_session ();
  side->meter = parlor_test_meter_new ();
  side->sinks = parlor_test_sinks_new (side->meter);
  side->studio = parlor_studio_new (&config, NULL, PARLOR_SINK_FACTORY (side->sinks));
  parlor_studio_start (side->studio, &error);
  g_assert_no_error (error);
  side_init_core (side, name, deadlines);
}

void
side_clear_core (Side *side)
{
  g_object_add_weak_pointer (G_OBJECT (side->core), (gpointer *) &side->core);
  g_object_unref (side->core);
  g_assert_null (side->core);
}

void
side_clear (Side *side)
{
  side_clear_core (side);
  g_object_add_weak_pointer (G_OBJECT (side->studio), (gpointer *) &side->studio);
  parlor_studio_stop (side->studio);
  g_object_unref (side->studio);
  /* Peers are taken down on a thread of their own, which may still hold the studio. */
  parlor_test_wait (side->studio == NULL, WAIT_S);
  g_object_unref (side->sinks);
  parlor_test_meter_unref (side->meter);
}

void
side_let_ring (Side *side)
{
  g_signal_handlers_disconnect_by_func (side->core, on_incoming, side);
}

gboolean
side_is_in (Side *side, ParlorCallState state)
{
  ParlorCall *call = parlor_core_get_call (side->core);

  return call && parlor_call_get_state (call) == state;
}

void
sides_ring (Side *caller, Side *callee)
{
  g_autoptr (GError) error = NULL;

  caller->frames = callee->frames = 0;
  caller->reason = callee->reason = PARLOR_END_NONE;
  parlor_core_call (caller->core, NULL, &error);
  g_assert_no_error (error);
}

void
sides_connect (Side *caller, Side *callee)
{
  sides_ring (caller, callee);
  parlor_test_wait (caller->frames == 1 && callee->frames == 1, WAIT_S);
}

void
sides_wait_ended (Side *one, ParlorEndReason reason, Side *other, ParlorEndReason other_reason)
{
  parlor_test_wait (!parlor_core_get_call (one->core) && !parlor_core_get_call (other->core), WAIT_S);
  g_assert_cmpint (one->reason, ==, reason);
  g_assert_cmpint (other->reason, ==, other_reason);
}

static long
resident_kb (void)
{
  g_autofree char *text = NULL;
  long size, resident;

  malloc_trim (0);
  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  g_assert_cmpint (sscanf (text, "%ld %ld", &size, &resident), ==, 2);
  return resident * (sysconf (_SC_PAGESIZE) / 1024);
}

/*
 * The tear-down of peers goes on on threads of its own, and for longer on a busy machine. GLib keeps up to eight threads that
 * have nothing to do for 15 s, more or fewer as it happens: they are sent home first.
 */
static gboolean
is_at_rest (const Holdings *self)
{
  g_thread_pool_stop_unused_threads ();
  return parlor_test_count_threads () <= self->threads && parlor_test_count_fds () <= self->descriptors;
}

/* What there is once nothing has changed for a second. */
static void
settle (Holdings *self)
{
  gboolean same;

  parlor_media_finish_peers ();
  do
    {
      self->threads = parlor_test_count_threads ();
      self->descriptors = parlor_test_count_fds ();
      g_thread_pool_stop_unused_threads ();
      parlor_test_run_for (1);
      same = parlor_test_count_threads () == self->threads && parlor_test_count_fds () == self->descriptors;
    }
  while (!same);
}

/* So that a failure says whose they are. */
static void
name_threads (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  g_autoptr (GString) names = g_string_new (NULL);
  const char *id;

  while ((id = g_dir_read_name (dir)))
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", id, "comm", NULL);
      g_autofree char *name = NULL;

      if (g_file_get_contents (path, &name, NULL, NULL))
        g_string_append_printf (names, " %s", g_strchomp (name));
    }
  g_test_message ("threads:%s", names->str);
}

void
holdings_read (Holdings *self)
{
  settle (self);
  name_threads ();
  self->resident_kb = resident_kb ();
}

void
holdings_assert_kept (const Holdings *self, guint n_calls)
{
  Holdings now;
  long growth, total;

  settle (&now);
  name_threads ();
  parlor_test_wait (is_at_rest (self), WAIT_S);
  total = resident_kb () - self->resident_kb;
  growth = (total - CHANCE_KB) / (long) n_calls;
  g_test_message ("%u threads, %u descriptors, %ld kB in all", self->threads, self->descriptors, total);
  g_assert_cmpint (growth, <=, MAX_GROWTH_KB);
}
