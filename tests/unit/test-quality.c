/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-quality.h"

/* How a call is said to be, from figures of the test's own. */

/* A second of a call, and what goes wrong in it. */
typedef struct
{
  double concealed; /* share of the sound */
  gint64 freeze_ms;
  double dropped; /* share of the pictures */
  double rtt_ms, loss;
  gint64 estimate;
  ParlorLimitation limitation;
} Second;

static const Second fine = { .rtt_ms = 20, .estimate = 2500000, .limitation = PARLOR_LIMITATION_NONE };

typedef struct
{
  ParlorQualityJudge judge;
  ParlorStats stats; /* no text in it */
} Fixture;

static void
setup (Fixture *f, gconstpointer data)
{
  g_autoptr (ParlorStats) stats = parlor_stats_new ();

  f->judge = (ParlorQualityJudge){ 0 };
  f->stats = *stats;
  f->stats.in.audio.samples = f->stats.in.audio.concealed_samples = 0;
  f->stats.in.video.frames = f->stats.in.video.dropped = f->stats.in.video.freeze_ms = 0;
}

static void
pass (Fixture *f, const Second *second, guint times)
{
  for (guint i = 0; i < times; i++)
    {
      f->stats.in.audio.samples += 48000;
      f->stats.in.audio.concealed_samples += (gint64) (48000 * second->concealed);
      f->stats.in.video.frames += 30;
      f->stats.in.video.dropped += (gint64) (30 * second->dropped);
      f->stats.in.video.freeze_ms += second->freeze_ms;
      f->stats.rtt_ms = second->rtt_ms;
      f->stats.out.loss = second->loss;
      f->stats.estimate_bps = second->estimate;
      f->stats.out.video.limitation = second->limitation;
      parlor_quality_judge_add (&f->judge, &f->stats);
    }
}

static void
assert_is (Fixture *f, ParlorQuality quality, ParlorTrouble trouble)
{
  g_assert_cmpint (f->judge.quality, ==, quality);
  g_assert_cmpint (f->judge.trouble, ==, trouble);
}

