/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <malloc.h>

#include "call-lab.h"
#include "parlor-identity.h"
#include "parlor-relay.h"

/*
 * Two whole Parlors without windows in one process: one hosts, the other joins by its invite, and they call each other again and
 * again. Threads and descriptors must not grow at all, memory hardly. It is read when everything has come to rest: a peer that is
 * being taken down still holds some megabytes.
 */

#define N_CALLS 50
#define N_WARM 20

static void
call_once (Side *caller, Side *callee)
{
  sides_connect (caller, callee);
  parlor_core_hang_up (caller->core);
  sides_wait_ended (caller, PARLOR_END_HUNG_UP, callee, PARLOR_END_REMOTE_HUNG_UP);
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

  side_init (side, name, NULL);
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
  side_init (&first, "Ann", NULL);
  side_init (&second, "Bo", NULL);
  side_let_ring (&first);
  g_assert_true (parlor_core_join (first.core, link, PARLOR_WISH_CALL, NULL));
  parlor_test_wait (parlor_core_get_session (first.core) == PARLOR_SESSION_IN_ROOM, WAIT_S);
  g_assert_true (parlor_core_join (second.core, link, PARLOR_WISH_CALL, NULL));
  parlor_test_wait (side_is_in (&first, PARLOR_CALL_RINGING) && side_is_in (&second, PARLOR_CALL_DIALING), WAIT_S);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_true (side_is_in (&first, PARLOR_CALL_RINGING));
  g_assert_true (parlor_core_accept (first.core, NULL));
  parlor_test_wait (first.frames == 1 && second.frames == 1, WAIT_S);

  side_clear (&second);
  side_clear (&first);
}

static void
test_fifty (void)
{
  Side host = { 0 }, guest = { 0 };
  Holdings warm;

  side_init (&host, "Ann", NULL);
  side_init (&guest, "Bo", NULL);
  meet (&host, &guest);
  for (guint i = 1; i <= N_CALLS; i++)
    {
      call_once (i % 2 ? &guest : &host, i % 2 ? &host : &guest);
      if (i == N_WARM)
        holdings_read (&warm);
    }
  holdings_assert_kept (&warm, N_CALLS - N_WARM);

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
