/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-relay-options.h"

#include "parlor-message.h"
#include "parlor-proxies.h"

#include <string.h>

/*
 * The options of parlor-relay: one table, from which come the flags, their help and the keys of the file of settings.
 *
 * A flag given on the command line wins over the file. Whatever is not understood is an error: a limit that was misspelled
 * and silently not set is found out too late.
 */

#define DEFAULT_LISTEN "127.0.0.1:3002"
#define CONFIG_GROUP "relay"
#define DAY_MS (24 * 60 * 60 * 1000)
#define LEAST_TURN_MS (40 * 60 * 1000) /* clients renew theirs every half hour */

typedef enum
{
  KIND_FLAG,   /* gboolean */
  KIND_TEXT,   /* char* */
  KIND_FOLDER, /* char*; its argument may be left out: "" */
  KIND_LIST,   /* GPtrArray* of char* */
  KIND_COUNT,  /* guint */
  KIND_SIZE,   /* gsize */
} Kind;

typedef struct
{
  const char *name;
  char short_name;
  Kind kind;
  gsize offset;
  gint64 min;
  gint64 max;
  const char *argument;
  const char *help;
} Option;

#define AT(field) offsetof (ParlorRelayOptions, field)
#define TEXT(name, field, argument, help)                \
  {                                                      \
    name, 0, KIND_TEXT, AT (field), 0, 0, argument, help \
  }
#define FLAG(name, field, help)                      \
  {                                                  \
    name, 0, KIND_FLAG, AT (field), 0, 0, NULL, help \
  }
#define LIST(name, field, argument, help)                \
  {                                                      \
    name, 0, KIND_LIST, AT (field), 0, 0, argument, help \
  }
/* A field of ParlorRelayLimits; the flag has its name, with hyphens. */
#define LIMIT(name, kind, field, min, max, help)               \
  {                                                            \
    name, 0, kind, AT (limits.field), min, max, "NUMBER", help \
  }

