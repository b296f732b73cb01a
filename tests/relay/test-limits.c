/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lab.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* What the relay puts up with: deadlines, numbers, and that all of it is given back. */

#define TEXT 0x81
#define N_CROWD 2000

static guint
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  return n;
}

static void
test_defaults (void)
{
  ParlorRelayLimits limits;

  parlor_relay_limits_init (&limits);
  g_assert_cmpuint (limits.max_message, ==, 64 * 1024);
  g_assert_cmpuint (limits.max_unsent, ==, 1024 * 1024);
  g_assert_cmpuint (limits.max_guests, ==, 16);
  g_assert_cmpuint (limits.request_ms, ==, 10000);
  g_assert_cmpuint (limits.hello_ms, ==, 10000);
  g_assert_cmpuint (limits.ping_ms, ==, 20000);
  g_assert_cmpuint (limits.max_connections, >, 0);
}

static void
test_room_full (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (GPtrArray) guests = g_ptr_array_new_with_free_func ((GDestroyNotify) client_free);
  g_autoptr (Client) late = client_open (lab, "/abc", "parlor.1", NULL, NULL);

  for (guint i = 0; i < 16; i++)
    g_ptr_array_add (guests, client_join (lab, "/abc", "Anna"));
  client_say (late, "{\"type\":\"hello\",\"name\":\"Late\"}");
  client_hear_error (late, "room-full");
  client_expect_close (late, 1013);
  g_assert_cmpuint (parlor_relay_get_n_guests (lab->relay), ==, 16);

  /* Other rooms are not, and a chair that is free again is. */
  client_free (client_join (lab, "/other", "Ben"));
  g_ptr_array_set_size (guests, 15);
  lab_wait (parlor_relay_get_n_guests (lab->relay) == 15);
  g_ptr_array_add (guests, client_join (lab, "/abc", "Cleo"));
}

static void
test_connections (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (Client) one = NULL;
  g_autoptr (Client) two = NULL;
  g_autoptr (Raw) third = NULL;

  lab_limits_init (&limits);
  limits.max_connections = 2;
  lab = lab_new (&limits);
  one = client_join (lab, "/one", "Anna");
  two = client_open (lab, "/two", "parlor.1", NULL, NULL); /* counts before its hello */

  third = raw_open (lab);
  raw_send_text (third, "GET /three HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  raw_hear_end (third);
  g_assert_true (g_str_has_prefix ((char *) third->in->data, "HTTP/1.1 503 "));
  g_assert_nonnull (strstr ((char *) third->in->data, "\r\nRetry-After: 10\r\n"));

  /* The page is still to be had, and a place that is free again too. */
  g_assert_cmpuint (request (lab, "GET", "/three", NULL, NULL, NULL, NULL), ==, SOUP_STATUS_OK);
  client_close (two);
  client_free (client_join (lab, "/three", "Cleo"));
}

/* Connections that ask for nothing fill the relay; who comes then waits, and is served when their deadline is over. */
static void
test_silent_crowd (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (GPtrArray) crowd = g_ptr_array_new_with_free_func ((GDestroyNotify) raw_free);
  guint before;

  lab_limits_init (&limits);
  limits.max_connections = 1;
  limits.request_ms = 1000;
  lab = lab_new (&limits);
  before = count_descriptors ();
  for (guint i = 0; i < 200; i++)
    g_ptr_array_add (crowd, raw_open (lab));
  client_free (client_join (lab, "/abc", "Anna"));
  for (guint i = 0; i < crowd->len; i++)
    raw_hear_end (crowd->pdata[i]);
  g_ptr_array_set_size (crowd, 0);
  lab_wait (count_descriptors () <= before);
}

/* How many descriptors the main context looks at whenever it wakes up. */
static int
count_polled (void)
{
  GMainContext *context = g_main_context_default ();
  int priority;
  int timeout;
  int n;

  g_assert_true (g_main_context_acquire (context));
  g_main_context_prepare (context, &priority);
  n = g_main_context_query (context, G_MAXINT, &timeout, NULL, 0);
  g_main_context_release (context);
  return n;
}

/* Those who say nothing, who began to say something, and who do not take their answer: the main context has no part of any. */
static void
test_few_sources (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (GPtrArray) crowd = g_ptr_array_new_with_free_func ((GDestroyNotify) raw_free);
  static const char *const words[] = { "", "GET /abc HT", "GET /abc HTTP/1.1\r\nHost: localhost\r\n\r\n" };
  g_autoptr (GSource) source = NULL;
  Raw *last;
  int before;

  client_free (client_join (lab, "/abc", "Anna"));
  before = count_polled ();
  for (guint i = 0; i < 201; i++)
    {
      g_ptr_array_add (crowd, raw_open (lab));
      raw_send_text (crowd->pdata[i], words[i % G_N_ELEMENTS (words)]);
    }
  last = crowd->pdata[crowd->len - 1];
  raw_hear_until (last, "200 OK"); /* so the others have been accepted too */
  g_assert_cmpint (count_polled (), ==, before);

  /* One that has, as a control. */
  source = g_socket_create_source (last->socket, G_IO_IN, NULL);
  g_source_attach (source, NULL);
  g_assert_cmpint (count_polled (), ==, before + 1);
  g_source_destroy (source);
}

/* With no descriptor left the listener must not die, nor spin. */
static void
test_no_descriptors (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Client) anna = client_join (lab, "/abc", "Anna");
  g_autoptr (Raw) waiting = raw_open (lab);
  struct rlimit old;
  struct rlimit tight;
  int fillers[256];
  guint n_fillers = 0;

  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &old));
  tight = old;
  tight.rlim_cur = G_N_ELEMENTS (fillers);
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &tight));
  while ((fillers[n_fillers] = dup (STDERR_FILENO)) >= 0)
    n_fillers++;
  raw_send_text (waiting, "GET /abc HTTP/1.0\r\nHost: localhost\r\n\r\n");
  g_assert_cmpuint (lab_count_rounds (500), <, 200);
  g_assert_cmpuint (waiting->in->len, ==, 0);
  client_hear_nothing (anna);

  while (n_fillers > 0)
    close (fillers[--n_fillers]);
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &old));
  raw_hear_until (waiting, "200 OK");
}

