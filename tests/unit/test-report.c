/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-message.h"
#include "parlor-report.h"

#include <math.h>
#include <string.h>

#define assert_line(call, expected)       \
  G_STMT_START                            \
  {                                       \
    g_autofree char *line = (call);       \
    g_assert_cmpstr (line, ==, expected); \
  }                                       \
  G_STMT_END

static void
test_events (void)
{
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) parlor_peer_info_free);

  assert_line (parlor_report_ready (1700000000123, peers), "{\"event\":\"ready\",\"t\":1700000000123,\"peers\":[]}");
  assert_line (parlor_report_ready (1, NULL), "{\"event\":\"ready\",\"t\":1,\"peers\":[]}");
  g_ptr_array_add (peers, parlor_peer_info_new ("a1", "Ada", PARLOR_DIALECT_PARLOR, FALSE));
  g_ptr_array_add (peers, parlor_peer_info_new ("b2", "\"Page\"\n", PARLOR_DIALECT_SEED, TRUE));
  assert_line (parlor_report_ready (1, peers),
               "{\"event\":\"ready\",\"t\":1,\"peers\":["
               "{\"id\":\"a1\",\"name\":\"Ada\",\"dialect\":\"parlor.1\",\"in_call\":false},"
               "{\"id\":\"b2\",\"name\":\"\\\"Page\\\"\\n\",\"dialect\":\"seed\",\"in_call\":true}]}");
  assert_line (parlor_report_calling (2), "{\"event\":\"calling\",\"t\":2}");
  assert_line (parlor_report_state (3, "active"), "{\"event\":\"state\",\"t\":3,\"state\":\"active\"}");
  assert_line (parlor_report_security (3, "app", (const guint[]){ 49, 0, 63 }, 3),
               "{\"event\":\"security\",\"t\":3,\"proof\":\"app\",\"emoji\":[49,0,63]}");
  assert_line (parlor_report_security (3, "none", NULL, 0), "{\"event\":\"security\",\"t\":3,\"proof\":\"none\"}");
  assert_line (parlor_report_first_frame (4, "video"), "{\"event\":\"first-frame\",\"t\":4,\"kind\":\"video\"}");
  assert_line (parlor_report_ended (5, "hang-up"), "{\"event\":\"ended\",\"t\":5,\"reason\":\"hang-up\"}");
  assert_line (parlor_report_error (6, "unreachable", "Nobody answers.\nTry again."),
               "{\"event\":\"error\",\"t\":6,\"code\":\"unreachable\",\"message\":\"Nobody answers.\\nTry again.\"}");
}

/* A figure that is not known is left out: never 0, never null. */
static void
test_nothing_known (void)
{
  g_autoptr (ParlorStats) stats = parlor_stats_new ();
  const char *nothing = "{\"event\":\"stats\",\"t\":7,\"out\":{\"video\":{},\"audio\":{}},\"in\":{\"video\":{},\"audio\":{}}}";

  assert_line (parlor_report_stats (7, stats), nothing);
  stats->rtt_ms = NAN;
  stats->in.video.fps = INFINITY;
  stats->out.video.fps = -0.5;
  assert_line (parlor_report_stats (7, stats), nothing);
}

static void
test_zero_is_known (void)
{
  g_autoptr (ParlorStats) stats = parlor_stats_new ();

  stats->out.video.pli = 0;
  stats->in.audio.lost = 0;
  stats->rtt_ms = 0;
  assert_line (parlor_report_stats (7, stats), "{\"event\":\"stats\",\"t\":7,\"out\":{\"video\":{\"pli\":0},\"audio\":{}},"
                                               "\"in\":{\"video\":{},\"audio\":{\"lost\":0}},\"rtt_ms\":0.0}");
}

