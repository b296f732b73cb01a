/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-error.h"
#include "parlor-invite.h"

#include <string.h>

#define KEY "AAECAwQFBgcICQoLDA0ODw"
#define PIN "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

typedef enum
{
  TLS = 1 << 0,
  HAS_KEY = 1 << 1,
  HAS_GUEST_KEY = 1 << 2,
  HAS_PIN = 1 << 3,
  LOOPBACK = 1 << 4,
} Traits;

typedef struct
{
  const char *text;
  const char *host;
  guint16 port;
  const char *room;
  Traits traits;
  const char *websocket;
  const char *app;
  const char *web;
  const char *display;
} Case;

static const Case cases[] = {
  /* invites */
  { "parlor://meet.example:3002/k3q2-x7fa#" KEY, "meet.example", 3002, "k3q2-x7fa", TLS | HAS_KEY,
    "wss://meet.example:3002/k3q2-x7fa", "parlor://meet.example:3002/k3q2-x7fa#" KEY,
    "https://meet.example:3002/k3q2-x7fa", "meet.example:3002/k3q2-x7fa" },
  { "  PARLOR://Meet.Example/room#" KEY ".tls=" PIN "\n", "meet.example", 3002, "room", TLS | HAS_KEY | HAS_PIN,
    "wss://meet.example:3002/room", "parlor://meet.example:3002/room#" KEY ".tls=" PIN,
    "https://meet.example:3002/room", "meet.example:3002/room" },
  { "parlor://meet.example:443/room#" KEY, "meet.example", 443, "room", TLS | HAS_KEY,
    "wss://meet.example/room", "parlor://meet.example:443/room#" KEY, "https://meet.example/room",
    "meet.example:443/room" },
  { "parlor://10.0.0.7", "10.0.0.7", 3002, "", TLS, "wss://10.0.0.7:3002/", "parlor://10.0.0.7:3002/",
    "https://10.0.0.7:3002/", "10.0.0.7:3002" },
  { "parlor://[2001:DB8::7]:4000/room#" KEY, "2001:db8::7", 4000, "room", TLS | HAS_KEY,
    "wss://[2001:db8::7]:4000/room", "parlor://[2001:db8::7]:4000/room#" KEY, "https://[2001:db8::7]:4000/room",
    "[2001:db8::7]:4000/room" },
  /* a link-local address, with the interface that it is on (RFC 6874) */
  { "http://[FE80::1%25Wlan0]:3002/room", "fe80::1%Wlan0", 3002, "room", 0, "ws://[fe80::1%25Wlan0]:3002/room", NULL,
    "http://[fe80::1%25Wlan0]:3002/room", "[fe80::1%25Wlan0]:3002/room" },
  /* an escape that RFC 3986 (6.2.2.2) calls equal to its letter */
  { "parlor://host/r%6F"
    "om#AAECAwQFBgcICQoLDA0%4F"
    "Dw",
    "host", 3002, "room", TLS | HAS_KEY, "wss://host:3002/room",
    "parlor://host:3002/room#" KEY, "https://host:3002/room", "host:3002/room" },
  /* a relay on this machine speaks plainly, unless its certificate is pinned */
  { "parlor://127.0.0.1:3002/room#" KEY, "127.0.0.1", 3002, "room", HAS_KEY | LOOPBACK,
    "ws://127.0.0.1:3002/room", "parlor://127.0.0.1:3002/room#" KEY, "http://127.0.0.1:3002/room",
    "127.0.0.1:3002/room" },
  { "parlor://[::1]/#" KEY, "::1", 3002, "", HAS_KEY | LOOPBACK, "ws://[::1]:3002/", "parlor://[::1]:3002/#" KEY,
    "http://[::1]:3002/", "[::1]:3002" },
  { "parlor://LOCALHOST:9/a", "localhost", 9, "a", LOOPBACK, "ws://localhost:9/a", "parlor://localhost:9/a",
    "http://localhost:9/a", "localhost:9/a" },
  { "parlor://127.9.9.9:3002/room#" KEY ".tls=" PIN, "127.9.9.9", 3002, "room", TLS | HAS_KEY | HAS_PIN | LOOPBACK,
    "wss://127.9.9.9:3002/room", "parlor://127.9.9.9:3002/room#" KEY ".tls=" PIN, "https://127.9.9.9:3002/room",
    "127.9.9.9:3002/room" },
  { "parlor://localhost.example/a", "localhost.example", 3002, "a", TLS, "wss://localhost.example:3002/a",
    "parlor://localhost.example:3002/a", "https://localhost.example:3002/a", "localhost.example:3002/a" },
  /* invites for anyone: an app link cannot be made of a guest's key */
  { "https://meet.example:3002/room#" KEY, "meet.example", 3002, "room", TLS | HAS_GUEST_KEY,
    "wss://meet.example:3002/room", NULL, "https://meet.example:3002/room#" KEY, "meet.example:3002/room" },
  { "http://127.0.0.1:3002/room#" KEY, "127.0.0.1", 3002, "room", HAS_GUEST_KEY | LOOPBACK,
    "ws://127.0.0.1:3002/room", NULL, "http://127.0.0.1:3002/room#" KEY, "127.0.0.1:3002/room" },
  { "https://meet.example/room", "meet.example", 443, "room", TLS, "wss://meet.example/room",
    "parlor://meet.example:443/room", "https://meet.example/room", "meet.example:443/room" },
  /* what the user typed */
  { "127.0.0.1:3002", "127.0.0.1", 3002, "", LOOPBACK, "ws://127.0.0.1:3002/", "parlor://127.0.0.1:3002/",
    "http://127.0.0.1:3002/", "127.0.0.1:3002" },
  { "[::1]:3002/room", "::1", 3002, "room", LOOPBACK, "ws://[::1]:3002/room", "parlor://[::1]:3002/room",
    "http://[::1]:3002/room", "[::1]:3002/room" },
  { "192.168.1.5:3002/room", "192.168.1.5", 3002, "room", 0, "ws://192.168.1.5:3002/room", NULL,
    "http://192.168.1.5:3002/room", "192.168.1.5:3002/room" },
  /* foreign relays: as given */
  { "wss://host/ws?room=call", "host", 443, "ws", TLS, "wss://host/ws?room=call", NULL, "https://host/ws?room=call",
    "host:443/ws" },
  { "ws://localhost:3002", "localhost", 3002, "", LOOPBACK, "ws://localhost:3002/", "parlor://localhost:3002/",
    "http://localhost:3002/", "localhost:3002" },
  { "WS://host:80/a%20b/C?q=%23&x=[1]", "host", 80, "a%20b/C", 0, "ws://host/a%20b/C?q=%23&x=[1]", NULL,
    "http://host/a%20b/C?q=%23&x=[1]", "host:80/a%20b/C" },
  { "ws://host?a", "host", 80, "", 0, "ws://host/?a", NULL, "http://host/?a", "host:80" },
  { "wss://host:443/Room", "host", 443, "Room", TLS, "wss://host/Room", NULL, "https://host/Room", "host:443/Room" },
  /* other alphabets: a host in punycode, a path escaped */
  { "wss://b\xc3\xbc"
    "cher.example/\xe2\x80\xaex",
    "xn--bcher-kva.example", 443, "%E2%80%AEx", TLS,
    "wss://xn--bcher-kva.example/%E2%80%AEx", NULL, "https://xn--bcher-kva.example/%E2%80%AEx",
    "xn--bcher-kva.example:443/%E2%80%AEx" },
};

