/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lab.h"

#include <string.h>

/* How much one connection, one pair and one address may ask of the relay. As raw bytes; a limit is either so low that
 * anything breaks it, or what the protocol says. */

#define TEXT 0x81
#define CALL "AAAAAAAAAAAAAAAAAAAAAA"
#define TOKEN "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void
test_defaults (void)
{
  ParlorRelayLimits limits;

  parlor_relay_limits_init (&limits);
  g_assert_cmpuint (limits.messages_per_second, ==, 60);
  g_assert_cmpuint (limits.messages_burst, ==, 200);
  g_assert_cmpuint (limits.bytes_per_second, ==, 256 * 1024);
  g_assert_cmpuint (limits.max_rings, ==, 3);
  g_assert_cmpuint (limits.max_open_rings, ==, 4);
  g_assert_cmpuint (limits.max_knocks, ==, 6);
  g_assert_cmpuint (limits.max_per_address, ==, 32);
  g_assert_cmpuint (limits.max_kept, ==, 32);
  g_assert_cmpuint (limits.away_ms, ==, 90000);
  g_assert_cmpuint (limits.knock_ms, ==, 120000);
}

/* A burst is answered to the last word; who goes on at that pace is closed, and may resume. */
static void
test_messages (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (Raw) anna = NULL;
  g_autoptr (Raw) ben = NULL;
  g_autoptr (JsonObject) welcome = NULL;
  g_autofree char *fields = NULL;

  parlor_relay_limits_init (&limits);
  limits.messages_per_second = 1;
  limits.bytes_per_second = 0;
  lab = lab_new (&limits);
  anna = raw_join (lab, "/abc", "Anna", NULL, NULL);
  ben = raw_join (lab, "/abc", "Ben", NULL, &welcome);
  json_object_unref (raw_hear (anna, "joined"));
  for (guint i = 1; i < 200; i++)
    raw_say (ben, "{\"type\":\"sing\"}");
  for (guint i = 1; i < 200; i++)
    raw_hear_error (ben, "unknown-type");

  for (guint i = 0; i < 200; i++)
    raw_say (ben, "{\"type\":\"sing\"}");
  for (;;)
    {
      g_autoptr (JsonObject) error = raw_hear (ben, "error");

      if (g_str_equal (field (error, "code"), "rate"))
        break;
      g_assert_cmpstr (field (error, "code"), ==, "unknown-type");
    }
  raw_hear_close (ben, 4008);
  raw_hear_about (anna, "away", field (welcome, "id"));
  g_clear_pointer (&ben, raw_free);
  fields = g_strdup_printf ("\"resume\":\"%s\"", field (welcome, "resume"));
  ben = raw_join (lab, "/abc", "Ben", fields, NULL);
  raw_hear_about (anna, "back", field (welcome, "id"));
}

/* Pings and pongs are messages too: the relay has work with each of them. */
static void
test_pings (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (Raw) raw = NULL;

  parlor_relay_limits_init (&limits);
  limits.messages_per_second = 1;
  lab = lab_new (&limits);
  raw = raw_join (lab, "/abc", "Anna", NULL, NULL);
  for (guint i = 0; i < 400; i++)
    raw_send_frame (raw, i % 2 ? 0x89 : 0x8a, NULL, 0);
  raw_hear_close (raw, 4008);
}

static void
test_before_hello (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (Raw) raw = NULL;

  parlor_relay_limits_init (&limits);
  limits.messages_per_second = 1;
  limits.messages_burst = 1;
  lab = lab_new (&limits);
  raw = raw_upgrade (lab, "/abc", "parlor.1");
  for (guint i = 0; i < 20; i++)
    raw_say (raw, "{\"type\":\"hello\",\"name\":\"Anna\",\"resume\":\"" TOKEN "\"}");
  raw_hear_error (raw, "resume-expired");
  for (;;)
    {
      g_autoptr (JsonObject) error = raw_hear (raw, "error");

      if (g_str_equal (field (error, "code"), "rate"))
        break;
    }
  raw_hear_close (raw, 4008);
}

