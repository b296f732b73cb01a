/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lab.h"

#include "parlor-bucket.h"
#include "parlor-crowd.h"
#include "parlor-line.h"
#include "parlor-pending.h"
#include "parlor-ring-log.h"
#include "parlor-token.h"

#include <string.h>

/* The small parts of the relay, without a relay; time is what the test says it is. */

#define SECOND G_USEC_PER_SEC

static void
test_bucket (void)
{
  ParlorBucket bucket = { 0 };

  for (guint i = 0; i < 5; i++)
    g_assert_true (parlor_bucket_take (&bucket, 1, 2, 5, 100 * SECOND));
  g_assert_false (parlor_bucket_take (&bucket, 1, 2, 5, 100 * SECOND));

  /* Two a second come back, and never more than fits in. */
  bucket = (ParlorBucket){ 5, 100 * SECOND };
  g_assert_true (parlor_bucket_take (&bucket, 1, 2, 5, 100 * SECOND + SECOND / 2));
  g_assert_false (parlor_bucket_take (&bucket, 1, 2, 5, 100 * SECOND + SECOND / 2));
  bucket = (ParlorBucket){ 5, 100 * SECOND };
  g_assert_true (parlor_bucket_take (&bucket, 5, 2, 5, 900 * SECOND));
  g_assert_false (parlor_bucket_take (&bucket, 1, 2, 5, 900 * SECOND));

  /* More than fits in is too much even for a full one; without a limit nothing is. */
  bucket = (ParlorBucket){ 0 };
  g_assert_false (parlor_bucket_take (&bucket, 6, 2, 5, 0));
  g_assert_true (parlor_bucket_take (&bucket, 1e9, 0, 5, 0));

  /* A clock that stands, or goes back, gives nothing. */
  bucket = (ParlorBucket){ 5, 100 * SECOND };
  g_assert_false (parlor_bucket_take (&bucket, 1, 2, 5, 50 * SECOND));
}

static void
test_ring_log (void)
{
  ParlorRelayLimits limits;
  g_autoptr (ParlorRingLog) log = NULL;
  char people[8];
  char *a = &people[0], *b = &people[1], *c = &people[2];

  parlor_relay_limits_init (&limits);
  log = parlor_ring_log_new (&limits);

  /* Three in sixty seconds, counted from each. */
  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (parlor_ring_log_ring (log, a, b, (i * 10 + 1) * SECOND));
      parlor_ring_log_end (log, b, a);
    }
  g_assert_false (parlor_ring_log_ring (log, a, b, 60 * SECOND));
  g_assert_true (parlor_ring_log_ring (log, b, a, 60 * SECOND));
  g_assert_true (parlor_ring_log_ring (log, a, c, 60 * SECOND));
  g_assert_true (parlor_ring_log_ring (log, a, b, 61 * SECOND));
  g_assert_false (parlor_ring_log_ring (log, a, b, 61 * SECOND));
  parlor_ring_log_accept (log, b, a);
  for (guint i = 0; i < 3; i++)
    g_assert_true (parlor_ring_log_ring (log, a, b, 61 * SECOND));

  /* Who left is forgotten, on both ends. */
  parlor_ring_log_forget (log, b);
  for (guint i = 0; i < 3; i++)
    g_assert_true (parlor_ring_log_ring (log, a, b, 61 * SECOND));

  /* Four open ones, whomever they are to; a minute ends them. */
  parlor_ring_log_forget (log, a);
  for (guint i = 1; i <= 4; i++)
    g_assert_true (parlor_ring_log_ring (log, a, &people[i], 100 * SECOND));
  g_assert_false (parlor_ring_log_ring (log, a, &people[5], 100 * SECOND));
  parlor_ring_log_end (log, a, &people[4]);
  g_assert_true (parlor_ring_log_ring (log, a, &people[5], 100 * SECOND));
  g_assert_false (parlor_ring_log_ring (log, a, &people[6], 159 * SECOND));
  g_assert_true (parlor_ring_log_ring (log, a, &people[6], 160 * SECOND));
}

