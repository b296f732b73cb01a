/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "peer-lab.h"

#include "parlor-webrtc-peer-private.h"

/*
 * What a peer sends over paths that carry less than it would like to. The path is a policer behind the encryption: it drops what is
 * too much, and its clock is the machine's, so figures have room.
 */

#define BOTH (PARLOR_MEDIA_AUDIO | PARLOR_MEDIA_VIDEO)
#define FIXED 1500000 /* bit/s: what those get who give no feedback */
#define NARROW 400000 /* bit/s that the policer lets through, */
#define BURST 6000    /* bytes at once */
#define PATIENCE 60   /* s for what takes a few */

/* A policer of the packets that leave a peer. Zeroed, it lets everything through. */
typedef struct
{
  gint rate;    /* atomic: bit/s; 0 = any */
  gint passed;  /* atomic: packets */
  gint dropped; /* atomic */

  gint64 then; /* us */
  double tokens;
} Policer;

typedef struct
{
  PeerEnd *a, *b;
  Policer policer; /* of what a sends */
} Fixture;

/* Fine rings that move: the encoder can spend any rate on them. */
#define RINGS "videotestsrc is-live=true pattern=zone-plate kx2=12 ky2=12 kt=20 ! video/x-raw,width=640,height=360,framerate=30/1"

static void
setup (Fixture *f, gconstpointer data)
{
  f->a = peer_end_new_with_picture (BOTH, 600, RINGS);
  f->b = peer_end_new (BOTH, 1100);
  peer_end_add_peer (f->a, PARLOR_DIALECT_PARLOR);
  peer_end_add_peer (f->b, PARLOR_DIALECT_PARLOR);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  peer_end_free (f->a);
  peer_end_free (f->b);
  parlor_media_finish_peers (); /* packets still pass the policer until then */
}

static GstPadProbeReturn
on_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Policer *policer = user_data;
  gint rate = g_atomic_int_get (&policer->rate);
  gint64 now = g_get_monotonic_time ();
  gsize size = gst_buffer_get_size (GST_PAD_PROBE_INFO_BUFFER (info)) + 28;

  policer->tokens = MIN (BURST, policer->tokens + (double) (now - policer->then) * rate / 8 / G_USEC_PER_SEC);
  policer->then = now;
  if (rate > 0 && policer->tokens < (double) size)
    {
      g_atomic_int_inc (&policer->dropped);
      return GST_PAD_PROBE_DROP;
    }
  policer->tokens = MAX (0, policer->tokens - (double) size);
  g_atomic_int_inc (&policer->passed);
  return GST_PAD_PROBE_OK;
}

/* Puts it on the way to the network of a peer that is connected. */
static void
police (PeerEnd *end, Policer *policer)
{
  GstIterator *sinks = gst_bin_iterate_all_by_element_factory_name (GST_BIN (end->peer->webrtc), "nicesink");
  GValue value = G_VALUE_INIT;
  guint n = 0;

  while (gst_iterator_next (sinks, &value) == GST_ITERATOR_OK)
    {
      g_autoptr (GstPad) pad = gst_element_get_static_pad (g_value_get_object (&value), "sink");

      gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_packet, policer, NULL);
      n++;
      g_value_reset (&value);
    }
  gst_iterator_free (sinks);
  g_assert_cmpuint (n, ==, 1);
}

static gint64
get_estimate (PeerEnd *end)
{
  g_autoptr (ParlorStats) stats = peer_end_get_stats (end);

  return stats->estimate_bps;
}

/* Whether it comes to lie within these bounds in time. */
static gboolean
estimate_becomes (PeerEnd *end, gint64 least, gint64 most)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE * G_USEC_PER_SEC, estimate;

  do
    {
      parlor_test_run_for (0.1);
      estimate = get_estimate (end);
    }
  while ((estimate < least || estimate > most) && g_get_monotonic_time () < deadline);
  g_test_message ("Estimate %" G_GINT64_FORMAT " bit/s", estimate);
  return estimate >= least && estimate <= most;
}

/* The same of what is seen there. */
static gboolean
height_becomes (PeerEnd *end, int least, int most)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE * G_USEC_PER_SEC;
  int width, height;

  do
    {
      parlor_test_run_for (0.1);
      parlor_test_meter_get_size (end->pictures, &width, &height);
    }
  while ((height < least || height > most) && g_get_monotonic_time () < deadline);
  g_test_message ("%d x %d", width, height);
  return height >= least && height <= most && width == (height * 16 / 9 + 1) / 2 * 2;
}

