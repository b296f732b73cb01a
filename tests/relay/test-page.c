/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lab.h"

#include <string.h>

/* Plain requests: the guest page and its headers, and whom the door lets in by Host and Origin. */

static const char *
header (SoupMessage *message, const char *name)
{
  return soup_message_headers_get_one (soup_message_get_response_headers (message), name);
}

static void
check_headers (SoupMessage *message)
{
  const char *policy = header (message, "Content-Security-Policy");

  g_assert_nonnull (policy);
  g_assert_true (g_str_has_prefix (policy, "default-src 'self'; connect-src 'self'"));
  g_assert_nonnull (strstr (policy, "frame-ancestors 'none'"));
  g_assert_cmpstr (header (message, "X-Content-Type-Options"), ==, "nosniff");
  g_assert_cmpstr (header (message, "Referrer-Policy"), ==, "no-referrer");
  g_assert_cmpstr (header (message, "Permissions-Policy"), ==, "camera=(self), microphone=(self)");
  g_assert_cmpstr (header (message, "Cross-Origin-Opener-Policy"), ==, "same-origin");
  g_assert_cmpstr (header (message, "Cross-Origin-Resource-Policy"), ==, "same-origin");
  g_assert_cmpstr (header (message, "Cache-Control"), ==, "no-cache");
  g_assert_null (header (message, "Strict-Transport-Security"));
}

static void
test_index (void)
{
  static const char *const paths[] = { "/", "/abc", "/abc?x=y" };
  g_autoptr (Lab) lab = lab_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (SoupMessage) message = NULL;
      g_autoptr (SoupMessage) head = NULL;
      g_autoptr (GBytes) body = NULL;
      g_autoptr (GBytes) nothing = NULL;

      g_assert_cmpuint (request (lab, "GET", paths[i], NULL, NULL, &message, &body), ==, SOUP_STATUS_OK);
      g_assert_cmpstr (header (message, "Content-Type"), ==, "text/html; charset=utf-8");
      g_assert_nonnull (g_strstr_len (g_bytes_get_data (body, NULL), g_bytes_get_size (body), "<html"));
      check_headers (message);

      g_assert_cmpuint (request (lab, "HEAD", paths[i], NULL, NULL, &head, &nothing), ==, SOUP_STATUS_OK);
      g_assert_cmpuint (g_bytes_get_size (nothing), ==, 0);
      g_assert_cmpstr (header (head, "Content-Type"), ==, "text/html; charset=utf-8");
      g_assert_cmpint (soup_message_headers_get_content_length (soup_message_get_response_headers (head)), ==,
                       g_bytes_get_size (body));
      check_headers (head);
    }
}

/* The page may speak to the relay under the name by which it was opened, and no name can add to its policy. */
static void
test_policy (void)
{
  static const struct
  {
    const char *host;
    const char *sockets;
  } cases[] = {
    { "localhost:3002", "connect-src 'self' ws://localhost:3002 wss://localhost:3002; " },
    { "call.example", "connect-src 'self' ws://call.example wss://call.example; " },
    { "[::1]:3002", "connect-src 'self' ws: wss:; " },
  };
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (SoupMessage) message = NULL;

  parlor_relay_allow_host (lab->relay, "call.example");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (SoupMessage) page = NULL;

      g_test_message ("%s", cases[i].host);
      g_assert_cmpuint (request (lab, "GET", "/abc", cases[i].host, NULL, &page, NULL), ==, SOUP_STATUS_OK);
      g_assert_nonnull (strstr (header (page, "Content-Security-Policy"), cases[i].sockets));
    }
  request (lab, "GET", "/abc", "localhost; script-src *", NULL, &message, NULL);
  g_assert_null (strstr (header (message, "Content-Security-Policy"), "script-src"));
  g_clear_object (&message);
  request (lab, "GET", "/NO", "localhost", NULL, &message, NULL);
  g_assert_nonnull (strstr (header (message, "Content-Security-Policy"), "connect-src 'self'; "));
}

