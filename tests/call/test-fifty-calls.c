/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#include "parlor-core.h"
#include "parlor-identity.h"
#include "parlor-relay.h"
#include "parlor-test-forgive.h"
#include "parlor-test-media.h"

/*
 * Two whole Parlors without windows in one process: one hosts, the other joins by its invite, and they call each other again and
 * again. Threads and descriptors must not grow at all, memory hardly. It is read when everything has come to rest: a peer that is
 * being taken down still holds some megabytes.
 */

#define N_CALLS 50
#define N_WARM 20
#define MAX_GROWTH_KB 50 /* a call, between the 20th and the last */
#define WAIT_S 30        /* for what takes half a second */

typedef struct
{
  ParlorStudio *studio;
  ParlorCore *core;
  ParlorTestMeter *meter;
  ParlorTestSinks *sinks;
  guint frames; /* first frames of video of the current call */
  guint ended;
  ParlorEndReason reason;
} Side;

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

  side->ended++;
  side->reason = parlor_call_get_end_reason (call);
}

static void
on_incoming (ParlorCore *core, ParlorCall *call, gpointer user_data)
{
  g_assert_true (parlor_core_accept (core, NULL));
}

static void
side_init (Side *side, const char *name)
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
  side->core = parlor_core_new (side->studio, name, NULL);
  g_signal_connect (side->core, "notify::call", G_CALLBACK (on_call), side);
  g_signal_connect (side->core, "ended", G_CALLBACK (on_ended), side);
  g_signal_connect (side->core, "incoming", G_CALLBACK (on_incoming), side);
}