static void
test_knock_log (void)
{
  ParlorRelayLimits limits;
  g_autoptr (ParlorRingLog) log = NULL;

  parlor_relay_limits_init (&limits);
  limits.max_knocks = 3;
  limits.max_guests = 2;
  log = parlor_ring_log_new (&limits);

  /* Three in sixty seconds, of each network; one that was refused does not count. */
  for (guint i = 0; i < 3; i++)
    g_assert_true (parlor_ring_log_knock (log, "192.0.2.1", (i * 10 + 1) * SECOND));
  g_assert_false (parlor_ring_log_knock (log, "192.0.2.1", 60 * SECOND));
  g_assert_true (parlor_ring_log_knock (log, "192.0.2.2", 60 * SECOND));
  g_assert_true (parlor_ring_log_knock (log, "192.0.2.1", 61 * SECOND));
  g_assert_false (parlor_ring_log_knock (log, "192.0.2.1", 61 * SECOND));

  /* Of all of them no more than of two that do their worst: so long may the log become. */
  g_assert_true (parlor_ring_log_knock (log, "192.0.2.3", 62 * SECOND));
  g_assert_true (parlor_ring_log_knock (log, "192.0.2.4", 62 * SECOND));
  g_assert_false (parlor_ring_log_knock (log, "192.0.2.5", 62 * SECOND));
  g_assert_true (parlor_ring_log_knock (log, "192.0.2.5", 71 * SECOND));
  g_assert_false (parlor_ring_log_knock (log, "192.0.2.6", 71 * SECOND));

  /* Who is not counted is nobody's neighbour, and rings are something else. */
  g_assert_true (parlor_ring_log_knock (log, NULL, 71 * SECOND));
  g_assert_true (parlor_ring_log_ring (log, &limits, log, 71 * SECOND));
  limits.max_knocks = 0;
  for (guint i = 0; i < 100; i++)
    g_assert_true (parlor_ring_log_knock (log, "192.0.2.1", 71 * SECOND));
}

typedef struct
{
  ParlorLinePlace place;
  char letter;
} Person;

static void
on_due (gpointer person, gpointer user_data)
{
  g_string_append_c (user_data, ((Person *) person)->letter);
}

static void
test_line (void)
{
  g_autoptr (GString) heard = g_string_new (NULL);
  g_autoptr (ParlorLine) line = parlor_line_new (50, on_due, heard);
  g_autoptr (ParlorLine) patient = parlor_line_new (600000, on_due, heard);
  Person a = { .letter = 'a' }, b = { .letter = 'b' }, c = { .letter = 'c' }, d = { .letter = 'd' };

  parlor_line_leave (line, &a.place);
  parlor_line_join (line, &a.place, &a);
  parlor_line_join (line, &b.place, &b);
  parlor_line_join (line, &c.place, &c);
  parlor_line_join (patient, &d.place, &d);
  parlor_line_leave (line, &b.place);
  parlor_line_join (line, &a.place, &a); /* anew, behind c */
  lab_wait (heard->len == 2);
  g_assert_cmpstr (heard->str, ==, "ca");

  /* Nothing is due in an empty line, or wakes anybody up for it; and it can be filled again. */
  g_assert_cmpuint (lab_count_rounds (300), <, 100);
  parlor_line_join (line, &b.place, &b);
  lab_wait (heard->len == 3);
  g_assert_cmpstr (heard->str, ==, "cab");
  parlor_line_leave (patient, &d.place);
}

static void
test_networks (void)
{
  static const struct
  {
    const char *a;
    const char *b;
    gboolean same;
  } cases[] = {
    { "192.0.2.1", "192.0.2.1", TRUE },
    { "192.0.2.1", "192.0.2.2", FALSE },
    { "192.0.2.1", "::ffff:192.0.2.1", TRUE },
    { "::ffff:192.0.2.1", "::ffff:192.0.2.2", FALSE },
    { "2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", TRUE },
    { "2001:db8:1:2::1", "2001:db8:1:3::1", FALSE },
    { "127.0.0.1", "::1", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GInetAddress) a = g_inet_address_new_from_string (cases[i].a);
      g_autoptr (GInetAddress) b = g_inet_address_new_from_string (cases[i].b);
      g_autofree char *network_a = parlor_crowd_get_network (a);
      g_autofree char *network_b = parlor_crowd_get_network (b);

      g_test_message ("%s %s", network_a, network_b);
      g_assert_true (g_str_equal (network_a, network_b) == cases[i].same);
    }
}