static void
test_causes (Fixture *f, gconstpointer data)
{
  static const struct
  {
    Second second;
    ParlorQuality quality;
    ParlorTrouble trouble;
  } cases[] = {
    { { .rtt_ms = 20, .estimate = 2500000 }, PARLOR_QUALITY_GOOD, PARLOR_TROUBLE_NONE },
    { { .rtt_ms = 20, .estimate = 2500000, .concealed = 0.01 }, PARLOR_QUALITY_GOOD, PARLOR_TROUBLE_NONE },
    { { .rtt_ms = 20, .estimate = 2500000, .concealed = 0.03 }, PARLOR_QUALITY_FAIR, PARLOR_TROUBLE_THEIR_NETWORK },
    { { .rtt_ms = 20, .estimate = 2500000, .concealed = 0.1 }, PARLOR_QUALITY_POOR, PARLOR_TROUBLE_THEIR_NETWORK },
    { { .rtt_ms = 20, .estimate = 2500000, .freeze_ms = 100 }, PARLOR_QUALITY_FAIR, PARLOR_TROUBLE_THEIR_NETWORK },
    { { .rtt_ms = 20, .estimate = 2500000, .freeze_ms = 400 }, PARLOR_QUALITY_POOR, PARLOR_TROUBLE_THEIR_NETWORK },
    { { .rtt_ms = 20, .estimate = 300000, .limitation = PARLOR_LIMITATION_BANDWIDTH }, PARLOR_QUALITY_FAIR, PARLOR_TROUBLE_OUR_NETWORK },
    { { .rtt_ms = 20, .estimate = 120000, .limitation = PARLOR_LIMITATION_BANDWIDTH }, PARLOR_QUALITY_POOR, PARLOR_TROUBLE_OUR_NETWORK },
    { { .rtt_ms = 20, .estimate = 2500000, .loss = 0.1 }, PARLOR_QUALITY_FAIR, PARLOR_TROUBLE_OUR_NETWORK },
    { { .rtt_ms = 20, .estimate = 2500000, .loss = 0.2 }, PARLOR_QUALITY_POOR, PARLOR_TROUBLE_OUR_NETWORK },
    { { .rtt_ms = 20, .estimate = 2500000, .loss = 0.2, .concealed = 0.1 }, PARLOR_QUALITY_POOR, PARLOR_TROUBLE_NETWORK },
    { { .rtt_ms = 400, .estimate = 2500000 }, PARLOR_QUALITY_FAIR, PARLOR_TROUBLE_NETWORK },
    { { .rtt_ms = 900, .estimate = 2500000 }, PARLOR_QUALITY_POOR, PARLOR_TROUBLE_NETWORK },
    { { .rtt_ms = 20, .estimate = 2500000, .dropped = 0.2 }, PARLOR_QUALITY_FAIR, PARLOR_TROUBLE_THIS_COMPUTER },
    { { .rtt_ms = 20, .estimate = 2500000, .limitation = PARLOR_LIMITATION_CPU }, PARLOR_QUALITY_FAIR, PARLOR_TROUBLE_THIS_COMPUTER },
    { { .rtt_ms = 20, .estimate = 2500000, .freeze_ms = 400, .dropped = 0.5 }, PARLOR_QUALITY_POOR, PARLOR_TROUBLE_THIS_COMPUTER },
    /* Nothing is known: a seed page, or a call without pictures. */
    { { .rtt_ms = -1, .estimate = -1, .loss = -1 }, PARLOR_QUALITY_GOOD, PARLOR_TROUBLE_NONE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("Case %u", i);
      setup (f, NULL);
      pass (f, &cases[i].second, 6);
      assert_is (f, cases[i].quality, cases[i].trouble);
    }
}

static void
test_time (Fixture *f, gconstpointer data)
{
  const Second bad = { .rtt_ms = 20, .estimate = 2500000, .concealed = 0.5 };

  assert_is (f, PARLOR_QUALITY_UNKNOWN, PARLOR_TROUBLE_NONE);
  pass (f, &fine, 1);
  assert_is (f, PARLOR_QUALITY_UNKNOWN, PARLOR_TROUBLE_NONE);
  pass (f, &fine, 1);
  assert_is (f, PARLOR_QUALITY_GOOD, PARLOR_TROUBLE_NONE);

  /* Worse at once, better only when it stays so: four seconds until the bad one is out of sight, and then five. */
  pass (f, &bad, 1);
  assert_is (f, PARLOR_QUALITY_POOR, PARLOR_TROUBLE_THEIR_NETWORK);
  pass (f, &fine, 4 + 3);
  assert_is (f, PARLOR_QUALITY_POOR, PARLOR_TROUBLE_THEIR_NETWORK);
  pass (f, &fine, 1);
  assert_is (f, PARLOR_QUALITY_GOOD, PARLOR_TROUBLE_NONE);
}

/* Another generation of the connection counts anew. */
static void
test_another_path (Fixture *f, gconstpointer data)
{
  const Second bad = { .rtt_ms = 20, .estimate = 2500000, .concealed = 0.5 };

  pass (f, &bad, 6);
  assert_is (f, PARLOR_QUALITY_POOR, PARLOR_TROUBLE_THEIR_NETWORK);
  f->stats.in.audio.samples = f->stats.in.audio.concealed_samples = 0;
  pass (f, &fine, 6);
  assert_is (f, PARLOR_QUALITY_GOOD, PARLOR_TROUBLE_NONE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add (name, Fixture, NULL, setup, func, NULL)
  ADD ("/quality/causes", test_causes);
  ADD ("/quality/time", test_time);
  ADD ("/quality/another-path", test_another_path);
  return g_test_run ();
}