static const Option options[] = {
  { "listen", 'l', KIND_TEXT, AT (listen), 0, 0, "ADDRESS:PORT",
    "Where to listen (default " DEFAULT_LISTEN "); port 0 takes any that is free" },
  TEXT ("config", config, "FILE", "Read settings from a file; flags win"),
  TEXT ("certificate", certificate, "FILE", "Speak TLS with this certificate (PEM, the chain after it)"),
  TEXT ("key", key, "FILE", "The certificate's private key (PEM), where it is not in the same file"),
  { "self-signed", 0, KIND_FOLDER, AT (self_signed), 0, 0, "DIR",
    "Speak TLS with a certificate of one's own, kept in DIR; so it is by default off the loopback" },
  FLAG ("plain-http", plain_http, "Speak plain HTTP also off the loopback"),
  TEXT ("public-url", public_url, "URL", "Where a server in front that does TLS is reached (https://HOST[:PORT])"),
  LIST ("allow-host", allowed_hosts, "NAME", "A name under which this relay is reached (may be repeated)"),
  LIST ("trusted-proxy", trusted_proxies, "CIDR", "Believe X-Forwarded-For and -Proto from there (may be repeated)"),
  LIST ("stun", stun, "URL", "A server that tells guests their address: stun:HOST:PORT (may be repeated)"),
  LIST ("turn", turn, "URL", "A server that carries calls without a direct path: turn:HOST:PORT, turn:HOST:PORT?transport=tcp "
                             "or turns:HOST:PORT (may be repeated)"),
  TEXT ("turn-secret-file", turn_secret_file, "FILE", "A file with the secret that all --turn share with this relay"),
  TEXT ("turn-secret", turn_secret, "SECRET", "The same, but every user of this computer can see it here"),
  FLAG ("seed-pages", seed_pages, "Let pages of other sites into the lobby; so it is by default on a loopback address of which "
                                  "no flag says that others reach it"),
  FLAG ("no-seed-pages", no_seed_pages, "Let them in nowhere"),
  FLAG ("invite", invite, "Make an invite to a new room, and print it"),
  TEXT ("metrics", metrics, "ADDRESS:PORT", "Tell /metrics (Prometheus) and /health there, by plain HTTP"),
  { "drain-ms", 0, KIND_COUNT, AT (drain_ms), 0, DAY_MS, "NUMBER",
    "On SIGTERM begin no room and go on for so long; a second one ends at once" },
  TEXT ("log-format", log_format, "text|json", "How to write the log (default text)"),
  FLAG ("version", version, "Show the version and exit"),
  LIMIT ("max-message", KIND_SIZE, max_message, 1024, PARLOR_WIRE_MAX_MESSAGE, "Bytes of one message"),
  LIMIT ("max-unsent", KIND_SIZE, max_unsent, 65536, G_MAXINT32, "Bytes that may wait for one slow reader"),
  LIMIT ("max-guests", KIND_COUNT, max_guests, 1, 10000, "How many fit into one room"),
  LIMIT ("max-connections", KIND_COUNT, max_connections, 1, 1000000, "How many guests in all rooms together"),
  LIMIT ("spare-connections", KIND_COUNT, spare_connections, 1, 100000, "How many more, for requests and to say that it is full"),
  LIMIT ("max-per-address", KIND_COUNT, max_per_address, 0, 1000000, "How many guests from one address (0: any)"),
  LIMIT ("messages-per-second", KIND_COUNT, messages_per_second, 0, 1000000, "Of one guest (0: any)"),
  LIMIT ("messages-burst", KIND_COUNT, messages_burst, 1, 1000000, "... and at once, after a rest"),
  LIMIT ("bytes-per-second", KIND_COUNT, bytes_per_second, 0, G_MAXINT32, "Of one guest, and at once one message besides (0: any)"),
  LIMIT ("max-rings", KIND_COUNT, max_rings, 0, 10000, "From one guest to another in a minute (0: any)"),
  LIMIT ("max-open-rings", KIND_COUNT, max_open_rings, 0, 10000, "Of one guest that nobody answered yet (0: any)"),
  LIMIT ("max-knocks", KIND_COUNT, max_knocks, 0, 10000, "From one address at one locked room in a minute (0: any)"),
  LIMIT ("away-ms", KIND_COUNT, away_ms, 0, DAY_MS, "How long the seat of a lost connection is kept (0: not)"),
  LIMIT ("max-kept", KIND_COUNT, max_kept, 0, 10000, "Messages kept for a guest who is away"),
  LIMIT ("knock-ms", KIND_COUNT, knock_ms, 100, DAY_MS, "How long one may wait at the door of a locked room"),
  LIMIT ("visit-ms", KIND_COUNT, visit_ms, 0, DAY_MS, "Until one whom a load balancer sent here in place of another relay comes again "
                                                      "(0: never)"),
  LIMIT ("request-ms", KIND_COUNT, request_ms, 100, DAY_MS, "How long a request may take, TLS handshake included"),
  LIMIT ("hello-ms", KIND_COUNT, hello_ms, 100, DAY_MS, "How long a guest has to say hello"),
  LIMIT ("ping-ms", KIND_COUNT, ping_ms, 100, DAY_MS, "Between two pings"),
  LIMIT ("max-missed-pings", KIND_COUNT, max_missed_pings, 1, 100, "How many a guest may leave unanswered, one after the other"),
  LIMIT ("farewell-ms", KIND_COUNT, farewell_ms, 100, DAY_MS, "How long a connection that is being closed may take"),
  LIMIT ("turn-ms", KIND_COUNT, turn_ms, LEAST_TURN_MS, DAY_MS, "How long credentials for TURN are good"),
};

/* What one parse knows. */
typedef struct
{
  ParlorRelayOptions *values;
  gboolean given[G_N_ELEMENTS (options)]; /* on the command line */
} Parse;

static const Option *
find_option (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (g_str_equal (options[i].name, name) || (name[0] != '\0' && name[1] == '\0' && name[0] == options[i].short_name))
      return &options[i];
  return NULL;
}

static gboolean
set_number (const Option *option, gpointer field, const char *text, GError **error)
{
  gint64 number;

  if (!g_ascii_string_to_signed (text, 10, option->min, option->max, &number, NULL))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "%s wants a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ", not '%s'", option->name,
                   option->min, option->max, text);
      return FALSE;
    }
  if (option->kind == KIND_SIZE)
    *(gsize *) field = number;
  else
    *(guint *) field = number;
  return TRUE;
}

