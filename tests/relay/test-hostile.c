/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lab.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * What a hostile end of a socket can do, as raw bytes. A witness sits in the same room: it sees the other leave,
 * and can be spoken to when all is over.
 */

#define TEXT 0x81
#define TEXT_BEGINS 0x01
#define CONTINUES 0x00
#define ENDS 0x80
#define HELLO "{\"type\":\"hello\",\"name\":\"Mallory\"}"

typedef struct
{
  Lab *lab;
  Client *witness;
} Scene;

static void
scene_begin (Scene *scene, const ParlorRelayLimits *limits)
{
  scene->lab = lab_new (limits);
  scene->witness = client_join (scene->lab, "/abc", "Witness");
}

static Raw *
scene_enter (Scene *scene)
{
  Raw *raw = raw_upgrade (scene->lab, "/abc", "parlor.1");
  g_autofree char *welcome = NULL;

  raw_send_frame (raw, TEXT, HELLO, strlen (HELLO));
  g_assert_cmphex (raw_hear_frame (raw, &welcome, NULL), ==, TEXT);
  g_assert_nonnull (strstr (welcome, "\"welcome\""));
  json_object_unref (client_hear (scene->witness, "joined"));
  return raw;
}

/* Mallory is gone, and the relay is as it was. */
static void
scene_end (Scene *scene)
{
  g_autoptr (Client) friend = NULL;

  json_object_unref (client_hear (scene->witness, "left"));
  client_hear_nothing (scene->witness);
  g_assert_cmpuint (parlor_relay_get_n_guests (scene->lab->relay), ==, 1);
  friend = client_join (scene->lab, "/abc", "Friend");
  json_object_unref (client_hear (scene->witness, "joined"));
  client_say (friend, "{\"type\":\"accept\",\"to\":\"%s\",\"call\":\"A\"}", scene->witness->id);
  json_object_unref (client_hear (scene->witness, "accept"));
  g_clear_pointer (&friend, client_free);
  client_free (scene->witness);
  lab_free (scene->lab);
}

static void
hear_error (Raw *raw, const char *code)
{
  g_autofree char *text = NULL;
  g_autoptr (JsonNode) node = NULL;

  g_assert_cmphex (raw_hear_frame (raw, &text, NULL), ==, TEXT);
  node = json_from_string (text, NULL);
  g_assert_cmpstr (field (json_node_get_object (node), "type"), ==, "error");
  g_assert_cmpstr (field (json_node_get_object (node), "code"), ==, code);
}

static void
test_endless_fragments (void)
{
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autofree char *text = g_strnfill (1000, 'x');
  guint n = 0;

  scene_begin (&scene, NULL);
  raw = scene_enter (&scene);
  raw_send_frame (raw, TEXT_BEGINS, text, 1000);
  for (; n < 10000; n++)
    {
      g_autoptr (GBytes) frame = raw_frame (CONTINUES, text, 1000);

      if (scene.witness->heard.length > 0)
        break;
      if (!raw_try_send (raw, g_bytes_get_data (frame, NULL), g_bytes_get_size (frame)))
        break;
    }
  g_assert_cmpuint (n, >=, 60);
  g_assert_cmpuint (n, <, 1000);
  hear_error (raw, "too-large");
  raw_hear_close (raw, 1009);
  raw_hear_end (raw);
  scene_end (&scene);
}

/* Ten thousand fragments with nothing in them are one small message. */
static void
test_empty_fragments (void)
{
  Scene scene;
  g_autoptr (Raw) raw = NULL;

  scene_begin (&scene, NULL);
  raw = scene_enter (&scene);
  raw_send_frame (raw, TEXT_BEGINS, "{\"type\":", 8);
  for (guint i = 0; i < 10000; i++)
    raw_send_frame (raw, CONTINUES, NULL, 0);
  raw_send_frame (raw, ENDS, "\"sing\"}", 7);
  hear_error (raw, "unknown-type");
  g_clear_pointer (&raw, raw_free);
  scene_end (&scene);
}

/* A length alone is enough to be refused: no byte of the payload is waited for. */
static void
test_huge_frame (void)
{
  static const guint8 head[] = { 0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4 };
  Scene scene;
  g_autoptr (Raw) raw = NULL;

  scene_begin (&scene, NULL);
  raw = scene_enter (&scene);
  raw_send (raw, head, sizeof head);
  hear_error (raw, "too-large");
  raw_hear_close (raw, 1009);
  raw_hear_end (raw);
  scene_end (&scene);
}

