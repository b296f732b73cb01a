/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-ladder.h"
#include "parlor-loss-judge.h"
#include "parlor-rate-budget.h"
#include "parlor-rate-control.h"
#include "parlor-sim.h"

#include <math.h>

/* The congestion controller on simulated links. Figures are those of `./dev bench rate`, with room for another seed. */

#define SETTLED 15 /* s from which on a link is judged */
#define LENGTH 60  /* s */

static const ParlorRateRange range = { 100000, 500000, 2500000 };

typedef struct
{
  double used; /* of the link; seconds SETTLED to LENGTH */
  double delay_p95;
  double loss;
} Summary;

static Summary
run (ParlorSim *sim, gint64 rate)
{
  ParlorSimSecond second;
  Summary sum = { 0 };

  for (guint i = 0; i < LENGTH; i++)
    {
      parlor_sim_run_second (sim, &second);
      if (i < SETTLED)
        continue;
      sum.used += (double) second.delivered / (double) rate / (LENGTH - SETTLED);
      sum.delay_p95 += second.delay_p95 / (LENGTH - SETTLED);
      sum.loss += second.loss / (LENGTH - SETTLED);
    }
  g_test_message ("%" G_GINT64_FORMAT " bit/s: %.2f used, %.0f ms in the queue, %.3f lost", rate, sum.used, sum.delay_p95, sum.loss);
  return sum;
}

static void
test_links (void)
{
  static const gint64 rates[] = { 300000, 500000, 1000000, 2000000 };

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++)
    {
      g_autoptr (ParlorSim) sim = parlor_sim_new (100, 7 + i);
      Summary sum;

      parlor_sim_set_link (sim, rates[i], 300, 0);
      parlor_sim_add_call (sim, &range);
      sum = run (sim, rates[i]);
      g_assert_cmpfloat (sum.used, >, 0.85);
      g_assert_cmpfloat (sum.delay_p95, <, 110);
      g_assert_cmpfloat (sum.loss, <, 0.005);
    }
}

/* The instrument: a call that does not give way fills the queue and loses the rest. */
static void
test_no_control (void)
{
  const ParlorRateRange fixed = { 1500000, 1500000, 1500000 };
  g_autoptr (ParlorSim) sim = parlor_sim_new (100, 1);
  Summary sum;

  parlor_sim_set_link (sim, 1000000, 300, 0);
  parlor_sim_add_call (sim, &fixed);
  sum = run (sim, 1000000);
  g_assert_cmpfloat (sum.delay_p95, >, 250);
  g_assert_cmpfloat (sum.loss, >, 0.2);
}

/* What is lost at random is no reason to send less. */
static void
test_random_loss (void)
{
  static const double losses[] = { 0.02, 0.05, 0.1, 0.2 };

  for (guint i = 0; i < G_N_ELEMENTS (losses); i++)
    {
      g_autoptr (ParlorSim) sim = parlor_sim_new (50, 20 + i);
      ParlorRateControl *control;
      Summary sum;

      parlor_sim_set_link (sim, 20000000, 300, losses[i]);
      control = parlor_sim_add_call (sim, &range);
      sum = run (sim, range.max);
      g_assert_cmpfloat (sum.used, >, 0.65 * (1 - losses[i]));
      g_assert_cmpfloat (ABS (parlor_rate_control_get_random_loss (control) - losses[i]), <, 0.06);
    }
}

/* A link that becomes narrow, and wide again. */
static void
test_step (void)
{
  g_autoptr (ParlorSim) sim = parlor_sim_new (100, 1);
  ParlorSimSecond second;
  guint drained = 0, regained = 0;

  parlor_sim_set_link (sim, 2000000, 300, 0);
  parlor_sim_add_call (sim, &range);
  for (guint i = 0; i < LENGTH; i++)
    {
      if (i == 20)
        parlor_sim_set_link (sim, 500000, 300, 0);
      if (i == 40)
        parlor_sim_set_link (sim, 2000000, 300, 0);
      parlor_sim_run_second (sim, &second);
      if (i >= 20 && drained == 0 && second.delay_max < 100)
        drained = i;
      if (i >= 40 && regained == 0 && second.delivered > 1800000)
        regained = i;
    }
  g_test_message ("Drained in second %u, back in second %u", drained, regained);
  g_assert_cmpuint (drained - 20, <=, 4);
  g_assert_cmpuint (regained, >, 0);
  g_assert_cmpuint (regained - 40, <=, 10);
}

