/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-test-media.h"

/*
 * The warm-up in a process where nothing else has loaded a plugin yet.
 */

static gboolean
is_loaded (const char *factory)
{
  g_autoptr (GstPluginFeature) feature = gst_registry_lookup_feature (gst_registry_get (), factory);

  g_autoptr (GstPlugin) plugin = feature ? gst_plugin_feature_get_plugin (feature) : NULL;

  return plugin && gst_plugin_is_loaded (plugin);
}

/* Whether the warm-up's thread is still there; pools that it woke keep theirs for a while. */
static gboolean
is_running (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  gboolean running = FALSE;
  const char *id;

  while ((id = g_dir_read_name (dir)))
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", id, "comm", NULL);
      g_autofree char *name = NULL;

      if (g_file_get_contents (path, &name, NULL, NULL)
          && g_str_has_prefix (name, "parlor-warm-up"))
        running = TRUE;
    }
  return running;
}

static void
test_warm_up (void)
{
  const char *factories[]
    = { "webrtcbin", "vp8enc", "opusdec", "nicesrc", "dtlssrtpenc", "rtpvp8pay", "audiomixer" };
  gint64 begin;

  for (guint i = 0; i < G_N_ELEMENTS (factories); i++)
    g_assert_false (is_loaded (factories[i]));

  begin = g_get_monotonic_time ();
  parlor_media_warm_up ();
  parlor_media_warm_up ();
  /* The caller is not kept. */
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 200000);

  for (guint i = 0; i < G_N_ELEMENTS (factories); i++)
    parlor_test_wait (is_loaded (factories[i]), 30);
  parlor_media_finish_warm_up ();
  g_assert_false (is_running ());
  g_test_message ("warm after %" G_GINT64_FORMAT " ms", (g_get_monotonic_time () - begin) / 1000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/warm-up", test_warm_up);
  return g_test_run ();
}