/* Every file that the page asks for is there, under the type by which a browser will run it. */
static void
test_assets (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (GBytes) index = NULL;
  g_autoptr (GRegex) regex = g_regex_new ("(?:src|href)=\"(/[^\"#]+)\"", 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  guint n_scripts = 0;
  guint n_styles = 0;

  request (lab, "GET", "/", NULL, NULL, NULL, &index);
  g_regex_match_full (regex, g_bytes_get_data (index, NULL), g_bytes_get_size (index), 0, 0, &match, NULL);
  for (; g_match_info_matches (match); g_match_info_next (match, NULL))
    {
      g_autofree char *path = g_match_info_fetch (match, 1);
      g_autoptr (SoupMessage) message = NULL;

      g_test_message ("%s", path);
      g_assert_true (g_str_has_prefix (path, "/guest-page/"));
      g_assert_cmpuint (request (lab, "GET", path, NULL, NULL, &message, NULL), ==, SOUP_STATUS_OK);
      check_headers (message);
      if (g_str_has_suffix (path, ".js"))
        {
          g_assert_cmpstr (header (message, "Content-Type"), ==, "text/javascript; charset=utf-8");
          n_scripts++;
        }
      else if (g_str_has_suffix (path, ".css"))
        {
          g_assert_cmpstr (header (message, "Content-Type"), ==, "text/css; charset=utf-8");
          n_styles++;
        }
      else
        {
          g_assert_cmpstr (header (message, "Content-Type"), ==, "image/svg+xml");
        }
    }
  g_assert_cmpuint (n_scripts, >, 0);
  g_assert_cmpuint (n_styles, >, 0);
}

static void
test_statuses (void)
{
  static const struct
  {
    const char *method;
    const char *path;
    guint status;
  } cases[] = {
    { "GET", "/ABC", SOUP_STATUS_NOT_FOUND },
    { "GET", "/a/b", SOUP_STATUS_NOT_FOUND },
    { "GET", "/favicon.ico", SOUP_STATUS_NOT_FOUND },
    { "GET", "/guest-page", SOUP_STATUS_NOT_FOUND },
    { "GET", "/health", SOUP_STATUS_OK },
    { "GET", "/metrics-of-mine", SOUP_STATUS_OK }, /* a room */
    { "GET", "/guest-page/", SOUP_STATUS_NOT_FOUND },
    { "GET", "/guest-page/nothing.js", SOUP_STATUS_NOT_FOUND },
    { "GET", "/guest-page/%2e%2e/index.html", SOUP_STATUS_NOT_FOUND },
    { "GET", "/guest-page//index.html", SOUP_STATUS_NOT_FOUND },
    { "HEAD", "/guest-page/nothing.js", SOUP_STATUS_NOT_FOUND },
    { "POST", "/", SOUP_STATUS_METHOD_NOT_ALLOWED },
    { "PUT", "/abc", SOUP_STATUS_METHOD_NOT_ALLOWED },
    { "DELETE", "/guest-page/index.html", SOUP_STATUS_METHOD_NOT_ALLOWED },
    { "OPTIONS", "/abc", SOUP_STATUS_METHOD_NOT_ALLOWED },
    { "PARLOR", "/abc", SOUP_STATUS_METHOD_NOT_ALLOWED },
  };
  g_autoptr (Lab) lab = lab_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (SoupMessage) message = NULL;

      g_test_message ("%s %s", cases[i].method, cases[i].path);
      g_assert_cmpuint (request (lab, cases[i].method, cases[i].path, NULL, NULL, &message, NULL), ==, cases[i].status);
      check_headers (message);
      g_assert_true ((header (message, "Allow") != NULL) == (cases[i].status == SOUP_STATUS_METHOD_NOT_ALLOWED));
    }
}

/* The same for a request and for an upgrade. */
static void
check_door (Lab *lab, const char *host, const char *origin, guint status)
{
  g_autoptr (Client) client = client_open (lab, "/abc", "parlor.1", host, origin);

  g_test_message ("Host %s, Origin %s", host, origin ? origin : "-");
  g_assert_cmpuint (client->status, ==, status == SOUP_STATUS_OK ? SOUP_STATUS_SWITCHING_PROTOCOLS : status);
  g_assert_cmpuint (request (lab, "GET", "/abc", host, origin, NULL, NULL), ==, status);
}