static void
test_two_calls (void)
{
  g_autoptr (ParlorSim) sim = parlor_sim_new (100, 3);
  ParlorSimSecond seconds[2];
  double sums[2] = { 0 };

  parlor_sim_set_link (sim, 2000000, 300, 0);
  parlor_sim_add_call (sim, &range);
  parlor_sim_add_call (sim, &range);
  for (guint i = 0; i < LENGTH; i++)
    {
      parlor_sim_run_second (sim, seconds);
      for (guint flow = 0; i >= 20 && flow < 2; flow++)
        sums[flow] += (double) seconds[flow].delivered;
    }
  g_test_message ("Shares %.2f and %.2f", sums[0] / (sums[0] + sums[1]), sums[1] / (sums[0] + sums[1]));
  g_assert_cmpfloat (MIN (sums[0], sums[1]) / (sums[0] + sums[1]), >, 0.4);
}

/* A good link: within two seconds at what 720p wants. */
static void
test_start (void)
{
  g_autoptr (ParlorSim) sim = parlor_sim_new (50, 1);
  ParlorRateControl *control;
  ParlorSimSecond second;

  parlor_sim_set_link (sim, 20000000, 300, 0);
  control = parlor_sim_add_call (sim, &range);
  for (guint i = 0; i < 2; i++)
    parlor_sim_run_second (sim, &second);
  g_assert_cmpint (parlor_rate_control_get_target (control), >, 1200000);
}

static void
test_silence (void)
{
  g_autoptr (ParlorRateControl) control = parlor_rate_control_new (&range);
  const ParlorRatePacket packet = { 0, 5000000, 1200 };

  /* Before anything was ever told of, nothing is known. */
  g_assert_cmpint (parlor_rate_control_tick (control, 60 * G_USEC_PER_SEC), ==, range.start);
  parlor_rate_control_feedback (control, 50000, &packet, 1);
  g_assert_cmpint (parlor_rate_control_tick (control, 900000), ==, range.start);
  for (gint64 now = G_USEC_PER_SEC; now < 10 * G_USEC_PER_SEC; now += 100000)
    parlor_rate_control_tick (control, now);
  g_assert_cmpint (parlor_rate_control_get_target (control), ==, range.min);
}

/* Whatever a peer reports, the target stays in its range, and nothing overflows (the sanitizers watch). */
static void
test_nonsense (void)
{
  g_autoptr (ParlorRateControl) control = parlor_rate_control_new (&range);
  g_autoptr (GRand) random = g_rand_new_with_seed (5);
  gint64 now = 0;

  for (guint i = 0; i < 20000; i++)
    {
      ParlorRatePacket packets[8];

      now += g_rand_int_range (random, 0, 100000);
      for (guint j = 0; j < G_N_ELEMENTS (packets); j++)
        {
          gint64 wild = ((gint64) g_rand_int (random) << 24) - ((gint64) 1 << 55);

          packets[j] = (ParlorRatePacket){ now - g_rand_int_range (random, 0, 1000000),
                                           g_rand_boolean (random) ? wild : PARLOR_RATE_LOST, g_rand_int_range (random, 0, 65536) };
        }
      parlor_rate_control_feedback (control, now, packets, G_N_ELEMENTS (packets));
      g_assert_cmpint (parlor_rate_control_tick (control, now), >=, range.min);
      g_assert_cmpint (parlor_rate_control_get_target (control), <=, range.max);
      g_assert_cmpint (parlor_rate_control_get_delivered (control), >=, 0);
    }
}