static gboolean
set_option (ParlorRelayOptions *values, const Option *option, const char *text, GError **error)
{
  gpointer field = (char *) values + option->offset;

  switch (option->kind)
    {
    case KIND_FLAG:
      *(gboolean *) field = TRUE;
      return TRUE;
    case KIND_TEXT:
    case KIND_FOLDER:
      g_free (*(char **) field);
      *(char **) field = g_strdup (text ? text : "");
      return TRUE;
    case KIND_LIST:
      g_ptr_array_add (*(GPtrArray **) field, g_strdup (text));
      return TRUE;
    case KIND_COUNT:
    case KIND_SIZE:
    default:
      return set_number (option, field, text, error);
    }
}

static gboolean
on_flag (const char *name, const char *text, gpointer data, GError **error)
{
  Parse *parse = data;
  const Option *option = find_option (name + strspn (name, "-"));

  parse->given[option - options] = TRUE;
  if (set_option (parse->values, option, text, error))
    return TRUE;
  g_prefix_error (error, "--");
  return FALSE;
}

static gboolean
parse_flags (Parse *parse, int argc, char **argv, GError **error)
{
  GOptionEntry entries[G_N_ELEMENTS (options) + 1] = { 0 };
  g_autoptr (GOptionContext) context = g_option_context_new ("- the meeting point of Parlor calls");
  GOptionGroup *group = g_option_group_new ("relay", "", "", parse, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    {
      entries[i] = (GOptionEntry){ options[i].name, options[i].short_name, 0, G_OPTION_ARG_CALLBACK, on_flag,
                                   options[i].help, options[i].argument };
      if (options[i].kind == KIND_FLAG)
        entries[i].flags = G_OPTION_FLAG_NO_ARG;
      else if (options[i].kind == KIND_FOLDER)
        entries[i].flags = G_OPTION_FLAG_OPTIONAL_ARG;
    }
  g_option_group_add_entries (group, entries);
  g_option_context_set_main_group (context, group);
  g_option_context_set_description (context, "Exit status: 0 after a signal, 1 when it cannot serve, 2 for bad usage.");
  if (!g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  if (argc > 1)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION, "Unknown argument %s", argv[1]);
      return FALSE;
    }
  return TRUE;
}

/* The line on which @key is set, or group @key begins; GKeyFile keeps no lines. */
static guint
find_line (const char *path, const char *key)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return 0;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    {
      char *line = g_strstrip (lines[i]);
      gsize length = strlen (key);

      if (line[0] == '[' && strncmp (line + 1, key, length) == 0 && line[length + 1] == ']')
        return i + 1;
      if (strncmp (line, key, length) == 0 && g_strchug (line + length)[0] == '=')
        return i + 1;
    }
  return 0;
}

static gboolean
set_from_file (Parse *parse, GKeyFile *file, const Option *option, GError **error)
{
  g_autofree char *text = g_key_file_get_string (file, CONFIG_GROUP, option->name, NULL);
  g_auto (GStrv) list = NULL;

  if (option->kind == KIND_LIST)
    {
      list = g_key_file_get_string_list (file, CONFIG_GROUP, option->name, NULL, NULL);
      for (guint i = 0; list && list[i]; i++)
        set_option (parse->values, option, g_strstrip (list[i]), NULL);
      return TRUE;
    }
  if (option->kind != KIND_FLAG)
    return set_option (parse->values, option, g_strstrip (text ? text : ""), error);
  if (text != NULL && g_str_equal (text, "true"))
    return set_option (parse->values, option, NULL, error);
  if (text != NULL && g_str_equal (text, "false"))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s wants true or false, not '%s'", option->name, text);
  return FALSE;
}

static gboolean
parse_key (Parse *parse, GKeyFile *file, const char *key, GError **error)
{
  const Option *option = strlen (key) > 1 ? find_option (key) : NULL;

  if (option == NULL || g_str_equal (key, "config") || g_str_equal (key, "version"))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
                   "there is no setting '%s'; they are called as the flags of --help", key);
      return FALSE;
    }
  return parse->given[option - options] || set_from_file (parse, file, option, error);
}

