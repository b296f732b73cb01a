/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lab.h"

#include "parlor-door.h"
#include "parlor-frame.h"

#include <string.h>

/* The pure parts: frames in and out, byte by byte, and what the door makes of a path or an address. */

#define LIMIT 1000

typedef struct
{
  ParlorFrameReader *reader;
  GString *log; /* what was read, as text: one word a message */
} Reading;

static void
feed (Reading *reading, const guint8 *bytes, gsize length)
{
  for (;;)
    {
      g_autoptr (GBytes) payload = NULL;
      ParlorFrameOpcode opcode;
      guint16 code;

      switch (parlor_frame_reader_read (reading->reader, &bytes, &length, &opcode, &payload, &code))
        {
        case PARLOR_FRAME_READY:
          g_string_append_printf (reading->log, "%x:%.*s ", opcode, (int) g_bytes_get_size (payload),
                                  (const char *) g_bytes_get_data (payload, NULL));
          break;
        case PARLOR_FRAME_REFUSED:
          g_string_append_printf (reading->log, "refused:%u", code);
          return;
        case PARLOR_FRAME_MORE:
        default:
          g_assert_cmpuint (length, ==, 0);
          return;
        }
    }
}

/* What is read of @bytes, given @step bytes at a time. */
static char *
read_all (GBytes *bytes, gsize step)
{
  Reading reading = { parlor_frame_reader_new (LIMIT), g_string_new (NULL) };
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  for (gsize i = 0; i < length && strstr (reading.log->str, "refused") == NULL; i += step)
    feed (&reading, data + i, MIN (step, length - i));
  parlor_frame_reader_free (reading.reader);
  return g_string_free (reading.log, FALSE);
}

static void
add_frame (GByteArray *stream, guint8 first_byte, const char *payload, gsize length)
{
  g_autoptr (GBytes) frame = raw_frame (first_byte, payload, length);

  g_byte_array_append (stream, g_bytes_get_data (frame, NULL), g_bytes_get_size (frame));
}

/* However the network cuts it, the same is read. */
static void
test_any_cut (void)
{
  g_autofree char *long_text = g_strnfill (300, 'x');
  g_autofree char *expected = g_strdup_printf ("1:hello 9:ping 1:onetwothree 1: a: 1:%s 8: ", long_text);
  GByteArray *stream = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;

  add_frame (stream, 0x81, "hello", 5);
  add_frame (stream, 0x01, "one", 3);
  add_frame (stream, 0x89, "ping", 4); /* between fragments */
  add_frame (stream, 0x00, "two", 3);
  add_frame (stream, 0x00, "", 0);
  add_frame (stream, 0x80, "three", 5);
  add_frame (stream, 0x81, "", 0);
  add_frame (stream, 0x8a, "", 0);
  add_frame (stream, 0x81, long_text, 300);
  add_frame (stream, 0x88, "", 0);
  bytes = g_byte_array_free_to_bytes (stream);

  for (gsize step = 1; step <= g_bytes_get_size (bytes); step++)
    {
      g_autofree char *log = read_all (bytes, step);

      g_assert_cmpstr (log, ==, expected);
    }
}