static void
test_host (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);

  check_door (lab, "localhost", NULL, SOUP_STATUS_OK);
  check_door (lab, "LOCALHOST:1234", NULL, SOUP_STATUS_OK);
  check_door (lab, "127.0.0.1:80", NULL, SOUP_STATUS_OK);
  check_door (lab, "192.168.1.2", NULL, SOUP_STATUS_OK);
  check_door (lab, "[::1]:3002", NULL, SOUP_STATUS_OK);
  check_door (lab, "evil.example", NULL, SOUP_STATUS_MISDIRECTED_REQUEST);
  check_door (lab, "localhost.evil.example:3002", NULL, SOUP_STATUS_MISDIRECTED_REQUEST);
  check_door (lab, "call.example", NULL, SOUP_STATUS_MISDIRECTED_REQUEST);
  parlor_relay_allow_host (lab->relay, "Call.Example");
  check_door (lab, "call.example:8443", NULL, SOUP_STATUS_OK);
  check_door (lab, "not-call.example", NULL, SOUP_STATUS_MISDIRECTED_REQUEST);
}

static void
test_origin (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);

  parlor_relay_allow_host (lab->relay, "call.example");
  check_door (lab, "localhost:3002", "http://localhost:3002", SOUP_STATUS_OK);
  check_door (lab, "call.example", "https://CALL.example", SOUP_STATUS_OK);
  check_door (lab, "localhost:3002", "http://localhost:3003", SOUP_STATUS_FORBIDDEN);
  check_door (lab, "localhost:3002", "http://localhost", SOUP_STATUS_FORBIDDEN);
  check_door (lab, "localhost:3002", "http://127.0.0.1:3002", SOUP_STATUS_FORBIDDEN);
  check_door (lab, "localhost:3002", "https://evil.example", SOUP_STATUS_FORBIDDEN);
  check_door (lab, "localhost:3002", "null", SOUP_STATUS_FORBIDDEN);
  check_door (lab, "localhost:3002", "file://", SOUP_STATUS_FORBIDDEN);
}

/* Heads that libsoup's client would not write. */
static void
test_raw_heads (void)
{
  static const struct
  {
    const char *head;
    const char *answer;
  } cases[] = {
    { "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 " }, /* no Host */
    { "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 421 " },
    { "GET /abc HTTP/1.1\r\nHost: \r\n\r\n", "HTTP/1.1 421 Misdirected Request" },
    { "GET /abc HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", "HTTP/1.1 421 " },
    { "GET /abc HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n\r\n", "HTTP/1.1 421 " },
    { "GET http://evil.example/abc HTTP/1.1\r\nHost: evil.example\r\n\r\n", "HTTP/1.1 421 " },
    { "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 404 " },
    { "CONNECT a:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 405 " },
    { "GET /abc HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", "HTTP/1.1 200 " },
    { "GET /abc HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "HTTP/1.1 400 " },
    { "GET /abc HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n",
      "HTTP/1.1 400 " },
    { "GET /abc HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: other\r\n\r\n",
      "HTTP/1.1 400 " },
    { "POST /abc HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      "HTTP/1.1 405 " },
    /* Bodies: a relay has no use for one. */
    { "POST /abc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nxxxxx", "HTTP/1.1 413 " },
    { "GET /abc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n", "HTTP/1.1 413 " },
    { "GET /abc HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400 " },
    { "GET /abc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 400 " },
    { "GET /abc HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 501 " },
    { "GET /abc HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 501 " },
    { "GET /abc HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: x\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      "HTTP/1.1 501 " },
    /* Where a request is for, and what is none. */
    { "GET http://localhost/abc?x HTTP/1.1\r\nHost: evil.example\r\n\r\n", "HTTP/1.1 200 " },
    { "GET http://evil.example/abc HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 421 " },
    { "GET http://localhost?x HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200 " },
    { "GET http://localhost/NO HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 404 " },
    { "GET abc HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 404 " },
    { "\r\n\nGET /abc HTTP/1.1\nHost: localhost\n\n", "HTTP/1.1 200 " },
    { "GET /abc HTTP/2.0\r\nHost: localhost\r\n\r\n", "HTTP/1.1 505 " },
    { "GET /abc\r\nHost: localhost\r\n\r\n", "HTTP/1.1 400 " },
    { "garbage\r\n\r\n", "HTTP/1.1 400 " },
  };
  g_autoptr (Lab) lab = lab_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Raw) raw = raw_open (lab);

      g_test_message ("%s", cases[i].head);
      raw_send_text (raw, cases[i].head);
      raw_hear_until (raw, cases[i].answer);
      raw_hear_end (raw);
      g_assert_true (g_str_has_prefix ((char *) raw->in->data, cases[i].answer));
      g_assert_null (strstr ((char *) raw->in->data, "HTTP/1.1 101"));
    }
}

/* A head that is too long, and one with a NUL, which no other test of heads could send. */
static void
test_bad_heads (void)
{
  static const char nul[] = "GET /abc HTTP/1.1\r\nHost: localhost\r\nX: \0\r\n\r\n";
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Raw) with_nul = raw_open (lab);
  g_autofree char *filling = g_strnfill (16384, 'x');

  raw_send (with_nul, nul, sizeof nul - 1);
  raw_hear_end (with_nul);
  g_assert_true (g_str_has_prefix ((char *) with_nul->in->data, "HTTP/1.1 400 "));

  /* The longest that is read, and one byte more. */
  for (guint extra = 0; extra <= 1; extra++)
    {
      g_autoptr (Raw) raw = raw_open (lab);
      g_autoptr (GString) head = g_string_new ("GET /abc HTTP/1.1\r\nHost: localhost\r\nX: ");

      g_string_append_len (head, filling, 16384 - 4 - head->len + extra);
      g_string_append (head, "\r\n\r\n");
      g_assert_cmpuint (head->len, ==, 16384 + extra);
      raw_send_text (raw, head->str);
      raw_hear_end (raw);
      g_assert_true (g_str_has_prefix ((char *) raw->in->data, extra ? "HTTP/1.1 431 " : "HTTP/1.1 200 "));
    }
}

