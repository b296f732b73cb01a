/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-response.h"

void
parlor_response_init (ParlorResponse *self, guint status, const char *content_type, GBytes *body)
{
  *self = (ParlorResponse){
    .status = status,
    .headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE),
    .body = body,
  };
  soup_message_headers_replace (self->headers, "Content-Type", content_type);
}

void
parlor_response_clear (ParlorResponse *self)
{
  g_clear_pointer (&self->headers, soup_message_headers_unref);
  g_clear_pointer (&self->body, g_bytes_unref);
}

static const char *
get_phrase (guint status)
{
  /* libsoup 3.2 has no words for these. */
  switch (status)
    {
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return soup_status_get_phrase (status);
    }
}

static void
append_header (const char *name, const char *value, gpointer user_data)
{
  g_string_append_printf (user_data, "%s: %s\r\n", name, value);
}

GBytes *
parlor_response_to_bytes (const ParlorResponse *self, const ParlorRequest *request)
{
  GString *text = g_string_new (NULL);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *date = soup_date_time_to_string (now, SOUP_DATE_HTTP);
  gsize size;
  const char *body = g_bytes_get_data (self->body, &size);

  g_string_printf (text, "HTTP/1.%c %u %s\r\nDate: %s\r\nContent-Length: %" G_GSIZE_FORMAT "\r\nConnection: close\r\n",
                   request->version == SOUP_HTTP_1_0 ? '0' : '1', self->status, get_phrase (self->status), date, size);
  soup_message_headers_foreach (self->headers, append_header, text);
  g_string_append (text, "\r\n");
  if (!parlor_request_is_method (request, "HEAD"))
    g_string_append_len (text, body, size);
  return g_string_free_to_bytes (text);
}