static void
test_refused_frames (void)
{
  static const struct
  {
    const char *what;
    guint8 bytes[16];
    guint length;
    guint16 code;
  } cases[] = {
    { "not masked", { 0x81, 0x00 }, 2, 1002 },
    { "reserved bit 1", { 0xc1, 0x80 }, 2, 1002 },
    { "reserved bit 3", { 0x91, 0x80 }, 2, 1002 },
    { "reserved opcode", { 0x83, 0x80 }, 2, 1002 },
    { "reserved control opcode", { 0x8b, 0x80 }, 2, 1002 },
    { "binary", { 0x82, 0x80 }, 2, 1003 },
    { "a continuation of nothing", { 0x80, 0x80 }, 2, 1002 },
    { "a fragmented ping", { 0x09, 0x80 }, 2, 1002 },
    { "a long ping", { 0x89, 0xfe }, 2, 1002 },
    { "a text in a text", { 0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80 }, 8, 1002 },
    { "2^40 bytes", { 0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 14, 1009 },
    { "2^64 - 1 bytes", { 0x81, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0 }, 14, 1009 },
    { "one byte too many", { 0x81, 0xfe, (LIMIT + 1) >> 8, (LIMIT + 1) & 0xff, 0, 0, 0, 0 }, 8, 1009 },
    { "too many in two", { 0x01, 0x81, 0, 0, 0, 0, 'x', 0x80, 0xfe, LIMIT >> 8, LIMIT & 0xff, 0, 0, 0, 0 }, 15, 1009 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_static (cases[i].bytes, cases[i].length);
      g_autofree char *expected = g_strdup_printf ("refused:%u", cases[i].code);

      for (gsize step = 1; step <= cases[i].length; step++)
        {
          g_autofree char *log = read_all (bytes, step);

          g_test_message ("%s, %" G_GSIZE_FORMAT " at a time", cases[i].what, step);
          g_assert_cmpstr (log, ==, expected);
        }
    }
}

/* The limit is the message's: as many bytes as allowed pass, in however many fragments. */
static void
test_limit (void)
{
  g_autofree char *text = g_strnfill (LIMIT, 'x');

  for (guint n = 1; n <= LIMIT; n *= 10)
    {
      GByteArray *stream = g_byte_array_new ();
      g_autoptr (GBytes) bytes = NULL;
      g_autofree char *log = NULL;
      g_autofree char *expected = g_strdup_printf ("1:%s 1:again ", text);

      for (guint i = 0; i < n; i++)
        add_frame (stream, (i == 0 ? 0x01 : 0x00) | (i == n - 1 ? 0x80 : 0x00), text, LIMIT / n);
      add_frame (stream, 0x81, "again", 5);
      bytes = g_byte_array_free_to_bytes (stream);
      log = read_all (bytes, 77);
      g_assert_cmpstr (log, ==, expected);
    }
}

/* Noise never does more than be refused; the seed is the test's, so a failure can be had again. */
static void
test_noise (void)
{
  for (guint i = 0; i < 20000; i++)
    {
      guint8 noise[64];
      g_autoptr (GBytes) bytes = NULL;
      g_autofree char *log = NULL;

      for (guint j = 0; j < sizeof noise; j++)
        noise[j] = g_test_rand_int_range (0, 256);
      noise[0] &= 0x8f; /* most would end at a reserved bit */
      noise[1] |= 0x80;
      bytes = g_bytes_new (noise, sizeof noise);
      log = read_all (bytes, g_test_rand_int_range (1, 64));
      g_assert_nonnull (log);
    }
}

static void
test_written (void)
{
  static const struct
  {
    gsize length;
    guint header;
  } cases[] = { { 0, 2 }, { 125, 2 }, { 126, 4 }, { 65535, 4 }, { 65536, 10 }, { 70000, 10 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strnfill (cases[i].length, 'x');
      g_autoptr (GBytes) frame = parlor_frame_new (PARLOR_FRAME_TEXT, text, cases[i].length);
      const guint8 *data = g_bytes_get_data (frame, NULL);
      guint64 length = 0;

      g_assert_cmpuint (g_bytes_get_size (frame), ==, cases[i].header + cases[i].length);
      g_assert_cmphex (data[0], ==, 0x81);
      for (guint j = 2; j < cases[i].header; j++)
        length = length << 8 | data[j];
      g_assert_cmpuint (cases[i].header == 2 ? data[1] : length, ==, cases[i].length);
      if (cases[i].header > 2)
        g_assert_cmpuint (data[1], ==, cases[i].header == 4 ? 126 : 127);
      g_assert_cmpmem (data + cases[i].header, cases[i].length, text, cases[i].length);
    }
}

static void
test_close_codes (void)
{
  static const struct
  {
    const char *payload;
    guint length;
    guint16 code;
  } cases[] = {
    { "", 0, 1005 },
    { "\x03", 1, 1002 },
    { "\x03\xe8", 2, 1000 },
    { "\x03\xe8 bye", 6, 1000 },
    { "\x03\xe8\xff", 3, 1002 },
    { "\x03\xec", 2, 1002 }, /* 1004 */
    { "\x03\xed", 2, 1002 }, /* 1005 */
    { "\x03\xee", 2, 1002 }, /* 1006 */
    { "\x03\xf7", 2, 1002 }, /* 1015 */
    { "\x00\x00", 2, 1002 },
    { "\x0f\xa1", 2, 4001 },
    { "\xff\xff", 2, 1002 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) payload = g_bytes_new_static (cases[i].payload, cases[i].length);
      g_autoptr (GBytes) answer = parlor_frame_new_close (parlor_frame_get_close_code (payload));

      g_assert_cmpuint (parlor_frame_get_close_code (payload), ==, cases[i].code);
      g_assert_cmpuint (g_bytes_get_size (answer), ==, cases[i].code == 1005 ? 2 : 4);
    }
}

static void
test_door (void)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  static const char *const strangers[] = { "", ":80", "[::1", "[::1]x", "localhost:x", "localhost:80:80", "a b", "[]", "1.2.3.4.5",
                                           "localhost.", "friend", "friend.example.org" };
  static const char *const friends[] = { "localhost", "localhost:", "1.2.3.4:5", "[fe80::1]", "[::]:1", "FRIEND.example:1" };

  g_hash_table_add (names, (char *) "friend.example");
  g_assert_false (parlor_door_host_is_allowed (NULL, names));
  for (guint i = 0; i < G_N_ELEMENTS (strangers); i++)
    g_assert_false (parlor_door_host_is_allowed (strangers[i], names));
  for (guint i = 0; i < G_N_ELEMENTS (friends); i++)
    g_assert_true (parlor_door_host_is_allowed (friends[i], names));

  g_assert_cmpstr (parlor_door_get_room ("/"), ==, "");
  g_assert_cmpstr (parlor_door_get_room ("/a-1"), ==, "a-1");
  g_assert_null (parlor_door_get_room (""));
  g_assert_null (parlor_door_get_room ("*"));
  g_assert_null (parlor_door_get_room ("/guest-page"));
  g_assert_cmpstr (parlor_door_get_room ("/guest-pages"), ==, "guest-pages");

  g_assert_true (parlor_door_origin_matches ("http://a:1", "A:1"));
  g_assert_false (parlor_door_origin_matches ("ws://a:1", "a:1"));
  g_assert_false (parlor_door_origin_matches ("a:1", "a:1"));
  g_assert_false (parlor_door_origin_matches ("http://a:1/", "a:1"));
  g_assert_false (parlor_door_origin_matches ("http://a:1, http://b", "a:1"));

  g_assert_true (parlor_door_address_is_loopback ("127.0.0.2"));
  g_assert_true (parlor_door_address_is_loopback ("::1"));
  g_assert_false (parlor_door_address_is_loopback ("0.0.0.0"));
  g_assert_false (parlor_door_address_is_loopback ("::"));
  g_assert_false (parlor_door_address_is_loopback ("localhost"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/frames/any-cut", test_any_cut);
  g_test_add_func ("/relay/frames/refused", test_refused_frames);
  g_test_add_func ("/relay/frames/limit", test_limit);
  g_test_add_func ("/relay/frames/noise", test_noise);
  g_test_add_func ("/relay/frames/written", test_written);
  g_test_add_func ("/relay/frames/close-codes", test_close_codes);
  g_test_add_func ("/relay/door", test_door);
  return g_test_run ();
}