/* One of full size may come at any time, and a second's worth behind it; fragments count as they come. */
static void
test_bytes (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (Raw) raw = NULL;
  g_autofree char *text = g_strnfill (PARLOR_WIRE_MAX_MESSAGE, ' ');
  guint n = 0;

  parlor_relay_limits_init (&limits);
  limits.bytes_per_second = 3000;
  lab = lab_new (&limits);
  raw = raw_join (lab, "/abc", "Anna", NULL, NULL);
  memcpy (text, "{\"type\":\"sing\"}", 15);
  raw_send_frame (raw, TEXT, text, PARLOR_WIRE_MAX_MESSAGE);
  raw_hear_error (raw, "unknown-type");

  raw_send_frame (raw, 0x01, NULL, 0);
  for (; n < 100000; n++)
    {
      g_autoptr (GBytes) frame = raw_frame (0x00, NULL, 0);

      if (!raw_try_send (raw, g_bytes_get_data (frame, NULL), g_bytes_get_size (frame)) || raw->in->len > 0
          || g_socket_condition_check (raw->socket, G_IO_IN))
        break;
    }
  g_assert_cmpuint (n, <, 100000);
  raw_hear_error (raw, "rate");
  raw_hear_close (raw, 4008);
}

/* What a real call needs passes under the protocol's limits: two descriptions and as many candidates as are taken. */
static void
test_a_call_fits (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (Raw) anna = NULL;
  g_autoptr (Raw) ben = NULL;
  g_autoptr (JsonObject) joined = NULL;
  g_autofree char *sdp = g_strnfill (12000, 'v');
  const char *ben_id;

  parlor_relay_limits_init (&limits);
  lab = lab_new (&limits);
  anna = raw_join (lab, "/abc", "Anna", NULL, NULL);
  ben = raw_join (lab, "/abc", "Ben", NULL, NULL);
  joined = raw_hear (anna, "joined");
  ben_id = field (json_object_get_object_member (joined, "peer"), "id");
  raw_say (anna, "{\"type\":\"ring\",\"to\":\"%s\",\"call\":\"" CALL "\",\"media\":{}}", ben_id);
  raw_say (anna, "{\"type\":\"offer\",\"to\":\"%s\",\"call\":\"" CALL "\",\"sdp\":\"%s\"}", ben_id, sdp);
  for (guint i = 0; i < 150; i++)
    raw_say (anna, "{\"type\":\"ice\",\"to\":\"%s\",\"call\":\"" CALL "\",\"candidate\":{\"candidate\":\"%.200s\"}}", ben_id,
             sdp);
  json_object_unref (raw_hear (ben, "ring"));
  json_object_unref (raw_hear (ben, "offer"));
  for (guint i = 0; i < 150; i++)
    json_object_unref (raw_hear (ben, "ice"));
  raw_hear_nothing (anna);
}

static void
say_to (Raw *raw, const char *type, const char *id)
{
  raw_say (raw, "{\"type\":\"%s\",\"to\":\"%s\",\"call\":\"" CALL "\",\"media\":{}}", type, id);
}

/* Three rings a minute for each who is rung: the fourth is not carried, and costs nothing else. */
static void
test_rings (void)
{
  static const char *const ends[] = { "decline", "decline", "cancel" };
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (Raw) anna = NULL;
  g_autoptr (Raw) ben = NULL;
  g_autoptr (Raw) cleo = NULL;
  g_autoptr (JsonObject) anna_welcome = NULL;
  g_autoptr (JsonObject) ben_welcome = NULL;
  g_autoptr (JsonObject) cleo_welcome = NULL;
  const char *id[3];

  parlor_relay_limits_init (&limits);
  lab = lab_new (&limits);
  anna = raw_join (lab, "/abc", "Anna", NULL, &anna_welcome);
  ben = raw_join (lab, "/abc", "Ben", NULL, &ben_welcome);
  cleo = raw_join (lab, "/abc", "Cleo", NULL, &cleo_welcome);
  id[0] = field (anna_welcome, "id");
  id[1] = field (ben_welcome, "id");
  id[2] = field (cleo_welcome, "id");
  json_object_unref (raw_hear (anna, "joined"));
  json_object_unref (raw_hear (anna, "joined"));
  json_object_unref (raw_hear (ben, "joined"));

  for (guint i = 0; i < 3; i++)
    {
      gboolean by_ben = g_str_equal (ends[i], "decline");

      say_to (anna, "ring", id[1]);
      json_object_unref (raw_hear (ben, "ring"));
      say_to (by_ben ? ben : anna, ends[i], by_ben ? id[0] : id[1]);
      json_object_unref (raw_hear (by_ben ? anna : ben, ends[i]));
    }
  say_to (anna, "ring", id[1]);
  {
    g_autoptr (JsonObject) error = raw_hear (anna, "error");

    g_assert_cmpstr (field (error, "code"), ==, "rate");
    g_assert_cmpstr (field (error, "about"), ==, "ring");
    g_assert_cmpstr (field (error, "call"), ==, CALL);
  }
  raw_hear_nothing (ben);

  /* It is between these two, and this way round. */
  say_to (anna, "ring", id[2]);
  json_object_unref (raw_hear (cleo, "ring"));
  say_to (ben, "ring", id[0]);
  json_object_unref (raw_hear (anna, "ring"));
  /* Who accepts wants to be called. */
  say_to (anna, "accept", id[1]);
  json_object_unref (raw_hear (ben, "accept"));
  say_to (anna, "ring", id[1]);
  json_object_unref (raw_hear (ben, "ring"));
  raw_hear_nothing (anna);
}

