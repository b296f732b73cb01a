/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-sim.h"

#include <glib/gstdio.h>
#include <stdlib.h>

/*
 * What the congestion controller does on simulated links: a table in Markdown on standard output, and a plot of each link as SVG
 * in the folder that is named. In simulated time: the same on every machine.
 */

#define LENGTH 60  /* s */
#define SETTLED 15 /* s, from which on it is judged */
#define WIDTH 720
#define HEIGHT 240
#define TOP_RATE 3000000.0 /* bit/s at the upper edge */
#define TOP_DELAY 400.0    /* ms likewise */

static const ParlorRateRange range = { 100000, 500000, 2500000 };

typedef struct
{
  const char *name;
  gint64 rate;
  guint queue_ms;
  double loss;
  guint round_trip_ms;
  guint n_calls;
  gboolean tcp;
  gint64 narrow; /* bit/s from second 20 to 40; 0 = as before */
} Link;

static const Link links[] = {
  { "300 kbit/s", 300000, 300, 0, 100, 1, FALSE, 0 },
  { "500 kbit/s", 500000, 300, 0, 100, 1, FALSE, 0 },
  { "1 Mbit/s", 1000000, 300, 0, 100, 1, FALSE, 0 },
  { "2 Mbit/s", 2000000, 300, 0, 100, 1, FALSE, 0 },
  { "10 % loss", 20000000, 300, 0.1, 50, 1, FALSE, 0 },
  { "20 % loss", 20000000, 300, 0.2, 50, 1, FALSE, 0 },
  { "policer 1 Mbit/s, 15 ms", 1000000, 15, 0, 50, 1, FALSE, 0 },
  { "2M - 500k - 2M", 2000000, 300, 0, 100, 1, FALSE, 500000 },
  { "two calls on 2 Mbit/s", 2000000, 300, 0, 100, 2, FALSE, 0 },
  { "against TCP on 2 Mbit/s", 2000000, 300, 0, 100, 1, TRUE, 0 },
};

static void
draw_line (GString *svg, const double *values, double top, const char *colour, const char *what)
{
  g_string_append_printf (svg, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colour);
  for (guint i = 0; i < LENGTH; i++)
    g_string_append_printf (svg, "%.1f,%.1f ", (double) i * WIDTH / (LENGTH - 1), HEIGHT * (1 - MIN (values[i] / top, 1)));
  g_string_append_printf (svg, "\"><title>%s</title></polyline>\n", what);
}

static gboolean
write_plot (const char *folder, guint index, const char *name, const double *target, const double *delivered, const double *delay)
{
  g_autofree char *path = g_strdup_printf ("%s/rate-%02u.svg", folder, index);
  g_autoptr (GString) svg = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  g_string_append_printf (svg,
                          "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-10 -30 %d %d\" font-family=\"sans-serif\">\n"
                          "<rect x=\"-10\" y=\"-30\" width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
                          "<text y=\"-10\">%s: target (blue), delivered (green), up to %.0f Mbit/s; queue (red), up to %.0f ms; 60 s</text>\n",
                          WIDTH + 20, HEIGHT + 40, name, TOP_RATE / 1e6, TOP_DELAY);
  draw_line (svg, target, TOP_RATE, "#1a5fb4", "target");
  draw_line (svg, delivered, TOP_RATE, "#26a269", "delivered");
  draw_line (svg, delay, TOP_DELAY, "#c01c28", "95th percentile of the delay in the queue");
  g_string_append (svg, "</svg>\n");
  if (g_file_set_contents (path, svg->str, (gssize) svg->len, &error))
    return TRUE;
  g_printerr ("%s\n", error->message);
  return FALSE;
}

static gboolean
run_link (const Link *link, guint index, const char *folder)
{
  g_autoptr (ParlorSim) sim = parlor_sim_new (link->round_trip_ms, 1);
  ParlorSimSecond seconds[PARLOR_SIM_MAX_FLOWS];
  double target[LENGTH], delivered[LENGTH], delay[LENGTH];
  double used = 0, others = 0, mean_delay = 0, loss = 0, worst = 0;

  for (guint i = 0; i < link->n_calls; i++)
    parlor_sim_add_call (sim, &range);
  if (link->tcp)
    parlor_sim_add_tcp (sim);
  for (guint i = 0; i < LENGTH; i++)
    {
      gint64 rate = link->narrow > 0 && i >= 20 && i < 40 ? link->narrow : link->rate;
      gint64 most = MIN (rate, range.max);

      parlor_sim_set_link (sim, rate, link->queue_ms, link->loss);
      parlor_sim_run_second (sim, seconds);
      target[i] = (double) seconds[0].target;
      delivered[i] = (double) seconds[0].delivered;
      delay[i] = seconds[0].delay_p95;
      if (i < SETTLED)
        continue;
      used += (double) seconds[0].delivered / (double) most / (LENGTH - SETTLED);
      others += link->n_calls > 1 || link->tcp ? (double) seconds[1].delivered / (double) most / (LENGTH - SETTLED) : 0;
      mean_delay += seconds[0].delay_p95 / (LENGTH - SETTLED);
      loss += seconds[0].loss / (LENGTH - SETTLED);
      worst = MAX (worst, seconds[0].delay_max);
    }
  g_print ("| %s | %.2f | %.2f | %.0f | %.0f | %.1f %% |\n", link->name, used, others, mean_delay, worst, loss * 100);
  return write_plot (folder, index, link->name, target, delivered, delay);
}

int
main (int argc, char *argv[])
{
  if (argc != 2)
    {
      g_printerr ("Usage: %s FOLDER\n", argv[0]);
      return 2;
    }
  g_mkdir_with_parents (argv[1], 0755);
  g_print ("Seconds %d to %d; share of the link, or of the %.1f Mbit/s that are asked for at most; delay in the queue.\n\n", SETTLED, LENGTH,
           (double) range.max / 1e6);
  g_print ("| link | used | by the other | delay p95 ms | worst ms | lost |\n|---|---|---|---|---|---|\n");
  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    if (!run_link (&links[i], i, argv[1]))
      return EXIT_FAILURE;
  return EXIT_SUCCESS;
}
