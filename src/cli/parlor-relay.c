/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-relay.h"

#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/*
 * parlor-relay: a ParlorRelay in the main context of a process of its own.
 *
 * Ends on SIGINT or SIGTERM. Exit status: 0 after that, 1 when it cannot listen, 2 for bad usage.
 */

#define EXIT_BAD_USAGE 2
#define DEFAULT_LISTEN "127.0.0.1:3002"
#define OTHER_DESCRIPTORS 128 /* besides those of guests: listening, requests of the page, GLib's own */

typedef struct
{
  char *listen;
  char **allowed_hosts;
  gboolean seed_pages;
  gboolean version;
  int max_connections; /* 0 = the default */

  char *address;
  guint16 port;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->listen);
  g_free (options->address);
  g_strfreev (options->allowed_hosts);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* ADDR:PORT, with the brackets of an IPv6 address around it. */
static gboolean
parse_listen (Options *options, GError **error)
{
  const char *text = options->listen ? options->listen : DEFAULT_LISTEN;
  const char *colon = strrchr (text, ':');
  gboolean has_brackets = text[0] == '[' && colon != NULL && colon > text && colon[-1] == ']';
  g_autoptr (GInetAddress) inet = NULL;
  guint64 port;

  if (has_brackets)
    options->address = g_strndup (text + 1, colon - text - 2);
  else if (colon != NULL && memchr (text, ':', colon - text) == NULL)
    options->address = g_strndup (text, colon - text);

  inet = options->address ? g_inet_address_new_from_string (options->address) : NULL;
  if (inet == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 0, G_MAXUINT16, &port, NULL))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "--listen wants ADDRESS:PORT, as 127.0.0.1:3002 or [::1]:3002, not '%s'", text);
      return FALSE;
    }
  options->port = port;
  return TRUE;
}

/* As many descriptors as the system lets this process have; the soft limit is for programs that use select(). */
static gboolean
raise_descriptor_limit (int max_connections, GError **error)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return TRUE;
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
  if (max_connections >= 0 && limit.rlim_max >= (rlim_t) max_connections + OTHER_DESCRIPTORS)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "--max-connections can be up to %" G_GINT64_FORMAT " here; more descriptors are to be had by "
               "'ulimit -Hn' or systemd's LimitNOFILE",
               (gint64) limit.rlim_max - OTHER_DESCRIPTORS);
  return FALSE;
}

static gboolean
parse_options (Options *options, int argc, char **argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "listen", 'l', G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &options->listen,
      "Where to listen (default " DEFAULT_LISTEN "); port 0 takes any that is free", "ADDRESS:PORT" },
    { "allow-host", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING_ARRAY, &options->allowed_hosts,
      "A name under which this relay is reached (may be repeated)", "NAME" },
    { "seed-pages", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &options->seed_pages,
      "Let pages of other sites into the lobby (always so on a loopback address)", NULL },
    { "max-connections", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_INT, &options->max_connections,
      "How many guests may be connected at once, in all rooms", "NUMBER" },
    { "version", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &options->version, "Show the version and exit", NULL },
    { NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- the meeting point of Parlor calls");

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  if (argc > 1)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION, "Unknown argument %s", argv[1]);
      return FALSE;
    }
  return raise_descriptor_limit (options->max_connections, error) && parse_listen (options, error);
}

static gboolean
on_signal (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

static int
serve (const Options *options)
{
  ParlorRelayLimits limits;
  g_autoptr (ParlorRelay) relay = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  g_autofree char *url = NULL;

  parlor_relay_limits_init (&limits);
  if (options->max_connections > 0)
    limits.max_connections = options->max_connections;
  relay = parlor_relay_new (&limits);
  for (guint i = 0; options->allowed_hosts && options->allowed_hosts[i]; i++)
    parlor_relay_allow_host (relay, options->allowed_hosts[i]);
  if (options->seed_pages)
    parlor_relay_set_seed_pages (relay, TRUE);
  if (!parlor_relay_listen (relay, options->address, options->port, &error))
    {
      g_printerr ("parlor-relay: %s\n", error->message);
      return EXIT_FAILURE;
    }

  g_unix_signal_add (SIGINT, on_signal, loop);
  g_unix_signal_add (SIGTERM, on_signal, loop);
  url = parlor_relay_get_url (relay);
  g_print ("Listening on %s\n", url);
  fflush (stdout);
  g_main_loop_run (loop);
  parlor_relay_close (relay);
  return EXIT_SUCCESS;
}

int
main (int argc, char *argv[])
{
  g_auto (Options) options = { 0 };
  g_autoptr (GError) error = NULL;

  if (!parse_options (&options, argc, argv, &error))
    {
      g_printerr ("parlor-relay: %s\nTry: parlor-relay --help\n", error->message);
      return EXIT_BAD_USAGE;
    }
  if (options.version)
    {
      g_print ("parlor-relay %s\n", PARLOR_VERSION);
      return EXIT_SUCCESS;
    }
  return serve (&options);
}