/* Four rings that nobody has answered. */
static void
test_open_rings (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (Raw) anna = NULL;
  g_autoptr (GPtrArray) others = g_ptr_array_new_with_free_func ((GDestroyNotify) raw_free);
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (JsonObject) own = NULL;

  parlor_relay_limits_init (&limits);
  lab = lab_new (&limits);
  anna = raw_join (lab, "/abc", "Anna", NULL, &own);
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (JsonObject) welcome = NULL;

      g_ptr_array_add (others, raw_join (lab, "/abc", "Ben", NULL, &welcome));
      g_ptr_array_add (ids, g_strdup (field (welcome, "id")));
      json_object_unref (raw_hear (anna, "joined"));
    }
  for (guint i = 0; i < 4; i++)
    say_to (anna, "ring", ids->pdata[i]);
  raw_hear_nothing (anna);
  say_to (anna, "ring", ids->pdata[4]);
  raw_hear_error (anna, "rate");
  say_to (others->pdata[0], "decline", field (own, "id"));
  json_object_unref (raw_hear (anna, "decline"));
  say_to (anna, "ring", ids->pdata[4]);
  raw_hear_nothing (anna);
}

/* (transfer full) */
static Raw *
ask (Lab *lab, const char *header)
{
  Raw *raw = raw_open (lab);
  g_autofree char *head = g_strdup_printf ("GET /abc HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                                           "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                           "Sec-WebSocket-Protocol: parlor.1\r\n%s\r\n",
                                           header);

  raw_send_text (raw, head);
  raw_hear_until (raw, "\r\n\r\n");
  return raw;
}

static void
test_address (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (GPtrArray) raws = g_ptr_array_new_with_free_func ((GDestroyNotify) raw_free);
  g_autoptr (Raw) late = NULL;

  parlor_relay_limits_init (&limits);
  limits.max_guests = 100;
  lab = lab_new (&limits);
  for (guint i = 0; i < 32; i++)
    g_ptr_array_add (raws, i % 2 ? raw_upgrade (lab, "/abc", "parlor.1") : raw_join (lab, "/abc", "Anna", NULL, NULL));
  late = ask (lab, "");
  g_assert_true (g_str_has_prefix ((char *) late->in->data, "HTTP/1.1 429 "));
  g_assert_nonnull (strstr ((char *) late->in->data, "\r\nRetry-After: 10\r\n"));

  /* The page is still to be had, and a place that is free again too. */
  g_assert_cmpuint (request (lab, "GET", "/abc", NULL, NULL, NULL, NULL), ==, SOUP_STATUS_OK);
  g_ptr_array_set_size (raws, 31);
  lab_wait (parlor_relay_get_n_connections (lab->relay) == 31);
  g_ptr_array_add (raws, raw_upgrade (lab, "/abc", "parlor.1"));
}

/* A seat that is kept counts, but not against the one who comes back to it. */
static void
test_address_away (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (JsonObject) welcome = NULL;
  g_autoptr (Raw) anna = NULL;
  g_autoptr (Raw) ben = NULL;
  g_autoptr (Raw) cleo = NULL;
  g_autofree char *fields = NULL;

  parlor_relay_limits_init (&limits);
  limits.max_per_address = 2;
  lab = lab_new (&limits);
  anna = raw_join (lab, "/abc", "Anna", NULL, NULL);
  ben = raw_join (lab, "/abc", "Ben", NULL, &welcome);
  json_object_unref (raw_hear (anna, "joined"));
  g_clear_pointer (&ben, raw_free);
  raw_hear_about (anna, "away", field (welcome, "id"));

  cleo = raw_upgrade (lab, "/abc", "parlor.1");
  raw_say (cleo, "{\"type\":\"hello\",\"name\":\"Cleo\"}");
  raw_hear_error (cleo, "rate");
  raw_hear_close (cleo, 4008);
  g_clear_pointer (&cleo, raw_free);
  lab_wait (parlor_relay_get_n_connections (lab->relay) == 1);
  raw_hear_nothing (anna);

  fields = g_strdup_printf ("\"resume\":\"%s\"", field (welcome, "resume"));
  ben = raw_join (lab, "/abc", "Ben", fields, NULL);
  raw_hear_about (anna, "back", field (welcome, "id"));
  /* And then he counts as anybody. */
  raw_send_frame (ben, 0x88, NULL, 0);
  raw_hear_about (anna, "left", field (welcome, "id"));
  g_clear_pointer (&ben, raw_free);
  lab_wait (parlor_relay_get_n_connections (lab->relay) == 1);
  cleo = raw_join (lab, "/abc", "Cleo", NULL, NULL);
}

