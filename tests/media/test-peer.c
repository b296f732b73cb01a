/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "peer-lab.h"

#include "parlor-error.h"

/*
 * Two peers in one process: what is sent at one end is seen and heard at the other.
 */

#define BOTH (PARLOR_MEDIA_AUDIO | PARLOR_MEDIA_VIDEO)

static void
wait_for_media (PeerEnd *self, guint tone)
{
  parlor_test_wait (self->first_picture, 10);
  parlor_test_meter_reset (self->pictures);
  parlor_test_wait (parlor_test_meter_get_frames (self->pictures) >= 20, 10);
  g_assert_true (parlor_test_meter_is_moving (self->pictures));
  parlor_test_wait (parlor_test_meter_get_tone (self->sound, tone) > 0.9, 10);
}

static void
test_both_ways (void)
{
  PeerEnd *a = peer_end_new (BOTH, 600), *b = peer_end_new (BOTH, 1100);

  peer_end_add_peer (a, PARLOR_DIALECT_PARLOR);
  peer_end_add_peer (b, PARLOR_DIALECT_PARLOR);
  peer_end_call (a, b, NULL);
  peer_end_wait_connected (a, b);
  wait_for_media (a, 1100);
  wait_for_media (b, 600);
  g_test_message ("offer -> connected %.1f ms, -> first picture %.1f ms here, %.1f there",
                  (a->connected - a->began) / 1e3, (a->first_picture - a->began) / 1e3, (b->first_picture - a->began) / 1e3);
  g_test_message ("%s", a->sdp);
  g_test_message ("%s", b->sdp);
  peer_end_free (a);
  peer_end_free (b);
}

int
main (int argc, char *argv[])
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/peer/both-ways", test_both_ways);
  return g_test_run ();
}