static void
test_crowd (void)
{
  g_autoptr (ParlorCrowd) crowd = parlor_crowd_new ();

  parlor_crowd_add (crowd, NULL);
  parlor_crowd_add (crowd, "a");
  parlor_crowd_add (crowd, "a");
  parlor_crowd_add (crowd, "b");
  parlor_crowd_remove (crowd, "b");
  parlor_crowd_remove (crowd, "b");
  g_assert_cmpuint (parlor_crowd_count (crowd, NULL), ==, 0);
  g_assert_cmpuint (parlor_crowd_count (crowd, "a"), ==, 2);
  g_assert_cmpuint (parlor_crowd_count (crowd, "b"), ==, 0);
}

static void
test_tokens (void)
{
  g_autofree char *one = parlor_token_new ();
  g_autofree char *two = parlor_token_new ();
  g_autofree char *id = parlor_token_new_id ();
  ParlorTokenHash hash = parlor_token_hash (one);
  ParlorTokenHash other = parlor_token_hash (two);
  ParlorTokenHash none = parlor_token_hash (NULL);
  /* SHA-256 of "abc", FIPS 180-4. */
  const ParlorTokenHash abc = { { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                  0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad } };
  ParlorTokenHash known = parlor_token_hash ("abc");

  g_assert_cmpuint (strlen (one), ==, 43);
  g_assert_cmpuint (strlen (id), ==, 22);
  g_assert_cmpstr (one, !=, two);
  g_assert_true (parlor_wire_id_is_valid (id));
  g_assert_true (parlor_token_hash_equal (&known, &abc));
  g_assert_false (parlor_token_hash_equal (&hash, &other));
  g_assert_false (parlor_token_hash_equal (&hash, &none));
  for (guint i = 0; i < PARLOR_TOKEN_HASH_SIZE; i++)
    {
      other = hash;
      other.bytes[i] ^= 1;
      g_assert_false (parlor_token_hash_equal (&hash, &other));
    }
}

/* Of each network the oldest gives way; who left in between is none of them, and without a limit, or a network, nobody is. */
static void
test_pending (void)
{
  g_autoptr (ParlorPending) pending = parlor_pending_new (8);
  g_autoptr (ParlorPending) any = parlor_pending_new (0);
  g_autoptr (ParlorPending) few = parlor_pending_new (1);
  ParlorPendingPlace places[10] = { 0 };
  ParlorPendingPlace other = { 0 };

  for (guint i = 0; i < 8; i++)
    g_assert_null (parlor_pending_join (pending, &places[i], "192.0.2.1", &places[i]));
  g_assert_null (parlor_pending_join (pending, &other, "192.0.2.2", &other));
  parlor_pending_leave (pending, &places[0]);
  g_assert_null (parlor_pending_join (pending, &places[8], "192.0.2.1", &places[8]));
  g_assert_true (parlor_pending_join (pending, &places[9], "192.0.2.1", &places[9]) == &places[1]);
  parlor_pending_leave (pending, &places[1]); /* again: nothing happens */
  for (guint i = 0; i < 10; i++)
    parlor_pending_leave (pending, &places[i]);
  parlor_pending_leave (pending, &other);

  for (guint i = 0; i < 10; i++)
    {
      g_assert_null (parlor_pending_join (any, &places[i], "192.0.2.1", &places[i]));
      g_assert_null (parlor_pending_join (pending, &places[i], NULL, &places[i]));
    }
  for (guint i = 0; i < 8; i++) /* what a browser needs */
    g_assert_null (parlor_pending_join (few, &places[i], "192.0.2.1", &places[i]));
  g_assert_true (parlor_pending_join (few, &places[8], "192.0.2.1", &places[8]) == &places[0]);
  for (guint i = 0; i < 10; i++)
    parlor_pending_leave (few, &places[i]);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/parts/bucket", test_bucket);
  g_test_add_func ("/relay/parts/ring-log", test_ring_log);
  g_test_add_func ("/relay/parts/knock-log", test_knock_log);
  g_test_add_func ("/relay/parts/line", test_line);
  g_test_add_func ("/relay/parts/networks", test_networks);
  g_test_add_func ("/relay/parts/crowd", test_crowd);
  g_test_add_func ("/relay/parts/pending", test_pending);
  g_test_add_func ("/relay/parts/tokens", test_tokens);
  return g_test_run ();
}