/* Feeds @seconds of 200 packets each, every one of @period lost. */
static ParlorLossVerdict
feed (ParlorLossJudge *judge, gint64 *now, guint seconds, guint period)
{
  ParlorLossVerdict last = PARLOR_LOSS_NOTHING;

  for (guint i = 0; i < 200 * seconds; i++, *now += 5000)
    {
      ParlorLossVerdict verdict = parlor_loss_judge_add (judge, *now, *now, period > 0 && i % period == 0);

      if (verdict != PARLOR_LOSS_NOTHING)
        return verdict;
      last = verdict;
    }
  return last;
}

static void
test_judge (void)
{
  ParlorLossJudge judge = { 0 };
  gint64 now = 0;

  g_assert_cmpint (feed (&judge, &now, 5, 0), ==, PARLOR_LOSS_NOTHING);
  g_assert_cmpint (feed (&judge, &now, 5, 5), ==, PARLOR_LOSS_SUSPECT);
  g_assert_cmpint (feed (&judge, &now, 5, 0), ==, PARLOR_LOSS_CONGESTION);
  g_assert_cmpfloat (judge.random, <, 0.01);

  g_assert_cmpint (feed (&judge, &now, 5, 5), ==, PARLOR_LOSS_SUSPECT);
  g_assert_cmpint (feed (&judge, &now, 5, 5), ==, PARLOR_LOSS_RANDOM);
  g_assert_cmpfloat (judge.random, >, 0.15);
  /* From then on that much is usual, until it is doubted, and found again. */
  g_assert_cmpint (feed (&judge, &now, 10, 5), ==, PARLOR_LOSS_NOTHING);
  g_assert_cmpint (feed (&judge, &now, 10, 5), ==, PARLOR_LOSS_SUSPECT);
  g_assert_cmpint (feed (&judge, &now, 5, 5), ==, PARLOR_LOSS_RANDOM);
  g_assert_cmpint (feed (&judge, &now, 10, 5), ==, PARLOR_LOSS_NOTHING);
}

/* What was taken for chance while a policer lost it is found out the next time. */
static void
test_judge_doubts (void)
{
  ParlorLossJudge judge = { 0 };
  gint64 now = 0;

  g_assert_cmpint (feed (&judge, &now, 5, 4), ==, PARLOR_LOSS_SUSPECT);
  g_assert_cmpint (feed (&judge, &now, 5, 4), ==, PARLOR_LOSS_RANDOM);
  g_assert_cmpint (feed (&judge, &now, 30, 4), ==, PARLOR_LOSS_SUSPECT);
  g_assert_cmpint (feed (&judge, &now, 5, 0), ==, PARLOR_LOSS_CONGESTION);
}

/* Half of all and more is not lost at random: what does not help is not to go on as before. */
static void
test_judge_flood (void)
{
  ParlorLossJudge judge = { 0 };
  gint64 now = 0;

  g_assert_cmpint (feed (&judge, &now, 5, 2), ==, PARLOR_LOSS_SUSPECT);
  g_assert_cmpint (feed (&judge, &now, 5, 2), ==, PARLOR_LOSS_CONGESTION);
}

static void
test_budget (void)
{
  static const gint64 targets[] = { 100000, 300000, 1000000, 2500000 };
  gint64 last = 0;

  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      ParlorRateBudget budget = parlor_rate_budget_divide (targets[i], 0, TRUE);
      ParlorRateBudget lossy = parlor_rate_budget_divide (targets[i], 0.2, TRUE);
      gint64 headers = 50 * PARLOR_RATE_OVERHEAD * 8;

      g_assert_cmpint (budget.audio, >=, 16000);
      g_assert_cmpint (budget.audio, <=, 40000);
      g_assert_cmpint (budget.video, >, last);
      g_assert_cmpint (budget.audio + headers + budget.video, <, targets[i]);
      g_assert_cmpint (lossy.audio, ==, budget.audio);
      g_assert_cmpint (lossy.video, <, MAX (budget.video * 9 / 10, 20001));
      last = budget.video;
    }
  /* It is used, and not for pictures that nobody sends. */
  g_assert_cmpint (last, >, 2500000 * 9 / 10);
  g_assert_cmpint (parlor_rate_budget_divide (2500000, 0, FALSE).video, ==, 0);
  g_assert_cmpint (parlor_rate_budget_divide (2500000, 0, FALSE).audio, ==, 40000);
  /* Sound first, also where nothing is left. */
  g_assert_cmpint (parlor_rate_budget_divide (0, 0, TRUE).audio, ==, 16000);
}