static void
side_clear (Side *side)
{
  g_object_add_weak_pointer (G_OBJECT (side->core), (gpointer *) &side->core);
  g_object_add_weak_pointer (G_OBJECT (side->studio), (gpointer *) &side->studio);
  g_object_unref (side->core);
  g_assert_null (side->core);
  parlor_studio_stop (side->studio);
  g_object_unref (side->studio);
  /* Peers are taken down on a thread of their own, which may still hold the studio. */
  parlor_test_wait (side->studio == NULL, WAIT_S);
  g_object_unref (side->sinks);
  parlor_test_meter_unref (side->meter);
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

static void
call_once (Side *caller, Side *callee)
{
  g_autoptr (GError) error = NULL;
  guint ended = callee->ended;

  caller->frames = callee->frames = 0;
  parlor_core_call (caller->core, NULL, &error);
  g_assert_no_error (error);
  parlor_test_wait (caller->frames == 1 && callee->frames == 1, WAIT_S);
  parlor_core_hang_up (caller->core);
  parlor_test_wait (callee->ended == ended + 1, WAIT_S);
  g_assert_cmpint (caller->reason, ==, PARLOR_END_HUNG_UP);
  g_assert_cmpint (callee->reason, ==, PARLOR_END_REMOTE_HUNG_UP);
}

/*
 * The tear-down of peers goes on on threads of its own, and for longer on a busy machine. GLib keeps up to eight threads that
 * have nothing to do for 15 s, more or fewer as it happens: they are sent home first.
 */
static gboolean
is_at_rest (guint threads, guint descriptors)
{
  g_thread_pool_stop_unused_threads ();
  return parlor_test_count_threads () <= threads && parlor_test_count_fds () <= descriptors;
}

/* What there is once nothing has changed for a second. */
static void
settle (guint *threads, guint *descriptors)
{
  gboolean same;

  parlor_media_finish_peers ();
  do
    {
      *threads = parlor_test_count_threads ();
      *descriptors = parlor_test_count_fds ();
      g_thread_pool_stop_unused_threads ();
      parlor_test_run_for (1);
      same = parlor_test_count_threads () == *threads && parlor_test_count_fds () == *descriptors;
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

static void
meet (Side *host, Side *guest)
{
  g_autofree char *link = NULL;
  g_autoptr (GError) error = NULL;

  parlor_core_host (host->core, 0);
  parlor_test_wait (parlor_core_get_session (host->core) == PARLOR_SESSION_IN_ROOM, WAIT_S);
  link = parlor_invite_to_app_link (parlor_core_get_invite (host->core));
  parlor_core_join (guest->core, link, PARLOR_WISH_NOTHING, &error);
  g_assert_no_error (error);
  parlor_test_wait (g_list_model_get_n_items (parlor_core_get_participants (guest->core)) == 1, WAIT_S);
  parlor_test_wait (g_list_model_get_n_items (parlor_core_get_participants (host->core)) == 1, WAIT_S);
}

static void
side_init_with_identity (Side *side, const char *name, char **folder, ParlorIdentity **identity)
{
  g_autoptr (GError) error = NULL;

  side_init (side, name);
  *folder = g_dir_make_tmp ("parlor-fifty-XXXXXX", &error);
  g_assert_no_error (error);
  *identity = parlor_identity_load (*folder, &error);
  g_assert_no_error (error);
  parlor_core_set_data_folder (side->core, *folder);
}

static void
remove_folder (char *folder)
{
  g_autofree char *path = g_build_filename (folder, "identity.pem", NULL);

  g_remove (path);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_free (folder);
}

/* What each knows of the other: that they have the app link, the same emoji, and the key that is kept in the other's folder. */
static void
test_who_is_there (void)
{
  Side host = { 0 }, guest = { 0 };
  char *folders[2];
  g_autoptr (ParlorIdentity) of_host = NULL, of_guest = NULL;
  ParlorCall *hosts, *guests;

  side_init_with_identity (&host, "Ann", &folders[0], &of_host);
  side_init_with_identity (&guest, "Bo", &folders[1], &of_guest);
  meet (&host, &guest);
  g_assert_true (parlor_core_call (guest.core, NULL, NULL));
  parlor_test_wait (host.frames == 1 && guest.frames == 1, WAIT_S);
  hosts = parlor_core_get_call (host.core);
  guests = parlor_core_get_call (guest.core);
  g_assert_cmpint (parlor_call_get_security (hosts), ==, PARLOR_SECURITY_APP_LINK);
  g_assert_cmpint (parlor_call_get_security (guests), ==, PARLOR_SECURITY_APP_LINK);
  g_assert_cmpmem (parlor_call_get_emoji (hosts), PARLOR_CALL_N_EMOJI * sizeof (guint), parlor_call_get_emoji (guests),
                   PARLOR_CALL_N_EMOJI * sizeof (guint));
  parlor_test_wait (parlor_call_get_peer_identity (hosts) && parlor_call_get_peer_identity (guests), WAIT_S);
  g_assert_true (g_bytes_equal (parlor_call_get_peer_identity (hosts), parlor_identity_get_key (of_guest)));
  g_assert_true (g_bytes_equal (parlor_call_get_peer_identity (guests), parlor_identity_get_key (of_host)));

  side_clear (&guest);
  side_clear (&host);
  remove_folder (folders[0]);
  remove_folder (folders[1]);
}

static gboolean
is_in (Side *side, ParlorCallState state)
{
  ParlorCall *call = parlor_core_get_call (side->core);

  return call && parlor_call_get_state (call) == state;
}

/* Two who want to call join one after the other: the first, who found nobody, is asked like anybody who is rung. */
static void
test_empty_room (void)
{
  g_autoptr (ParlorRelay) relay = parlor_relay_new (NULL);
  g_autofree char *link = NULL;
  g_autoptr (GError) error = NULL;
  Side first = { 0 }, second = { 0 };

  parlor_relay_listen (relay, "127.0.0.1", 0, &error);
  g_assert_no_error (error);
  link = g_strdup_printf ("http://127.0.0.1:%u/empty", parlor_relay_get_port (relay));
  side_init (&first, "Ann");
  side_init (&second, "Bo");
  g_signal_handlers_disconnect_by_func (first.core, on_incoming, &first);
  g_assert_true (parlor_core_join (first.core, link, PARLOR_WISH_CALL, NULL));
  parlor_test_wait (parlor_core_get_session (first.core) == PARLOR_SESSION_IN_ROOM, WAIT_S);
  g_assert_true (parlor_core_join (second.core, link, PARLOR_WISH_CALL, NULL));
  parlor_test_wait (is_in (&first, PARLOR_CALL_RINGING) && is_in (&second, PARLOR_CALL_DIALING), WAIT_S);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_true (is_in (&first, PARLOR_CALL_RINGING));
  g_assert_true (parlor_core_accept (first.core, NULL));
  parlor_test_wait (first.frames == 1 && second.frames == 1, WAIT_S);

  side_clear (&second);
  side_clear (&first);
}

static void
test_fifty (void)
{
  Side host = { 0 }, guest = { 0 };
  guint threads = 0, descriptors = 0, left, left_descriptors;
  long resident = 0, growth;

  side_init (&host, "Ann");
  side_init (&guest, "Bo");
  meet (&host, &guest);
  for (guint i = 1; i <= N_CALLS; i++)
    {
      call_once (i % 2 ? &guest : &host, i % 2 ? &host : &guest);
      if (i == N_WARM)
        {
          settle (&threads, &descriptors);
          name_threads ();
          resident = resident_kb ();
        }
    }

  settle (&left, &left_descriptors);
  name_threads ();
  parlor_test_wait (is_at_rest (threads, descriptors), WAIT_S);
  growth = (resident_kb () - resident) / (N_CALLS - N_WARM);
  g_test_message ("%u threads, %u descriptors, %ld kB a call", threads, descriptors, growth);
  g_assert_cmpint (growth, <=, MAX_GROWTH_KB);

  side_clear (&guest);
  side_clear (&host);
}

int
main (int argc, char *argv[])
{
  /* GNOME's looks for GSettings in the folders that the test is kept from, and aborts where there are none. */
  g_setenv ("GIO_USE_PROXY_RESOLVER", "dummy", TRUE);
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  mallopt (M_ARENA_MAX, PARLOR_MALLOC_ARENAS);
  gst_init (NULL, NULL);
  g_test_add_func ("/call/who-is-there", test_who_is_there);
  g_test_add_func ("/call/empty-room", test_empty_room);
  g_test_add_func ("/call/fifty", test_fifty);
  return g_test_run ();
}