/* Somebody who still sends what nobody wants gets the answer all the same, whole: the connection is not reset under it. */
static void
test_unwanted_body (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Raw) raw = raw_open (lab);
  g_autofree char *megabyte = g_strnfill (1 << 20, 'x');

  raw_send_text (raw, "POST /abc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4194304\r\n\r\n");
  for (guint i = 0; i < 4; i++)
    raw_send (raw, megabyte, 1 << 20);
  raw_hear_until (raw, "does not understand that request.\n");
  g_assert_true (g_str_has_prefix ((char *) raw->in->data, "HTTP/1.1 413 "));
}

/* Byte by byte, and what comes behind the first request is nothing. */
static void
test_slow_head (void)
{
  const char *text = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /abc HTTP/1.1\r\n";
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Raw) raw = raw_open (lab);

  for (const char *byte = text; *byte; byte++)
    {
      raw_send (raw, byte, 1);
      g_main_context_iteration (NULL, FALSE);
    }
  raw_hear_end (raw);
  g_assert_true (g_str_has_prefix ((char *) raw->in->data, "HTTP/1.1 200 "));
  g_assert_true (g_str_has_suffix ((char *) raw->in->data, "\r\n\r\nok\n"));
}

/* parlor.1 is chosen from a list, and no extension ever. */
static void
test_negotiation (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Raw) raw = raw_open (lab);

  raw_send_text (raw, "GET /abc HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
                      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
                      "Sec-WebSocket-Protocol: other, parlor.1\r\n\r\n");
  raw_hear_until (raw, "\r\n\r\n");
  g_assert_nonnull (strstr ((char *) raw->in->data, "HTTP/1.1 101 "));
  g_assert_nonnull (strstr ((char *) raw->in->data, "Sec-WebSocket-Protocol: parlor.1\r\n"));
  g_assert_null (strstr ((char *) raw->in->data, "Sec-WebSocket-Extensions"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/page/index", test_index);
  g_test_add_func ("/relay/page/policy", test_policy);
  g_test_add_func ("/relay/page/assets", test_assets);
  g_test_add_func ("/relay/page/statuses", test_statuses);
  g_test_add_func ("/relay/page/host", test_host);
  g_test_add_func ("/relay/page/origin", test_origin);
  g_test_add_func ("/relay/page/raw-heads", test_raw_heads);
  g_test_add_func ("/relay/page/bad-heads", test_bad_heads);
  g_test_add_func ("/relay/page/unwanted-body", test_unwanted_body);
  g_test_add_func ("/relay/page/slow-head", test_slow_head);
  g_test_add_func ("/relay/page/negotiation", test_negotiation);
  return g_test_run ();
}
