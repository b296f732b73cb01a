/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-negotiator.h"

/* What ParlorNegotiator writes into a description for the pages of the seed. */

static void
test_sdp_candidates (void)
{
  static const char sdp[] = "v=0\r\nm=audio 9 X\r\na=mid:0\r\nm=video 9 X\r\na=mid:1\r\n";
  g_autoptr (GPtrArray) candidates = g_ptr_array_new ();
  g_autofree char *unchanged = parlor_negotiator_add_candidates_to_sdp (sdp, candidates);
  g_autofree char *changed = NULL;
  g_autofree char *no_media = NULL;
  g_autofree char *one = NULL;

  g_assert_cmpstr (unchanged, ==, sdp);
  g_ptr_array_add (candidates, (gpointer) "candidate:1 x");
  g_ptr_array_add (candidates, (gpointer) "candidate:2 y");
  changed = parlor_negotiator_add_candidates_to_sdp (sdp, candidates);
  g_assert_cmpstr (changed, ==,
                   "v=0\r\nm=audio 9 X\r\na=mid:0\r\na=candidate:1 x\r\na=candidate:2 y\r\nm=video 9 X\r\na=mid:1\r\n");
  no_media = parlor_negotiator_add_candidates_to_sdp ("v=0\r\n", candidates);
  g_assert_cmpstr (no_media, ==, "v=0\r\n");
  one = parlor_negotiator_add_candidates_to_sdp ("v=0\r\nm=audio 9 X\r\n", candidates);
  g_assert_cmpstr (one, ==, "v=0\r\nm=audio 9 X\r\na=candidate:1 x\r\na=candidate:2 y\r\n");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/negotiator/sdp-candidates", test_sdp_candidates);
  return g_test_run ();
}
