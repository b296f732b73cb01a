/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "peer-lab.h"

#include "parlor-webrtc-peer-private.h"

#include <malloc.h>
#include <pthread.h>

/*
 * Calls one after another in one process: nothing is left behind, and how long each phase takes. Ten of them; fifty with `-m slow`, and then
 * memory counts too.
 */

#define BOTH (PARLOR_MEDIA_AUDIO | PARLOR_MEDIA_VIDEO)
#define WARM 3 /* calls after which everything made once a process is there */

static long
get_memory (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;

  malloc_trim (0);
  g_file_get_contents ("/proc/self/statm", &text, NULL, NULL);
  words = g_strsplit (text, " ", 3);
  return strtol (words[1], NULL, 10) * 4;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return *(const double *) a < *(const double *) b ? -1 : 1;
}

static void
report (const char *what, GArray *times)
{
  g_array_sort (times, compare);
  g_test_message ("%s: median %.1f ms, from %.1f to %.1f", what, g_array_index (times, double, times->len / 2),
                  g_array_index (times, double, 0), g_array_index (times, double, times->len - 1));
}

static void
add (GArray *times, gint64 from, gint64 to)
{
  double ms = (double) (to - from) / 1000;

  g_array_append_val (times, ms);
}

/* How many data channels have ended, and where: see end_data_channels() in parlor-webrtc-peer-end.c. */
static int n_ended, n_ended_by_webrtcbin;

static void
on_channel_ended (GstElement *encoder G_GNUC_UNUSED, GstPad *pad, gpointer data G_GNUC_UNUSED)
{
  char name[16];

  if (!GST_PAD_IS_SINK (pad))
    return;
  pthread_getname_np (pthread_self (), name, sizeof name);
  g_atomic_int_inc (&n_ended);
  if (g_str_has_suffix (name, ":pc"))
    g_atomic_int_inc (&n_ended_by_webrtcbin);
}

static void
watch_channels (PeerEnd *end)
{
  GstIterator *encoders = gst_bin_iterate_all_by_element_factory_name (GST_BIN (end->peer->webrtc), "sctpenc");
  GValue value = G_VALUE_INIT;

  while (gst_iterator_next (encoders, &value) == GST_ITERATOR_OK)
    {
      g_signal_connect (g_value_get_object (&value), "pad-removed", G_CALLBACK (on_channel_ended), NULL);
      g_value_reset (&value);
    }
  gst_iterator_free (encoders);
}

static void
test_one_after_another (void)
{
  const guint n_calls = g_test_slow () ? 50 : 10, half = n_calls * 2 / 5;
  PeerEnd *a = peer_end_new (BOTH, 600), *b = peer_end_new (BOTH, 1100);
  GArray *times[4];
  guint threads = 0, fds = 0;
  long memory = 0;

  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    times[i] = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < n_calls; i++)
    {
      gint64 began;

      peer_end_add_peer (a, PARLOR_DIALECT_PARLOR);
      peer_end_add_peer (b, PARLOR_DIALECT_PARLOR);
      peer_end_call (a, b, NULL);
      peer_end_wait_connected (a, b);
      parlor_test_wait (a->first_picture && a->first_sound && b->first_picture && b->first_sound, 20);
      if (i >= WARM)
        {
          add (times[0], a->began, MAX (a->connected, b->connected));
          add (times[1], a->began, MAX (a->first_picture, b->first_picture));
        }
      watch_channels (a);
      watch_channels (b);
      began = g_get_monotonic_time ();
      parlor_peer_close (PARLOR_PEER (a->peer));
      parlor_peer_close (PARLOR_PEER (b->peer));
      if (i >= WARM)
        add (times[2], began, g_get_monotonic_time ());
      peer_end_drop_peer (a);
      peer_end_drop_peer (b);
      parlor_media_finish_peers ();
      if (i >= WARM)
        add (times[3], began, g_get_monotonic_time ());
      if (i + 1 == WARM)
        {
          threads = parlor_test_count_threads ();
          fds = parlor_test_count_fds ();
        }
      if (i + 1 == half)
        memory = get_memory ();
    }
  report ("offer -> both connected", times[0]);
  report ("offer -> both see a picture", times[1]);
  report ("two closes, on main", times[2]);
  report ("two closes, until all is gone", times[3]);
  g_assert_cmpint (n_ended, >, 0); /* up to four a call: words and pings, at both ends */
  g_assert_cmpint (n_ended_by_webrtcbin, ==, 0);
  parlor_test_wait (parlor_test_count_threads () <= threads, 20);
  parlor_test_wait (parlor_test_count_fds () <= fds, 20);
  memory = get_memory () - memory;
  g_test_message ("memory: %.1f kB a call of two peers, over the last %u", (double) memory / (n_calls - half), n_calls - half);
  if (g_test_slow ())
    g_assert_cmpint (memory, <, 2 * 50 * (long) (n_calls - half));
  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    g_array_unref (times[i]);
  peer_end_free (a);
  peer_end_free (b);
}

int
main (int argc, char *argv[])
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/peer-calls/one-after-another", test_one_after_another);
  return g_test_run ();
}