static gboolean
parse_file (Parse *parse, GError **error)
{
  const char *path = parse->values->config;
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_auto (GStrv) groups = NULL;
  g_auto (GStrv) keys = NULL;

  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, error))
    {
      g_prefix_error (error, "%s cannot be read: ", path);
      return FALSE;
    }
  groups = g_key_file_get_groups (file, NULL);
  for (guint i = 0; groups[i]; i++)
    if (!g_str_equal (groups[i], CONFIG_GROUP))
      {
        g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
                     "%s:%u: there is no group [%s]; all settings belong to [" CONFIG_GROUP "]", path,
                     find_line (path, groups[i]), groups[i]);
        return FALSE;
      }
  keys = g_key_file_get_keys (file, CONFIG_GROUP, NULL, NULL);
  for (guint i = 0; keys && keys[i]; i++)
    if (!parse_key (parse, file, keys[i], error))
      {
        g_prefix_error (error, "%s:%u: ", path, find_line (path, keys[i]));
        return FALSE;
      }
  return TRUE;
}

/* ADDR:PORT, with the brackets of an IPv6 address around it. */
static gboolean
parse_address (const char *flag, const char *text, char **address, guint16 *port, GError **error)
{
  const char *colon = strrchr (text, ':');
  gboolean has_brackets = text[0] == '[' && colon != NULL && colon > text && colon[-1] == ']';
  g_autoptr (GInetAddress) inet = NULL;
  guint64 number;

  if (has_brackets)
    *address = g_strndup (text + 1, colon - text - 2);
  else if (colon != NULL && memchr (text, ':', colon - text) == NULL)
    *address = g_strndup (text, colon - text);

  inet = *address ? g_inet_address_new_from_string (*address) : NULL;
  if (inet == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 0, G_MAXUINT16, &number, NULL))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "%s wants ADDRESS:PORT, as 127.0.0.1:3002 or [::1]:3002, not '%s'", flag, text);
      return FALSE;
    }
  *port = number;
  return TRUE;
}

static gboolean
parse_public_url (ParlorRelayOptions *self, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (self->public_url, G_URI_FLAGS_SCHEME_NORMALIZE, NULL);
  const char *path = uri ? g_uri_get_path (uri) : "";

  if (uri == NULL || !g_str_equal (g_uri_get_scheme (uri), "https")
      || g_uri_get_host (uri) == NULL || g_uri_get_host (uri)[0] == '\0' || g_uri_get_userinfo (uri)
      || g_uri_get_query (uri) || g_uri_get_fragment (uri) || !(path[0] == '\0' || g_str_equal (path, "/")))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "--public-url wants https://HOST or https://HOST:PORT, not '%s': without TLS in front browsers give no camera, "
                   "and links for Parlor do not work",
                   self->public_url);
      return FALSE;
    }
  self->public_host = g_strdup (g_uri_get_host (uri));
  self->public_port = g_uri_get_port (uri);
  return TRUE;
}

/* As it stands in a request's Host, without the port. */
static gboolean
check_hosts (ParlorRelayOptions *self, GError **error)
{
  for (guint i = 0; i < self->allowed_hosts->len; i++)
    if (!g_regex_match_simple ("^[A-Za-z0-9_][A-Za-z0-9._-]*$", self->allowed_hosts->pdata[i], G_REGEX_DOLLAR_ENDONLY, 0))
      {
        g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                     "--allow-host wants a name as it stands in a link, as call.example, without https:// and port, not '%s'",
                     (char *) self->allowed_hosts->pdata[i]);
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_turn (ParlorRelayOptions *self, GError **error)
{
  if ((self->turn_secret == NULL && self->turn_secret_file == NULL) || self->turn->len > 0)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "--turn-secret%s is what TURN servers share with this relay: name them with --turn turn:HOST:PORT",
               self->turn_secret ? "" : "-file");
  return FALSE;
}