static void
test_hello_timeout (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (Client) anna = NULL;
  g_autoptr (Client) page = NULL;
  g_autoptr (Client) mute = NULL;

  lab_limits_init (&limits);
  limits.hello_ms = 500;
  lab = lab_new (&limits);
  anna = client_join (lab, "/abc", "Anna");
  page = client_join_seed (lab, "/abc");
  json_object_unref (client_hear (anna, "joined"));
  mute = client_open (lab, "/abc", "parlor.1", NULL, NULL);
  client_hear_error (mute, "hello-timeout");
  client_expect_close (mute, 1008);

  /* Who has said hello, or need not, stays. */
  client_hear_nothing (anna);
  g_assert_false (page->closed);
  g_assert_cmpuint (parlor_relay_get_n_guests (lab->relay), ==, 2);
}

/* Two pings without an answer are one too many; a client that answers stays, and so does one that only talks. */
static void
test_pings (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (Client) anna = NULL;
  g_autoptr (Raw) dead = NULL;
  g_autofree char *welcome = NULL;
  guint n_pings = 0;

  lab_limits_init (&limits);
  limits.ping_ms = 100;
  lab = lab_new (&limits);
  anna = client_join (lab, "/abc", "Anna"); /* libsoup answers pings */
  dead = raw_upgrade (lab, "/abc", "parlor.1");
  raw_send_frame (dead, TEXT, "{\"type\":\"hello\",\"name\":\"D\"}", 27);
  json_object_unref (client_hear (anna, "joined"));
  g_assert_cmphex (raw_hear_frame (dead, &welcome, NULL), ==, TEXT);

  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *payload = NULL;

      g_assert_cmphex (raw_hear_frame (dead, &payload, NULL), ==, 0x89);
      raw_send_frame (dead, 0x8a, "", 0);
    }
  raw_hear_end (dead);
  for (; n_pings * 2 < dead->in->len; n_pings++)
    g_assert_cmphex (dead->in->data[n_pings * 2], ==, 0x89);
  /* On a busy machine the last answer crosses with the next ping. */
  g_assert_true (n_pings == 2 || n_pings == 3);
  json_object_unref (client_hear (anna, "left"));
  client_hear_nothing (anna);
}

