/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-voice-gaps.h"

/* One frame of 20 ms, mono: hybrid at 48 kHz (configuration 15), and CELT (31). */
static const guint8 with_copy[] = { 15 << 3, 0xc0, 1, 2, 3 };
static const guint8 without[] = { 15 << 3, 0x80, 1, 2, 3 };
static const guint8 celt[] = { 31 << 3, 0xff, 1, 2, 3 };

static void
test_copies (void)
{
  static const guint8 longer[] = { 3 << 3, 0xe0 | 0x10 }; /* SILK, 60 ms: three VAD bits before */
  static const guint8 longer_without[] = { 3 << 3, 0xe0 };
  static const guint8 stereo[] = { (1 << 3) | 4, 0x10 };      /* 20 ms: the side channel's is the fourth bit */
  static const guint8 many[] = { (15 << 3) | 3, 0x81, 0xc0 }; /* a packet of any number of frames */

  g_assert_true (parlor_opus_has_copy (with_copy, sizeof with_copy));
  g_assert_false (parlor_opus_has_copy (without, sizeof without));
  g_assert_false (parlor_opus_has_copy (celt, sizeof celt));
  g_assert_true (parlor_opus_has_copy (longer, sizeof longer));
  g_assert_false (parlor_opus_has_copy (longer_without, sizeof longer_without));
  g_assert_true (parlor_opus_has_copy (stereo, sizeof stereo));
  g_assert_false (parlor_opus_has_copy (many, sizeof many));
  g_assert_false (parlor_opus_has_copy (with_copy, 1));
  g_assert_false (parlor_opus_has_copy (NULL, 0));
}

static void
test_one_is_recovered (void)
{
  ParlorVoiceGaps gaps = { 0 };

  parlor_voice_gaps_take_packet (&gaps, with_copy, sizeof with_copy);
  g_assert_cmpint (gaps.concealed, ==, 0);
  parlor_voice_gaps_take_gap (&gaps, 960);
  parlor_voice_gaps_take_packet (&gaps, with_copy, sizeof with_copy);
  g_assert_cmpint (gaps.concealed, ==, 0);
  parlor_voice_gaps_take_gap (&gaps, 960);
  parlor_voice_gaps_take_packet (&gaps, without, sizeof without);
  g_assert_cmpint (gaps.concealed, ==, 960);
  parlor_voice_gaps_take_packet (&gaps, with_copy, sizeof with_copy); /* too late for that */
  g_assert_cmpint (gaps.concealed, ==, 960);
}

static void
test_only_the_last (void)
{
  ParlorVoiceGaps gaps = { 0 };

  parlor_voice_gaps_take_gap (&gaps, 960);
  parlor_voice_gaps_take_gap (&gaps, 960);
  parlor_voice_gaps_take_packet (&gaps, with_copy, sizeof with_copy);
  g_assert_cmpint (gaps.concealed, ==, 960);
  parlor_voice_gaps_take_gap (&gaps, 2880); /* three in one */
  parlor_voice_gaps_take_packet (&gaps, with_copy, sizeof with_copy);
  g_assert_cmpint (gaps.concealed, ==, 960 + 1920);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/voice-gaps/copies", test_copies);
  g_test_add_func ("/voice-gaps/one-is-recovered", test_one_is_recovered);
  g_test_add_func ("/voice-gaps/only-the-last", test_only_the_last);
  return g_test_run ();
}