/* 64 KiB pass, one byte more does not. */
static void
test_largest_message (void)
{
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autofree char *text = g_strnfill (PARLOR_WIRE_MAX_MESSAGE + 1, ' ');

  scene_begin (&scene, NULL);
  raw = scene_enter (&scene);
  memcpy (text, "{\"type\":\"sing\"}", 15);
  raw_send_frame (raw, TEXT, text, PARLOR_WIRE_MAX_MESSAGE);
  hear_error (raw, "unknown-type");
  raw_send_frame (raw, TEXT, text, PARLOR_WIRE_MAX_MESSAGE + 1);
  hear_error (raw, "too-large");
  raw_hear_close (raw, 1009);
  raw_hear_end (raw);
  scene_end (&scene);
}

/* Frames that no client may send; each costs the connection, with the right code. */
static void
test_bad_frames (void)
{
  static const struct
  {
    const char *what;
    guint8 bytes[12];
    guint length;
    guint16 code;
  } cases[] = {
    { "not masked", { 0x81, 0x02, '{', '}' }, 4, 1002 },
    { "reserved bits", { 0xf1, 0x80, 0, 0, 0, 0 }, 6, 1002 },
    { "compressed", { 0xc1, 0x80, 0, 0, 0, 0 }, 6, 1002 },
    { "binary", { 0x82, 0x81, 0, 0, 0, 0, 'x' }, 7, 1003 },
    { "a continuation of nothing", { 0x80, 0x80, 0, 0, 0, 0 }, 6, 1002 },
    { "UTF-8 cut off", { 0x81, 0x82, 0, 0, 0, 0, 0xe2, 0x82 }, 8, 1007 },
    { "not UTF-8", { 0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe }, 8, 1007 },
    { "overlong UTF-8", { 0x81, 0x82, 0, 0, 0, 0, 0xc0, 0x80 }, 8, 1007 },
    { "a NUL", { 0x81, 0x82, 0, 0, 0, 0, 0x00, 'x' }, 8, 1007 },
    { "a close of one byte", { 0x88, 0x81, 0, 0, 0, 0, 'x' }, 7, 1002 },
    { "a close that may not be sent", { 0x88, 0x82, 0, 0, 0, 0, 0x03, 0xed }, 8, 1002 },
    { "a close", { 0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8 }, 8, 1000 },
  };

  gint64 begin = g_get_monotonic_time ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Scene scene;
      g_autoptr (Raw) raw = NULL;

      g_test_message ("%s", cases[i].what);
      scene_begin (&scene, NULL);
      raw = scene_enter (&scene);
      raw_send (raw, cases[i].bytes, cases[i].length);
      raw_hear_close (raw, cases[i].code);
      if (cases[i].code == 1007)
        raw_send (raw, "\x88\x80\x00\x00\x00\x00", 6); /* it can still be understood, so it is waited for */
      raw_hear_end (raw);
      scene_end (&scene);
    }
  /* None had to wait for the two seconds that a farewell may take at most. */
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 8 * G_USEC_PER_SEC);
}

static void
test_pings (void)
{
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autofree char *payload = NULL;
  gsize length;

  scene_begin (&scene, NULL);
  raw = scene_enter (&scene);
  raw_send_frame (raw, TEXT_BEGINS, "{\"type\":", 8);
  raw_send_frame (raw, 0x89, "between", 7);
  g_assert_cmphex (raw_hear_frame (raw, &payload, &length), ==, 0x8a);
  g_assert_cmpmem (payload, length, "between", 7);
  raw_send_frame (raw, ENDS, "\"sing\"}", 7);
  hear_error (raw, "unknown-type");
  raw_send_frame (raw, 0x8a, "unasked", 7);
  raw_send_frame (raw, 0x88, NULL, 0);
  raw_hear_end (raw);
  scene_end (&scene);
}

/* What is not HTTP, what is too much of it, and what never ends: no answer is owed, but an end is. */
static void
test_bad_requests (void)
{
  static const char *const heads[] = {
    "\x16\x03\x01\x02\x01\x01\x01\xfc\x03\x03", /* a TLS client's first bytes */
    "garbage\r\n\r\n",
    "GET\r\n\r\n",
    "\r\n\r\n\r\n\r\n",
    "",
    "GET /abc HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConn",
    "POST /abc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\nxxxx",
    "POST /abc HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nxxxxx\r\n",
  };
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (Client) witness = NULL;
  g_autoptr (GPtrArray) raws = g_ptr_array_new_with_free_func ((GDestroyNotify) raw_free);
  g_autofree char *long_line = g_strnfill (300000, 'x');

  lab_limits_init (&limits);
  limits.request_ms = 1000;
  lab = lab_new (&limits);
  witness = client_join (lab, "/abc", "Witness");
  for (guint i = 0; i <= G_N_ELEMENTS (heads); i++)
    {
      Raw *raw = raw_open (lab);

      g_ptr_array_add (raws, raw);
      raw_send_text (raw, i < G_N_ELEMENTS (heads) ? heads[i] : "GET /abc HTTP/1.1\r\nHost: localhost\r\nX: ");
      if (i == G_N_ELEMENTS (heads))
        raw_try_send (raw, long_line, 300000);
    }
  for (guint i = 0; i < raws->len; i++)
    raw_hear_end (raws->pdata[i]);
  client_hear_nothing (witness);
}