/* The share that is dropped of what is sent in so many seconds. */
static double
measure_loss (Policer *policer, guint seconds)
{
  gint passed = g_atomic_int_get (&policer->passed), dropped = g_atomic_int_get (&policer->dropped);

  parlor_test_run_for (seconds);
  passed = g_atomic_int_get (&policer->passed) - passed;
  dropped = g_atomic_int_get (&policer->dropped) - dropped;
  g_test_message ("%d of %d packets dropped", dropped, dropped + passed);
  g_assert_cmpint (passed, >, 0);
  return (double) dropped / (dropped + passed);
}

static void
assert_moves_on (PeerEnd *end)
{
  parlor_test_meter_reset (end->pictures);
  parlor_test_wait (parlor_test_meter_get_frames (end->pictures) >= 20, PATIENCE);
  g_assert_true (parlor_test_meter_is_moving (end->pictures));
}

/* A good path is found to be one; a narrow one is not flooded; when it is good again, it is used again. */
static void
test_narrow (Fixture *f, gconstpointer data)
{
  double loss = 1;

  peer_end_call (f->a, f->b, NULL);
  peer_end_wait_connected (f->a, f->b);
  police (f->a, &f->policer);
  parlor_test_wait (f->b->first_picture, 20);
  g_assert_true (estimate_becomes (f->a, 1200000, G_MAXINT64));

  g_atomic_int_set (&f->policer.rate, NARROW);
  g_assert_true (estimate_becomes (f->a, 100000, NARROW * 5 / 4));
  for (guint i = 0; i < 20 && loss > 0.1; i++)
    loss = measure_loss (&f->policer, 2);
  g_assert_cmpfloat (loss, <=, 0.1);
  g_assert_true (height_becomes (f->b, 90, 270));
  assert_moves_on (f->b);

  g_atomic_int_set (&f->policer.rate, 0);
  g_assert_true (estimate_becomes (f->a, 1000000, G_MAXINT64));
  g_assert_true (height_becomes (f->b, 360, 360));
  assert_moves_on (f->b);
}

/* (transfer full) */
static char *
take_transport_cc_away (char *sdp, gboolean offer)
{
  g_autoptr (GRegex) regex = g_regex_new ("a=(rtcp-fb|extmap):.*transport-(cc|wide).*\r\n", 0, 0, NULL);
  char *bent = g_regex_replace_literal (regex, sdp, -1, 0, "", 0, NULL);

  if (offer) /* the answer says no more than it was asked */
    g_assert_cmpstr (bent, !=, sdp);
  g_free (sdp);
  return bent;
}

/* The instrument, and those who do not speak transport-cc: a fixed rate, most of which the same path drops. */
static void
test_no_feedback (Fixture *f, gconstpointer data)
{
  g_autoptr (ParlorStats) stats = NULL;

  peer_end_call (f->a, f->b, take_transport_cc_away);
  peer_end_wait_connected (f->a, f->b);
  police (f->a, &f->policer);
  parlor_test_wait (f->b->first_picture, 20);
  assert_moves_on (f->b);
  stats = peer_end_get_stats (f->a);
  g_assert_cmpint (stats->estimate_bps, ==, -1);
  g_assert_cmpint (stats->out.video.target_bps, ==, FIXED);

  g_atomic_int_set (&f->policer.rate, NARROW);
  g_assert_cmpfloat (measure_loss (&f->policer, 5), >, 0.4);
}

/* A path that goes dead gets less and less, and is found again. */
static void
test_silence (Fixture *f, gconstpointer data)
{
  peer_end_call (f->a, f->b, NULL);
  peer_end_wait_connected (f->a, f->b);
  police (f->a, &f->policer);
  parlor_test_wait (f->b->first_picture, 20);
  g_assert_true (estimate_becomes (f->a, 600000, G_MAXINT64));
  g_atomic_int_set (&f->policer.rate, 1);
  g_assert_true (estimate_becomes (f->a, 0, 100000));
  g_atomic_int_set (&f->policer.rate, 0);
  g_assert_true (estimate_becomes (f->a, 400000, G_MAXINT64));
  assert_moves_on (f->b);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  parlor_media_warm_up ();
  parlor_media_finish_warm_up ();

#define ADD(name, func) g_test_add (name, Fixture, NULL, setup, func, teardown)
  ADD ("/peer-rate/narrow", test_narrow);
  ADD ("/peer-rate/no-feedback", test_no_feedback);
  ADD ("/peer-rate/silence", test_silence);
  return g_test_run ();
}