/* Rooms come and go by the hundred, with polite ends and without, and leave nothing. */
static void
test_come_and_go (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  guint before = 0;

  for (guint round = 0; round < 5; round++)
    {
      g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify) client_free);
      g_autoptr (GPtrArray) raws = g_ptr_array_new_with_free_func ((GDestroyNotify) raw_free);

      for (guint i = 0; i < 100; i++)
        {
          g_autofree char *path = g_strdup_printf ("/room-%u", i);

          g_ptr_array_add (clients, i % 2 ? client_join (lab, path, "Anna") : client_join_seed (lab, path));
          if (i % 4 == 0)
            {
              g_autofree char *payload = NULL;
              Raw *raw = raw_upgrade (lab, path, "parlor.1");

              raw_send_frame (raw, TEXT, "{\"type\":\"hello\",\"name\":\"R\"}", 27);
              raw_hear_frame (raw, &payload, NULL);
              g_ptr_array_add (raws, raw);
            }
        }
      g_assert_cmpuint (parlor_relay_get_n_rooms (lab->relay), ==, 100);
      g_assert_cmpuint (parlor_relay_get_n_guests (lab->relay), ==, 125);
      g_ptr_array_set_size (raws, 0);
      g_ptr_array_set_size (clients, 0);
      lab_wait (parlor_relay_get_n_guests (lab->relay) == 0);
      g_assert_cmpuint (parlor_relay_get_n_rooms (lab->relay), ==, 0);
      if (round == 0)
        before = count_descriptors ();
      else
        lab_wait (count_descriptors () <= before);
    }
}

/* Two thousand in one process: those who say nothing cost nothing, one message finds its way among them, and when they
 * go, nothing is left. */
static void
test_thousands (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (GPtrArray) crowd = g_ptr_array_new_with_free_func ((GDestroyNotify) raw_free);
  g_autoptr (Client) anna = NULL;
  struct rlimit all;
  guint before;

  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &all));
  all.rlim_cur = all.rlim_max;
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &all));
  if (all.rlim_max < 3 * N_CROWD)
    {
      g_test_skip ("This system allows too few descriptors");
      return;
    }

  lab_limits_init (&limits);
  limits.max_connections = N_CROWD + 1;
  lab = lab_new (&limits);
  anna = client_join (lab, "/anna", "Anna");
  before = count_descriptors ();
  for (guint i = 0; i < N_CROWD; i++)
    {
      g_autofree char *path = g_strdup_printf ("/room-%u", i);
      g_autofree char *payload = NULL;
      Raw *raw = raw_upgrade (lab, path, "parlor.1");

      g_ptr_array_add (crowd, raw);
      raw_send_frame (raw, TEXT, "{\"type\":\"hello\",\"name\":\"R\"}", 27);
      raw_hear_frame (raw, &payload, NULL);
    }
  g_assert_cmpuint (parlor_relay_get_n_guests (lab->relay), ==, N_CROWD + 1);
  g_assert_cmpuint (lab_count_rounds (500), <, 200);
  client_hear_nothing (anna);

  g_ptr_array_set_size (crowd, 0);
  lab_wait (parlor_relay_get_n_guests (lab->relay) == 1);
  lab_wait (count_descriptors () <= before);
}

/* Ids are long, of the right letters, and never the same. */
static void
test_ids (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (GHashTable) ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (Client) client = client_join (lab, "/abc", "Anna");

      g_assert_true (parlor_wire_id_is_valid (client->id));
      g_assert_cmpuint (strlen (client->id), ==, 22); /* 128 bits */
      g_assert_true (g_hash_table_add (ids, g_strdup (client->id)));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/limits/defaults", test_defaults);
  g_test_add_func ("/relay/limits/room-full", test_room_full);
  g_test_add_func ("/relay/limits/connections", test_connections);
  g_test_add_func ("/relay/limits/silent-crowd", test_silent_crowd);
  g_test_add_func ("/relay/limits/few-sources", test_few_sources);
  g_test_add_func ("/relay/limits/no-descriptors", test_no_descriptors);
  g_test_add_func ("/relay/limits/hello-timeout", test_hello_timeout);
  g_test_add_func ("/relay/limits/pings", test_pings);
  g_test_add_func ("/relay/limits/come-and-go", test_come_and_go);
  g_test_add_func ("/relay/limits/thousands", test_thousands);
  g_test_add_func ("/relay/limits/ids", test_ids);
  return g_test_run ();
}