static gsize
get_resident (void)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  return g_ascii_strtoull (strchr (text, ' '), NULL, 10) * sysconf (_SC_PAGESIZE);
}

/* A body is of no use to a relay, and is not kept while it comes. */
static void
test_large_body (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Raw) raw = raw_open (lab);
  g_autofree char *megabyte = g_strnfill (1 << 20, 'x');
  gsize before = get_resident ();

#ifdef __SANITIZE_ADDRESS__
  g_test_skip ("AddressSanitizer keeps what is freed");
  return;
#endif
  raw_send_text (raw, "POST /abc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n");
  for (guint i = 0; i < 64; i++)
    if (!raw_try_send (raw, megabyte, 1 << 20))
      break;
  g_assert_cmpuint (get_resident (), <, before + (32 << 20));
}

static void
test_ten_thousand (void)
{
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autofree char *text = NULL;

  scene_begin (&scene, NULL);
  raw = scene_enter (&scene);
  text = g_strdup_printf ("{\"type\":\"ice\",\"to\":\"%s\",\"call\":\"A\",\"candidate\":null}", scene.witness->id);
  for (guint i = 0; i < 10000; i++)
    raw_send_frame (raw, TEXT, text, strlen (text));
  for (guint i = 0; i < 10000; i++)
    json_object_unref (client_hear (scene.witness, "ice"));
  raw_send_frame (raw, 0x88, NULL, 0);
  raw_hear_end (raw);
  scene_end (&scene);
}

/* It asks for more and more answers and reads none. */
static void
test_never_reads (void)
{
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autoptr (GBytes) frame = raw_frame (TEXT, "{\"type\":\"sing\"}", 15);
  guint n = 0;

  scene_begin (&scene, NULL);
  raw = scene_enter (&scene);
  while (n < 1000000 && raw_try_send (raw, g_bytes_get_data (frame, NULL), g_bytes_get_size (frame)))
    n++;
  g_assert_cmpuint (n, <, 1000000);
  scene_end (&scene);
}

/* Others are spoken to on its behalf: it is closed, and they are told that it is not there. */
static void
test_never_reads_others (void)
{
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autofree char *sdp = g_strnfill (60000, 'v');
  g_autoptr (JsonObject) joined = NULL;
  g_autoptr (JsonObject) left = NULL;
  guint n = 0;

  scene_begin (&scene, NULL);
  raw = raw_upgrade (scene.lab, "/abc", "parlor.1");
  raw_send_frame (raw, TEXT, HELLO, strlen (HELLO));
  joined = client_hear (scene.witness, "joined");
  while (n++ < 1000 && scene.witness->heard.length == 0)
    {
      client_say (scene.witness, "{\"type\":\"offer\",\"to\":\"%s\",\"sdp\":\"%s\"}",
                  field (json_object_get_object_member (joined, "peer"), "id"), sdp);
      g_main_context_iteration (NULL, FALSE);
    }
  lab_wait (scene.witness->heard.length > 0);
  left = client_hear (scene.witness, "left");
  g_assert_cmpstr (field (left, "id"), ==, field (json_object_get_object_member (joined, "peer"), "id"));
  while (n-- > 0 && parlor_relay_get_n_guests (scene.lab->relay) == 1 && scene.witness->heard.length > 0)
    client_hear_error (scene.witness, "no-such-peer");

  /* Nobody is left to leave: let somebody. */
  g_clear_pointer (&raw, raw_free);
  client_say (scene.witness, "{\"type\":\"sing\"}");
  for (;;)
    {
      g_autoptr (JsonObject) error = client_hear (scene.witness, "error");

      if (g_str_equal (field (error, "code"), "unknown-type"))
        break;
      g_assert_cmpstr (field (error, "code"), ==, "no-such-peer");
    }
  raw = scene_enter (&scene);
  g_clear_pointer (&raw, raw_free);
  scene_end (&scene);
}