static void
test_ladder (void)
{
  ParlorLadder ladder = { 0 }, fresh = { 0 };
  gint64 now = G_USEC_PER_SEC;

  g_assert_cmpint (parlor_ladder_choose (&ladder, 500000, 720, now), ==, 360);
  /* Up only after a while, and not beyond the camera. */
  g_assert_cmpint (parlor_ladder_choose (&ladder, 3000000, 720, now += 10000), ==, 360);
  g_assert_cmpint (parlor_ladder_choose (&ladder, 3000000, 720, now += 300000), ==, 360);
  g_assert_cmpint (parlor_ladder_choose (&ladder, 3000000, 720, now += 200000), ==, 720);
  /* A little less than a rung wants is no reason to leave it; much less is, at once. */
  g_assert_cmpint (parlor_ladder_choose (&ladder, 800000, 720, now += 10000), ==, 720);
  g_assert_cmpint (parlor_ladder_choose (&ladder, 200000, 720, now += 10000), ==, 270);
  /* After a fall it takes longer, and one dip begins it anew. */
  g_assert_cmpint (parlor_ladder_choose (&ladder, 3000000, 720, now += 10000), ==, 270);
  g_assert_cmpint (parlor_ladder_choose (&ladder, 3000000, 720, now += 3000000), ==, 270);
  g_assert_cmpint (parlor_ladder_choose (&ladder, 200000, 720, now += 10000), ==, 270);
  g_assert_cmpint (parlor_ladder_choose (&ladder, 3000000, 720, now += 3000000), ==, 270);
  g_assert_cmpint (parlor_ladder_choose (&ladder, 3000000, 720, now += 4000000), ==, 720);
  g_assert_cmpint (parlor_ladder_get_below (720), ==, 540);
  g_assert_cmpint (parlor_ladder_get_below (480), ==, 360);
  g_assert_cmpint (parlor_ladder_get_below (180), ==, 180);
  /* Cameras between the rungs are sent as they are, where there is room. */
  g_assert_cmpint (parlor_ladder_choose (&fresh, 3000000, 240, now), ==, 240);
  fresh = (ParlorLadder){ 0 };
  g_assert_cmpint (parlor_ladder_choose (&fresh, 3000000, 480, now), ==, 480);
  fresh = (ParlorLadder){ 0 };
  g_assert_cmpint (parlor_ladder_choose (&fresh, 500000, 480, now), ==, 360);
}

/* A picture that comes out coarse for a second is made smaller, and larger again only when it has long been fine. */
static void
test_difficulty (void)
{
  ParlorLadder ladder = { 0 };
  gint64 now = G_USEC_PER_SEC;
  int lines = parlor_ladder_choose (&ladder, 1200000, 720, now);
  int smallest;

  g_assert_cmpint (lines, ==, 720);
  for (int i = 0; i < 60; i++)
    parlor_ladder_take_quantizer (&ladder, 80, now += 33000);
  g_assert_cmpint (parlor_ladder_choose (&ladder, 1200000, 720, now), ==, 720);
  for (int i = 0; i < 300 && lines == 720; i++)
    {
      parlor_ladder_take_quantizer (&ladder, 106, now += 33000);
      lines = parlor_ladder_choose (&ladder, 1200000, 720, now);
    }
  g_assert_cmpint (lines, ==, 540);
  smallest = lines;
  for (int i = 0; i < 600; i++)
    {
      parlor_ladder_take_quantizer (&ladder, 106, now += 33000);
      smallest = parlor_ladder_choose (&ladder, 1200000, 720, now);
    }
  g_assert_cmpint (smallest, ==, 360); /* four times as hard, and no more: 300 kbit/s in its eyes, which is not far below */
  for (int i = 0; i < 900; i++)
    {
      parlor_ladder_take_quantizer (&ladder, 20, now += 33000);
      lines = parlor_ladder_choose (&ladder, 1200000, 720, now);
    }
  g_assert_cmpint (lines, ==, 720);
}

