/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-metrics.h"

/*
 * What the relay counts for its administrator: numbers only; no room, name, id or address is ever a label.
 *
 * The counters are the process's, not a relay's: they are counted where the thing happens, deep inside of a connection, and a
 * process has one relay and one who reads them. They only ever grow, by atomic additions, from any thread.
 */

static const struct
{
  const char *name;
  const char *help;
} metrics[PARLOR_N_METRICS] = {
  [PARLOR_METRIC_CONNECTIONS] = { "parlor_accepted_total", "TCP connections that were accepted." },
  [PARLOR_METRIC_UPGRADES] = { "parlor_upgrades_total", "Connections that became WebSockets." },
  [PARLOR_METRIC_TLS_DONE] = { "parlor_tls_handshakes_total", "TLS handshakes that were completed." },
  [PARLOR_METRIC_TLS_FAILED] = { "parlor_tls_failures_total", "TLS handshakes that came to nothing." },
  [PARLOR_METRIC_REFUSED] = { "parlor_refused_total", "WebSockets that were refused with an HTTP status." },
  [PARLOR_METRIC_MESSAGES_IN] = { "parlor_received_messages_total", "Messages from guests." },
  [PARLOR_METRIC_MESSAGES_OUT] = { "parlor_sent_messages_total", "Messages to guests." },
  [PARLOR_METRIC_BYTES_IN] = { "parlor_received_bytes_total", "Bytes of WebSocket frames from guests." },
  [PARLOR_METRIC_BYTES_OUT] = { "parlor_sent_bytes_total", "Bytes of WebSocket frames to guests." },
  [PARLOR_METRIC_PINGS_MISSED] = { "parlor_lost_total", "Guests dropped because they answered no pings." },
  [PARLOR_METRIC_SENT_HOME] = { "parlor_sent_home_total", "Guests asked to come again because their room's home is another relay." },
};

/* The codes of PROTOCOL.md, "Errors". */
static const char *const error_codes[] = {
  "bad-json",
  "too-large",
  "hello-timeout",
  "room-full",
  "draining",
  "missing-to",
  "no-such-peer",
  "unknown-type",
  "forbidden-type",
  "unexpected",
  "not-invited",
  "locked",
  "refused",
  "removed",
  "rate",
  "resume-expired",
  "other",
};

static const gint64 bucket_ends[] = { 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 1000000 };

static guint64 counts[PARLOR_N_METRICS];
static guint64 errors[G_N_ELEMENTS (error_codes)];
static guint64 buckets[G_N_ELEMENTS (bucket_ends) + 1]; /* the last one: longer than all ends */
static guint64 forwarding_us;

static void
add (guint64 *count, guint64 n)
{
  __atomic_fetch_add (count, n, __ATOMIC_RELAXED);
}

static guint64
get (guint64 *count)
{
  return __atomic_load_n (count, __ATOMIC_RELAXED);
}

void
parlor_metrics_add (ParlorMetric metric, guint64 n)
{
  add (&counts[metric], n);
}

void
parlor_metrics_add_error (const char *code)
{
  guint i = 0;

  while (i < G_N_ELEMENTS (error_codes) - 1 && !g_str_equal (error_codes[i], code))
    i++;
  add (&errors[i], 1);
}

void
parlor_metrics_add_forwarding (gint64 microseconds)
{
  guint i = 0;

  while (i < G_N_ELEMENTS (bucket_ends) && microseconds > bucket_ends[i])
    i++;
  add (&buckets[i], 1);
  add (&forwarding_us, MAX (microseconds, 0));
}

static void
begin (GString *text, const char *name, const char *type, const char *help)
{
  g_string_append_printf (text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
write_gauge (GString *text, const char *name, guint value, const char *help)
{
  begin (text, name, "gauge", help);
  g_string_append_printf (text, "%s %u\n", name, value);
}

static void
write_seconds (GString *text, gint64 microseconds)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (text, g_ascii_formatd (number, sizeof number, "%.9g", microseconds / 1e6));
}

static void
write_forwarding (GString *text)
{
  guint64 sum = 0;

  begin (text, "parlor_forwarding_seconds", "histogram",
         "From a message that was read to its having been handed to the sockets of those it is for.");
  for (guint i = 0; i < G_N_ELEMENTS (buckets); i++)
    {
      sum += get (&buckets[i]);
      g_string_append (text, "parlor_forwarding_seconds_bucket{le=\"");
      if (i < G_N_ELEMENTS (bucket_ends))
        write_seconds (text, bucket_ends[i]);
      else
        g_string_append (text, "+Inf");
      g_string_append_printf (text, "\"} %" G_GUINT64_FORMAT "\n", sum);
    }
  g_string_append (text, "parlor_forwarding_seconds_sum ");
  write_seconds (text, get (&forwarding_us));
  g_string_append_printf (text, "\nparlor_forwarding_seconds_count %" G_GUINT64_FORMAT "\n", sum);
}

char *
parlor_metrics_to_text (const ParlorMetricsNow *now)
{
  GString *text = g_string_new (NULL);

  begin (text, "parlor_info", "gauge", "The version that runs.");
  g_string_append (text, "parlor_info{version=\"" PARLOR_VERSION "\"} 1\n");
  write_gauge (text, "parlor_connections", now->connections, "WebSockets that are open.");
  write_gauge (text, "parlor_guests", now->guests, "Guests in all rooms together.");
  write_gauge (text, "parlor_rooms", now->rooms, "Rooms that somebody is in.");
  write_gauge (text, "parlor_draining", now->draining, "1 while no room begins any more, before the end.");
  for (guint i = 0; i < PARLOR_N_METRICS; i++)
    {
      begin (text, metrics[i].name, "counter", metrics[i].help);
      g_string_append_printf (text, "%s %" G_GUINT64_FORMAT "\n", metrics[i].name, get (&counts[i]));
    }
  begin (text, "parlor_errors_total", "counter", "Errors that guests were told, by code.");
  for (guint i = 0; i < G_N_ELEMENTS (error_codes); i++)
    g_string_append_printf (text, "parlor_errors_total{code=\"%s\"} %" G_GUINT64_FORMAT "\n", error_codes[i],
                            get (&errors[i]));
  write_forwarding (text);
  return g_string_free (text, FALSE);
}
