/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-relay-log.h"

#include "parlor-report.h"

#include <stdio.h>
#include <string.h>

/*
 * What the relay says to its administrator. Never what guests say, nor who they are: it is not even handed to a log function.
 *
 * The text is for people and for the journal, which takes the priority from "<4>" at the start of a line
 * (sd-daemon(3)); JSON is for programs. Information and debugging are left out unless G_MESSAGES_DEBUG asks for
 * them, as everywhere in GLib. Any thread.
 */

static const struct
{
  GLogLevelFlags level;
  int priority; /* of syslog(3) */
  const char *name;
} levels[] = {
  { G_LOG_LEVEL_ERROR, 2, "critical" },
  { G_LOG_LEVEL_CRITICAL, 3, "error" },
  { G_LOG_LEVEL_WARNING, 4, "warning" },
  { G_LOG_LEVEL_MESSAGE, 5, "notice" },
  { G_LOG_LEVEL_INFO, 6, "info" },
  { G_LOG_LEVEL_DEBUG, 7, "debug" },
};

static const char *
get_field (const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, key) && fields[i].length < 0)
      return fields[i].value;
  return "";
}

static char *
make_line (gboolean as_json, guint level, const char *message)
{
  if (as_json)
    return parlor_report_log (g_get_real_time () / 1000, levels[level].name, message);
  if (g_getenv ("JOURNAL_STREAM"))
    return g_strdup_printf ("<%d>%s", levels[level].priority, message);
  return g_strdup_printf ("parlor-relay: %s: %s", levels[level].name, message);
}

static GLogWriterOutput
write_log (GLogLevelFlags log_level, const GLogField *fields, gsize n_fields, gpointer as_json)
{
  g_autofree char *message = g_strdup (get_field (fields, n_fields, "MESSAGE"));
  g_autofree char *line = NULL;
  guint level = 0;

  if (g_log_writer_default_would_drop (log_level, get_field (fields, n_fields, "GLIB_DOMAIN")))
    return G_LOG_WRITER_HANDLED;
  while (level < G_N_ELEMENTS (levels) - 1 && (log_level & levels[level].level) == 0)
    level++;
  /* One event, one line, whatever a library wrote. */
  g_strdelimit (g_strchomp (message), "\n\r", ' ');
  line = make_line (GPOINTER_TO_INT (as_json), level, message);
  fprintf (stderr, "%s\n", line);
  return G_LOG_WRITER_HANDLED;
}

void
parlor_relay_log_install (gboolean as_json)
{
  g_log_set_writer_func (write_log, GINT_TO_POINTER (as_json), NULL);
}