/* The host's own app is not counted, whoever else comes from its address; but only by what the host gave it. */
static void
test_host_token (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (Raw) anna = NULL;
  g_autoptr (Raw) thief = NULL;
  g_autoptr (Raw) host = NULL;

  parlor_relay_limits_init (&limits);
  limits.max_per_address = 1;
  lab = lab_new (&limits);
  anna = raw_join (lab, "/abc", "Anna", NULL, NULL);
  host = ask (lab, "Parlor-Host: " TOKEN "\r\n"); /* nobody is the host's yet */
  g_assert_true (g_str_has_prefix ((char *) host->in->data, "HTTP/1.1 429 "));
  g_clear_pointer (&host, raw_free);

  parlor_relay_set_host_token (lab->relay, TOKEN);
  thief = ask (lab, "Parlor-Host: AAAA\r\n");
  g_assert_true (g_str_has_prefix ((char *) thief->in->data, "HTTP/1.1 429 "));
  host = ask (lab, "Parlor-Host: " TOKEN "\r\n");
  g_assert_true (g_str_has_prefix ((char *) host->in->data, "HTTP/1.1 101 "));
  g_byte_array_set_size (host->in, 0);
  raw_say (host, "{\"type\":\"hello\",\"name\":\"Host\"}");
  json_object_unref (raw_hear (host, "welcome"));

  /* Away, its seat is not counted either. */
  json_object_unref (raw_hear (anna, "joined"));
  g_clear_pointer (&host, raw_free);
  json_object_unref (raw_hear (anna, "away"));
  raw_send_frame (anna, 0x88, NULL, 0);
  raw_hear_end (anna);
  g_clear_pointer (&anna, raw_free);
  anna = raw_join (lab, "/abc", "Anna", NULL, NULL);
}

/* A hundred silent connections of one address keep nobody waiting; who shares the address least of all. They were many more than
 * there are places, and no deadline helps. */
static void
test_silent_crowd (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (GPtrArray) crowd = g_ptr_array_new_with_free_func ((GDestroyNotify) raw_free);
  g_autoptr (Raw) anna = NULL;

  parlor_relay_limits_init (&limits);
  limits.max_connections = 10;
  limits.request_ms = G_MAXINT32;
  lab = lab_new (&limits);
  for (guint i = 0; i < 100; i++)
    g_ptr_array_add (crowd, raw_open (lab));
  anna = raw_join (lab, "/abc", "Anna", NULL, NULL);
  for (guint i = 0; i < crowd->len - limits.max_per_address + 1; i++)
    raw_hear_end (crowd->pdata[i]);
}

/* Whom a trusted proxy's connections are for is known when they have asked. */
static void
test_crowd_of_a_proxy (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (GPtrArray) crowd = g_ptr_array_new_with_free_func ((GDestroyNotify) raw_free);

  parlor_relay_limits_init (&limits);
  limits.max_per_address = 8;
  lab = lab_new (&limits);
  parlor_relay_trust_proxy (lab->relay, "127.0.0.1", NULL);
  for (guint i = 0; i < 20; i++)
    g_ptr_array_add (crowd, raw_open (lab));
  for (guint i = 0; i < crowd->len; i++)
    {
      raw_send_text (crowd->pdata[i], "GET /abc HTTP/1.1\r\nHost: localhost\r\n\r\n");
      raw_hear_until (crowd->pdata[i], "200 OK");
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/rates/defaults", test_defaults);
  g_test_add_func ("/relay/rates/messages", test_messages);
  g_test_add_func ("/relay/rates/pings", test_pings);
  g_test_add_func ("/relay/rates/before-hello", test_before_hello);
  g_test_add_func ("/relay/rates/bytes", test_bytes);
  g_test_add_func ("/relay/rates/a-call-fits", test_a_call_fits);
  g_test_add_func ("/relay/rates/silent-crowd", test_silent_crowd);
  g_test_add_func ("/relay/rates/crowd-of-a-proxy", test_crowd_of_a_proxy);
  g_test_add_func ("/relay/rates/rings", test_rings);
  g_test_add_func ("/relay/rates/open-rings", test_open_rings);
  g_test_add_func ("/relay/rates/address", test_address);
  g_test_add_func ("/relay/rates/address-away", test_address_away);
  g_test_add_func ("/relay/rates/host-token", test_host_token);
  return g_test_run ();
}