/* It hangs up in the middle of a frame, or is cut off. */
static void
test_vanishes (void)
{
  for (guint reset = 0; reset <= 1; reset++)
    {
      Scene scene;
      g_autoptr (Raw) raw = NULL;

      scene_begin (&scene, NULL);
      raw = scene_enter (&scene);
      raw_send (raw, "\x81\xfe\x01", 3);
      if (reset)
        {
          struct linger now = { 1, 0 };

          setsockopt (g_socket_get_fd (raw->socket), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        }
      g_clear_pointer (&raw, raw_free);
      scene_end (&scene);
    }
}

/* It does not wait for the answer to its upgrade: what came with the head is not lost. */
static void
test_eager (void)
{
  static const char head[] = "GET /abc HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                             "Sec-WebSocket-Protocol: parlor.1\r\n\r\n";
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autoptr (GBytes) hello = raw_frame (TEXT, HELLO, strlen (HELLO));
  g_autoptr (GByteArray) all = g_byte_array_new ();

  scene_begin (&scene, NULL);
  g_byte_array_append (all, (const guint8 *) head, strlen (head));
  g_byte_array_append (all, g_bytes_get_data (hello, NULL), g_bytes_get_size (hello));
  raw = raw_open (scene.lab);
  raw_send (raw, all->data, all->len);
  raw_hear_until (raw, "\"welcome\"");
  json_object_unref (client_hear (scene.witness, "joined"));
  g_assert_cmpuint (lab_count_rounds (500), <, 200); /* and it is no reason to spin */
  raw_send_frame (raw, TEXT, "{\"type\":\"sing\"}", 15);
  raw_hear_until (raw, "\"unknown-type\"");
  g_clear_pointer (&raw, raw_free);
  scene_end (&scene);
}

/* It closes, then goes on as if it had not. */
static void
test_talks_after_close (void)
{
  Scene scene;
  g_autoptr (Raw) raw = NULL;
  g_autofree char *text = NULL;

  scene_begin (&scene, NULL);
  raw = scene_enter (&scene);
  text = g_strdup_printf ("{\"type\":\"accept\",\"to\":\"%s\",\"call\":\"A\"}", scene.witness->id);
  {
    g_autoptr (GBytes) close = raw_frame (0x88, NULL, 0);
    g_autoptr (GBytes) late = raw_frame (TEXT, text, strlen (text));
    g_autoptr (GByteArray) both = g_byte_array_new ();

    g_byte_array_append (both, g_bytes_get_data (close, NULL), g_bytes_get_size (close));
    g_byte_array_append (both, g_bytes_get_data (late, NULL), g_bytes_get_size (late));
    raw_send (raw, both->data, both->len);
  }
  raw_hear_end (raw);
  scene_end (&scene);
}

/* A close that is not answered ends by the relay's own deadline, and its room is told at once. */
static void
test_ignores_close (void)
{
  Scene scene;
  g_autoptr (Raw) raw = NULL;

  scene_begin (&scene, NULL);
  raw = scene_enter (&scene);
  raw_send (raw, "\x82\x80\x00\x00\x00\x00", 6);
  raw_hear_close (raw, 1003);
  json_object_unref (client_hear (scene.witness, "left"));
  for (guint i = 0; i < 100; i++)
    raw_send_frame (raw, TEXT, HELLO, strlen (HELLO));
  g_clear_pointer (&raw, raw_free);

  raw = scene_enter (&scene);
  g_clear_pointer (&raw, raw_free);
  scene_end (&scene);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/hostile/endless-fragments", test_endless_fragments);
  g_test_add_func ("/relay/hostile/empty-fragments", test_empty_fragments);
  g_test_add_func ("/relay/hostile/huge-frame", test_huge_frame);
  g_test_add_func ("/relay/hostile/largest-message", test_largest_message);
  g_test_add_func ("/relay/hostile/bad-frames", test_bad_frames);
  g_test_add_func ("/relay/hostile/pings", test_pings);
  g_test_add_func ("/relay/hostile/bad-requests", test_bad_requests);
  g_test_add_func ("/relay/hostile/large-body", test_large_body);
  g_test_add_func ("/relay/hostile/ten-thousand", test_ten_thousand);
  g_test_add_func ("/relay/hostile/never-reads", test_never_reads);
  g_test_add_func ("/relay/hostile/never-reads-others", test_never_reads_others);
  g_test_add_func ("/relay/hostile/vanishes", test_vanishes);
  g_test_add_func ("/relay/hostile/eager", test_eager);
  g_test_add_func ("/relay/hostile/talks-after-close", test_talks_after_close);
  g_test_add_func ("/relay/hostile/ignores-close", test_ignores_close);
  return g_test_run ();
}