static void
assert_invite (ParlorInvite *invite, const Case *expected)
{
  g_autofree char *websocket = parlor_invite_to_websocket_url (invite);
  g_autofree char *app = parlor_invite_to_app_link (invite);
  g_autofree char *web = parlor_invite_to_web_link (invite);
  g_autofree char *display = parlor_invite_to_display (invite);

  g_assert_cmpstr (parlor_invite_get_host (invite), ==, expected->host);
  g_assert_cmpuint (parlor_invite_get_port (invite), ==, expected->port);
  g_assert_cmpstr (parlor_invite_get_room (invite), ==, expected->room);
  g_assert_cmpint (parlor_invite_get_tls (invite), ==, (expected->traits & TLS) != 0);
  g_assert_cmpint (parlor_invite_get_key (invite) != NULL, ==, (expected->traits & HAS_KEY) != 0);
  g_assert_cmpint (parlor_invite_get_guest_key (invite) != NULL, ==, (expected->traits & HAS_GUEST_KEY) != 0);
  g_assert_cmpint (parlor_invite_get_pin (invite) != NULL, ==, (expected->traits & HAS_PIN) != 0);
  g_assert_cmpint (parlor_invite_is_loopback (invite), ==, (expected->traits & LOOPBACK) != 0);
  g_assert_cmpstr (websocket, ==, expected->websocket);
  g_assert_true (g_uri_is_valid (websocket, G_URI_FLAGS_NONE, NULL)); /* libsoup makes no message of another */
  g_assert_cmpstr (app, ==, expected->app);
  g_assert_cmpstr (web, ==, expected->web);
  g_assert_cmpstr (display, ==, expected->display);
}