/* Who fills the queue and does not give way leaves us a part, and keeps one. */
static void
test_beside_tcp (void)
{
  g_autoptr (ParlorSim) sim = parlor_sim_new (100, 1);
  ParlorSimSecond seconds[2];
  double ours = 0, theirs = 0;

  parlor_sim_set_link (sim, 2000000, 300, 0);
  parlor_sim_add_call (sim, &range);
  parlor_sim_add_tcp (sim);
  for (guint i = 0; i < LENGTH; i++)
    {
      parlor_sim_run_second (sim, seconds);
      ours += i >= 20 ? (double) seconds[0].delivered : 0;
      theirs += i >= 20 ? (double) seconds[1].delivered : 0;
    }
  g_test_message ("Share %.2f beside TCP", ours / (ours + theirs));
  g_assert_cmpfloat (ours / (ours + theirs), >, 0.2);
  g_assert_cmpfloat (ours / (ours + theirs), <, 0.75);
}

/* Feedback of which half is lost says the same as all of it: what was not told of came as well. */
static void
test_lost_feedback (void)
{
  ParlorRateControl *controls[] = { parlor_rate_control_new (&range), parlor_rate_control_new (&range) };
  const gint64 delay = 50000, interval = 10000, serving = 19200; /* us; 1200 bytes at 500 kbit/s */
  gint64 free_at = 0;

  for (guint i = 0; i < 1000; i++)
    {
      gint64 sent = G_USEC_PER_SEC + i * interval;
      ParlorRatePacket packet = { .sent = sent, .size = 1200 };
      ParlorRatePacket pair[] = { packet, packet };

      /* Alone in a queue that is fed twice what it carries for half of the time. */
      if (i % 100 >= 50)
        continue;
      free_at = MAX (free_at, sent) + serving;
      pair[1].received = free_at + delay;
      pair[0].received = PARLOR_RATE_UNREPORTED;
      parlor_rate_control_feedback (controls[0], free_at + 2 * delay, &pair[1], 1);
      if (i % 2 == 1)
        parlor_rate_control_feedback (controls[1], free_at + 2 * delay, pair, 2);
    }
  g_assert_cmpint (parlor_rate_control_get_delivered (controls[0]), >, 100000);
  g_assert_cmpfloat (fabs ((double) parlor_rate_control_get_delivered (controls[1]) / (double) parlor_rate_control_get_delivered (controls[0]) - 1), <,
                     0.2);
  g_assert_cmpfloat (fabs ((double) parlor_rate_control_get_target (controls[1]) / (double) parlor_rate_control_get_target (controls[0]) - 1), <, 0.35);
  parlor_rate_control_free (controls[0]);
  parlor_rate_control_free (controls[1]);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rate/links", test_links);
  g_test_add_func ("/rate/no-control", test_no_control);
  g_test_add_func ("/rate/random-loss", test_random_loss);
  g_test_add_func ("/rate/step", test_step);
  g_test_add_func ("/rate/two-calls", test_two_calls);
  g_test_add_func ("/rate/start", test_start);
  g_test_add_func ("/rate/silence", test_silence);
  g_test_add_func ("/rate/nonsense", test_nonsense);
  g_test_add_func ("/rate/judge", test_judge);
  g_test_add_func ("/rate/judge/flood", test_judge_flood);
  g_test_add_func ("/rate/judge/doubts", test_judge_doubts);
  g_test_add_func ("/rate/budget", test_budget);
  g_test_add_func ("/rate/ladder", test_ladder);
  g_test_add_func ("/rate/difficulty", test_difficulty);
  g_test_add_func ("/rate/beside-tcp", test_beside_tcp);
  g_test_add_func ("/rate/lost-feedback", test_lost_feedback);
  return g_test_run ();
}
