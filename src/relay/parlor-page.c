/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-page.h"

#include "parlor-relay-resources.h"

/*
 * The guest page: the files of guest-page/, compiled in, and the headers under which all answers go out.
 *
 * The page may load nothing but its own files and may speak to its own relay; nobody may frame it, as it asks for
 * the camera. Every answer closes its connection: a page is a dozen small files, loaded once, and a relay keeps its
 * descriptors for guests.
 */

#define RESOURCE_PREFIX "/io/github/parlor/Parlor/guest-page/"
#define POLICY(sockets)                                                                                              \
  "default-src 'self'; connect-src 'self'" sockets "; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; " \
  "object-src 'none'"

static const struct
{
  const char *suffix;
  const char *content_type;
} content_types[] = {
  { ".html", "text/html; charset=utf-8" },
  { ".js", "text/javascript; charset=utf-8" },
  { ".css", "text/css; charset=utf-8" },
  { ".svg", "image/svg+xml" },
  { ".png", "image/png" },
  { ".webmanifest", "application/manifest+json" },
};

static const struct
{
  const char *name;
  const char *value;
} headers[] = {
  { "X-Content-Type-Options", "nosniff" },
  { "Referrer-Policy", "no-referrer" },
  { "Permissions-Policy", "camera=(self), microphone=(self)" },
  { "Cross-Origin-Opener-Policy", "same-origin" },
  { "Cross-Origin-Resource-Policy", "same-origin" },
  { "Cache-Control", "no-cache" },
};

static void
respond (ParlorResponse *response, guint status, const char *content_type, GBytes *body)
{
  parlor_response_init (response, status, content_type, body);
  soup_message_headers_replace (response->headers, "Content-Security-Policy", POLICY (""));
  for (guint i = 0; i < G_N_ELEMENTS (headers); i++)
    soup_message_headers_replace (response->headers, headers[i].name, headers[i].value);
}

static const char *
get_content_type (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (content_types); i++)
    if (g_str_has_suffix (name, content_types[i].suffix))
      return content_types[i].content_type;
  return "application/octet-stream";
}

/* Some browsers still in use do not count WebSockets to 'self' (w3c/webappsec-csp issue 7), and a policy has no words for IPv6. */
static void
allow_sockets (ParlorResponse *response, const char *host)
{
  g_autofree char *policy = host[0] == '[' ? g_strdup (POLICY (" ws: wss:"))
                                           : g_strdup_printf (POLICY (" ws://%1$s wss://%1$s"), host);

  soup_message_headers_replace (response->headers, "Content-Security-Policy", policy);
}

void
parlor_page_respond (ParlorResponse *response, const char *name, const char *host)
{
  g_autofree char *path = g_strconcat (RESOURCE_PREFIX, name, NULL);
  g_autoptr (GBytes) content = g_resource_lookup_data (parlor_relay_get_resource (), path,
                                                       G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

  if (content == NULL)
    {
      parlor_page_respond_status (response, SOUP_STATUS_NOT_FOUND, "There is no such page.");
      return;
    }
  respond (response, SOUP_STATUS_OK, get_content_type (name), g_steal_pointer (&content));
  allow_sockets (response, host);
}

void
parlor_page_respond_status (ParlorResponse *response, guint status, const char *text)
{
  g_autofree char *line = g_strconcat (text, "\n", NULL);

  parlor_page_respond_text (response, status, "text/plain; charset=utf-8", line);
}

void
parlor_page_respond_health (ParlorResponse *response, gboolean draining)
{
  if (draining)
    parlor_page_respond_status (response, SOUP_STATUS_SERVICE_UNAVAILABLE, "draining");
  else
    parlor_page_respond_status (response, SOUP_STATUS_OK, "ok");
}

void
parlor_page_respond_text (ParlorResponse *response, guint status, const char *content_type, const char *text)
{
  respond (response, status, content_type, g_bytes_new (text, strlen (text)));
}