static void
test_good (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ParlorInvite) invite = parlor_invite_parse (cases[i].text, &error);

      g_test_message ("%s", cases[i].text);
      g_assert_no_error (error);
      assert_invite (invite, &cases[i]);

      /* An app link means the same when it is read. */
      if (cases[i].app)
        {
          g_autoptr (ParlorInvite) again = parlor_invite_parse (cases[i].app, &error);

          g_assert_no_error (error);
          assert_invite (again, &cases[i]);
        }
    }
}

static void
test_key_bytes (void)
{
  static const guint8 counting[32] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
                                       16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 };
  g_autoptr (ParlorInvite) invite = parlor_invite_parse ("parlor://h/r#" KEY ".tls=" PIN, NULL);
  GBytes *key = parlor_invite_get_key (invite);
  GBytes *pin = parlor_invite_get_pin (invite);

  g_assert_cmpmem (g_bytes_get_data (key, NULL), g_bytes_get_size (key), counting, 16);
  g_assert_cmpmem (g_bytes_get_data (pin, NULL), g_bytes_get_size (pin), counting, 32);
}

static void
test_bad (void)
{
  static const struct
  {
    const char *text, *says;
  } bad[] = {
    { "", "There is no address" },
    { " \n ", "There is no address" },
    { "hello", "port is missing" },
    { "localhost", "port is missing" },
    { "localhost/room", "port is missing" },
    { "mailto:a@b", "port is missing" },
    { "ada@host:3002", "user name" },
    { "parlor://ada:pw@host/room", "user name" },
    { "parlor:host:3002/room", "not an address" },
    { "host:99999", "not an address" },
    { "host:-1", "not an address" },
    { "host:x", "not an address" },
    { "[::1:3002", "not an address" },
    { "host:0", "Port 0" },
    { "parlor://host:0/room", "Port 0" },
    { "parlor:///room#" KEY, "no usable host" },
    { "https://", "no usable host" },
    { "ws://a_b!c/", "no usable host" },
    { "ws://[not-an-address]:1/", "not an address" },
    { "ws://[fe80::1%25a%2Fb]:1/", "no usable host" },
    { "ftp://host/room", "kind of link" },
    { "file:///etc/passwd", "kind of link" },
    { "parlor://host/room #" KEY, "spaces" },
    { "parlor://host/ro\nom#" KEY, "spaces" },
    { "parlor://host/ro\x7fom", "spaces" },
    { "parlor://host/\xff", "not text" },
    { "ws://host/room#" KEY, "no part after #" },
    { "ws://host/room#", "no part after #" },
    { "host:3002/room#" KEY, "beginning of this invite" },
    /* never quietly an invite without a key */
    { "parlor://host/room#", "key" },
    { "parlor://host/room#" KEY "A", "key" },
    { "parlor://host/room#AAECAwQFBgcICQoLDA0OD", "key" },
    { "parlor://host/room#AAECAwQFBgcICQoLDA0ODx", "key" }, /* bits left over */
    { "parlor://host/room#" KEY "==", "key" },
    { "parlor://host/room#AAECAwQFBgcICQoLDA0O+w", "key" },
    { "parlor://host/room#AAECAwQFBgcICQoLDA0%2B"
      "Dw",
      "key" },
    { "parlor://host/room#.tls=" PIN, "key" },
    { "parlor://host/room#" KEY "#" KEY, "key" },
    { "parlor://host/room#" KEY ".", "certificate" },
    { "parlor://host/room#" KEY ".tls=", "certificate" },
    { "parlor://host/room#" KEY ".tls=" KEY, "certificate" },
    { "parlor://host/room#" KEY ".tls=" PIN ".tls=" PIN, "certificate" },
    { "parlor://host/room#" KEY ".TLS=" PIN, "certificate" },
    { "parlor://host/room#" KEY ".pin=" PIN, "certificate" },
    { "https://host/room#" KEY ".tls=" PIN, "key" },
    { "https://host/page#section", "key" },
    { "http://host/room#", "key" },
    /* a key belongs to a room of ours */
    { "parlor://host/Room#" KEY, "room" },
    { "parlor://host/room/#" KEY, "room" },
    { "parlor://host/a/b", "room" },
    { "parlor://host/a%41", "room" },
    { "parlor://host/room?x=1#" KEY, "room" },
    { "parlor://host/abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-abcdefghijk", "room" },
    { "https://host/room?x=1#" KEY, "room" },
    { "https://host/Room#" KEY, "room" },
  };
  g_autofree char *long_text = g_strnfill (3000, 'a');
  g_autofree char *long_link = g_strconcat ("ws://host/", long_text, NULL);
  g_autoptr (GError) long_error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ParlorInvite) invite = parlor_invite_parse (bad[i].text, &error);
      g_autofree char *printable = g_strescape (bad[i].text, NULL); /* TAP is text, and not all of these are */

      g_test_message ("%s: %s", printable, error ? error->message : "accepted");
      g_assert_null (invite);
      g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_INVITE);
      g_assert_nonnull (strstr (error->message, bad[i].says));
      /* An error may be logged: a key may not. */
      g_assert_null (strstr (error->message, "AAECAw"));
    }
  g_assert_null (parlor_invite_parse (long_link, &long_error));
  g_assert_error (long_error, PARLOR_ERROR, PARLOR_ERROR_BAD_INVITE);
}