static ParlorStats *
full_stats (void)
{
  ParlorStats *stats = parlor_stats_new ();

  stats->out.video.bytes = 5000000000;
  stats->out.video.packets = 2;
  stats->out.video.frames = 3;
  stats->out.video.width = 1280;
  stats->out.video.height = 720;
  stats->out.video.fps = 29.5;
  stats->out.video.target_bps = 1500000;
  stats->out.video.nack = 4;
  stats->out.video.pli = 5;
  stats->out.video.codec = g_strdup ("VP8");
  stats->out.video.limitation = PARLOR_LIMITATION_CPU;
  stats->out.video.quantizer = 20;
  stats->out.loss = 0.5;
  stats->out.audio.bytes = 6;
  stats->out.audio.packets = 7;
  stats->in.video.bytes = 8;
  stats->in.video.packets = 9;
  stats->in.video.lost = 10;
  stats->in.video.frames = 11;
  stats->in.video.dropped = 12;
  stats->in.video.width = 640;
  stats->in.video.height = 360;
  stats->in.video.fps = 15.25;
  stats->in.video.freezes = 13;
  stats->in.video.freeze_ms = 14;
  stats->in.video.jitter_buffer_ms = 40.5;
  stats->in.video.playout_ms = 22.25;
  stats->in.video.delay_ms = 32.5;
  stats->in.video.codec = g_strdup ("VP9");
  stats->in.audio.bytes = 15;
  stats->in.audio.packets = 16;
  stats->in.audio.lost = 17;
  stats->in.audio.concealed_samples = 18;
  stats->in.audio.samples = 19;
  stats->rtt_ms = 1.5;
  stats->estimate_bps = 2000000;
  stats->pair = g_strdup ("host/udp 127.0.0.1:50000 - host/udp 127.0.0.1:50001");
  return stats;
}

static void
test_everything_known (void)
{
  ParlorStats *stats = full_stats ();
  g_autoptr (ParlorStats) copy = g_boxed_copy (PARLOR_TYPE_STATS, stats);

  g_clear_pointer (&stats, parlor_stats_free);
  assert_line (parlor_report_stats (8, copy),
               "{\"event\":\"stats\",\"t\":8,"
               "\"out\":{\"video\":{\"bytes\":5000000000,\"packets\":2,\"frames\":3,\"width\":1280,\"height\":720,"
               "\"fps\":29.5,\"target_bps\":1500000,\"quantizer\":20,\"nack\":4,\"pli\":5,\"codec\":\"VP8\",\"limitation\":\"cpu\"},"
               "\"audio\":{\"bytes\":6,\"packets\":7},\"loss\":0.5},"
               "\"in\":{\"video\":{\"bytes\":8,\"packets\":9,\"lost\":10,\"frames\":11,\"dropped\":12,\"width\":640,"
               "\"height\":360,\"fps\":15.25,\"freezes\":13,\"freeze_ms\":14,\"jitter_buffer_ms\":40.5,\"playout_ms\":22.25,\"delay_ms\":32.5,\"codec\":\"VP9\"},"
               "\"audio\":{\"bytes\":15,\"packets\":16,\"lost\":17,\"concealed_samples\":18,\"samples\":19}},"
               "\"rtt_ms\":1.5,\"estimate_bps\":2000000,"
               "\"pair\":\"host/udp 127.0.0.1:50000 - host/udp 127.0.0.1:50001\"}");
}

static void
test_log (void)
{
  g_autofree char *line = parlor_report_log (5, "warning", "a \"quoted\" \xff byte");

  g_assert_cmpstr (line, ==,
                   "{\"event\":\"log\",\"t\":5,\"level\":\"warning\",\"message\":\"a \\\"quoted\\\" \xef\xbf\xbd byte\"}");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/report/events", test_events);
  g_test_add_func ("/report/nothing-known", test_nothing_known);
  g_test_add_func ("/report/zero-is-known", test_zero_is_known);
  g_test_add_func ("/report/everything-known", test_everything_known);
  g_test_add_func ("/report/log", test_log);
  return g_test_run ();
}