static gboolean
check_proxies (ParlorRelayOptions *self, GError **error)
{
  for (guint i = 0; i < self->trusted_proxies->len; i++)
    {
      const char *text = self->trusted_proxies->pdata[i];
      g_autoptr (ParlorProxies) proxies = parlor_proxies_new ();

      if (!parlor_proxies_add (proxies, text, NULL))
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                       "--trusted-proxy wants an address or a network, as 10.0.0.1, 10.0.0.0/8 or fd00::/8, not '%s'", text);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
check_log_format (ParlorRelayOptions *self, GError **error)
{
  if (self->log_format == NULL || g_str_equal (self->log_format, "text") || g_str_equal (self->log_format, "json"))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--log-format wants text or json, not '%s'",
               self->log_format);
  return FALSE;
}

static gboolean
check_seed_pages (ParlorRelayOptions *self, GError **error)
{
  if (!self->seed_pages || !self->no_seed_pages)
    return TRUE;
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                       "--seed-pages and --no-seed-pages contradict each other: leave one of the two out");
  return FALSE;
}

/* What does not go together. */
static gboolean
check_tls (ParlorRelayOptions *self, GError **error)
{
  const char *problem = NULL;

  if (self->key && !self->certificate)
    problem = "--key wants the --certificate that it belongs to";
  else if (self->certificate && self->self_signed)
    problem = "--certificate and --self-signed are two certificates: give one of them";
  else if (self->plain_http && (self->certificate || self->self_signed))
    problem = "--plain-http is for a relay without a certificate: leave one of the two out";
  if (problem != NULL)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, problem);
  return problem == NULL;
}

gboolean
parlor_relay_options_parse (ParlorRelayOptions *self, int argc, char **argv, GError **error)
{
  Parse parse = { .values = self };

  parlor_relay_limits_init (&self->limits);
  self->allowed_hosts = g_ptr_array_new_with_free_func (g_free);
  self->trusted_proxies = g_ptr_array_new_with_free_func (g_free);
  self->stun = g_ptr_array_new_with_free_func (g_free);
  self->turn = g_ptr_array_new_with_free_func (g_free);
  if (!parse_flags (&parse, argc, argv, error))
    return FALSE;
  if (self->version)
    return TRUE;
  if (self->config && !parse_file (&parse, error))
    return FALSE;
  if (self->listen == NULL)
    self->listen = g_strdup (DEFAULT_LISTEN);
  return parse_address ("--listen", self->listen, &self->address, &self->port, error)
         && (self->metrics == NULL
             || parse_address ("--metrics", self->metrics, &self->metrics_address, &self->metrics_port, error))
         && (self->public_url == NULL || parse_public_url (self, error)) && check_hosts (self, error) && check_turn (self, error) && check_proxies (self, error)
         && check_tls (self, error) && check_seed_pages (self, error) && check_log_format (self, error);
}

void
parlor_relay_options_clear (ParlorRelayOptions *self)
{
  g_free (self->config);
  g_free (self->listen);
  g_free (self->address);
  g_free (self->certificate);
  g_free (self->key);
  g_free (self->self_signed);
  g_free (self->public_url);
  g_free (self->public_host);
  g_free (self->log_format);
  g_free (self->metrics);
  g_free (self->metrics_address);
  g_free (self->turn_secret);
  g_free (self->turn_secret_file);
  g_clear_pointer (&self->stun, g_ptr_array_unref);
  g_clear_pointer (&self->turn, g_ptr_array_unref);
  g_clear_pointer (&self->allowed_hosts, g_ptr_array_unref);
  g_clear_pointer (&self->trusted_proxies, g_ptr_array_unref);
}

gboolean
parlor_relay_options_adopt (ParlorRelayOptions *self, GSocket *socket, GError **error)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, error);

  if (address == NULL)
    return FALSE;
  g_free (self->address);
  self->address = g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  return TRUE;
}

gboolean
parlor_relay_options_want_tls (const ParlorRelayOptions *self)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (self->address);

  if (self->certificate || self->self_signed)
    return TRUE;
  return !self->plain_http && !self->public_url && !g_inet_address_get_is_loopback (inet);
}

gboolean
parlor_relay_options_are_public (const ParlorRelayOptions *self)
{
  return self->public_url || self->trusted_proxies->len > 0 || self->allowed_hosts->len > 0;
}