/* What is accepted can be handed on: links grow by escapes, by a scheme and by a port that were not written. */
static void
test_long (void)
{
  static const struct
  {
    const char *head, *letter;
  } kinds[] = {
    { "wss://host/", "\xc3\xa9" }, /* %C3%A9 */
    { "wss://host/?", "\"" },
    { "host:3002/", "A" },
    { "ws://host/", "A" },
    { "parlor://", "host." },
    { "https://", "host." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      guint n_accepted = 0, n_refused = 0;

      for (gsize length = 100; length <= 2060; length++)
        {
          g_autoptr (GString) text = g_string_new (kinds[i].head);
          g_autoptr (ParlorInvite) invite = NULL;

          while (text->len + strlen (kinds[i].letter) <= length)
            g_string_append (text, kinds[i].letter);
          invite = parlor_invite_parse (text->str, NULL);
          if (invite != NULL)
            {
              g_autofree char *web = parlor_invite_to_web_link (invite);
              g_autofree char *app = parlor_invite_to_app_link (invite);
              g_autoptr (ParlorInvite) from_web = parlor_invite_parse (web, NULL);
              g_autoptr (ParlorInvite) from_app = app ? parlor_invite_parse (app, NULL) : NULL;

              g_assert_nonnull (from_web);
              g_assert_cmpstr (parlor_invite_get_room (from_web), ==, parlor_invite_get_room (invite));
              g_assert_true (app == NULL || from_app != NULL);
            }
          n_accepted += invite != NULL;
          n_refused += invite == NULL;
        }
      g_assert_cmpuint (n_accepted, >, 0);
      g_assert_cmpuint (n_refused, >, 0);
    }
}

static void
test_made_here (void)
{
  g_autoptr (GBytes) key = g_bytes_new_static ("0123456789abcdef", 16);
  g_autoptr (GBytes) guest_key = g_bytes_new_static ("fedcba9876543210", 16);
  g_autoptr (GBytes) pin = g_bytes_new_static ("0123456789abcdef0123456789abcdef", 32);
  g_autoptr (ParlorInvite) full = parlor_invite_new ("Host.Example", 3002, "room", TRUE, key, guest_key, pin);
  g_autoptr (ParlorInvite) guest = parlor_invite_new ("::1", 3002, NULL, FALSE, NULL, guest_key, NULL);
  g_autoptr (ParlorInvite) door = parlor_invite_new ("10.0.0.7", 3002, "door", TRUE, NULL, NULL, pin);
  g_autoptr (ParlorInvite) plain = parlor_invite_new ("10.0.0.7", 3002, "room", FALSE, key, guest_key, NULL);
  g_autofree char *full_app = parlor_invite_to_app_link (full);
  g_autofree char *full_web = parlor_invite_to_web_link (full);
  g_autofree char *guest_web = parlor_invite_to_web_link (guest);

  g_assert_cmpstr (full_app, ==, "parlor://host.example:3002/room#MDEyMzQ1Njc4OWFiY2RlZg"
                                 ".tls=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY");
  g_assert_cmpstr (full_web, ==, "https://host.example:3002/room#ZmVkY2JhOTg3NjU0MzIxMA");
  g_assert_cmpstr (guest_web, ==, "http://[::1]:3002/#ZmVkY2JhOTg3NjU0MzIxMA");
  g_assert_null (parlor_invite_to_app_link (guest));
  g_assert_null (parlor_invite_to_app_link (door));
  g_assert_null (parlor_invite_to_app_link (plain));
}

static void
test_mutations (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (20240611);
  static const char alphabet[] = ":/?#[]@%.&=-_ \x01\x7f\xff\xc3"
                                 "0aZ";
  guint n_accepted = 0;

  for (guint i = 0; i < 20000; i++)
    {
      g_autoptr (GString) text = g_string_new (cases[g_rand_int_range (rand, 0, G_N_ELEMENTS (cases))].text);
      g_autoptr (ParlorInvite) invite = NULL;

      for (gint n = g_rand_int_range (rand, 1, 4); n > 0 && text->len > 0; n--)
        {
          gsize at = g_rand_int_range (rand, 0, text->len);

          if (g_rand_boolean (rand))
            g_string_erase (text, at, g_rand_int_range (rand, 0, MIN (6, text->len - at + 1)));
          else
            g_string_insert_c (text, at, alphabet[g_rand_int_range (rand, 0, sizeof alphabet - 1)]);
        }

      invite = parlor_invite_parse (text->str, NULL);
      if (invite)
        {
          g_autofree char *websocket = parlor_invite_to_websocket_url (invite);
          g_autoptr (ParlorInvite) again = NULL;
          g_autoptr (GError) error = NULL;

          n_accepted++;
          again = parlor_invite_parse (websocket, &error);
          g_assert_no_error (error);
          g_assert_cmpstr (parlor_invite_get_host (again), ==, parlor_invite_get_host (invite));
          g_assert_cmpuint (parlor_invite_get_port (again), ==, parlor_invite_get_port (invite));
          g_assert_cmpstr (parlor_invite_get_room (again), ==, parlor_invite_get_room (invite));
          /* Where there is a #, there is a key. */
          g_assert_true (!strchr (text->str, '#') || parlor_invite_get_key (invite)
                         || parlor_invite_get_guest_key (invite));
        }
    }
  g_assert_cmpuint (n_accepted, >, 100);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/invites/good", test_good);
  g_test_add_func ("/invites/key-bytes", test_key_bytes);
  g_test_add_func ("/invites/bad", test_bad);
  g_test_add_func ("/invites/long", test_long);
  g_test_add_func ("/invites/made-here", test_made_here);
  g_test_add_func ("/invites/mutations", test_mutations);
  return g_test_run ();
}
