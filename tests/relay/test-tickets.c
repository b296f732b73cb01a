/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lab.h"

/* Who may come in by a ticket. As raw bytes. */

#define TICKET "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define OTHER_TICKET "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"

static void
say_hello (Raw *raw, const char *fields)
{
  raw_say (raw, "{\"type\":\"hello\",\"name\":\"Mallory\"%s%s}", fields ? "," : "", fields ? fields : "");
}

static void
test_ticket (void)
{
  static const char *const others[] = { NULL, "\"ticket\":\"" OTHER_TICKET "\"" };
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Raw) anna = raw_join (lab, "/abc", "Anna", "\"ticket\":\"" TICKET "\"", NULL);
  g_autoptr (Raw) ben = raw_join (lab, "/abc", "Ben", "\"ticket\":\"" TICKET "\"", NULL);

  json_object_unref (raw_hear (anna, "joined"));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autoptr (Raw) raw = raw_upgrade (lab, "/abc", "parlor.1");

      say_hello (raw, others[i]);
      raw_hear_error (raw, "not-invited");
      raw_hear_close (raw, 1008);
    }
  raw_hear_nothing (anna);
  g_assert_cmpuint (parlor_relay_get_n_guests (lab->relay), ==, 2);
}

/* A ticket that nobody asked for opens nothing either: it belongs to another room of this name. */
static void
test_no_ticket (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Raw) anna = raw_join (lab, "/abc", "Anna", NULL, NULL);
  g_autoptr (Raw) raw = raw_upgrade (lab, "/abc", "parlor.1");

  say_hello (raw, "\"ticket\":\"" TICKET "\"");
  raw_hear_error (raw, "not-invited");
  raw_hear_close (raw, 1008);
  raw_hear_nothing (anna);
}

/* The lobby and the door are for those who have no invite, so nobody can close them with one. */
static void
test_open_rooms (void)
{
  static const char *const paths[] = { "/", "/door" };
  g_autoptr (Lab) lab = lab_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (Raw) anna = raw_join (lab, paths[i], "Anna", "\"ticket\":\"" TICKET "\"", NULL);
      g_autoptr (Raw) ben = raw_join (lab, paths[i], "Ben", NULL, NULL);
      g_autoptr (Raw) cleo = raw_join (lab, paths[i], "Cleo", "\"ticket\":\"" OTHER_TICKET "\"", NULL);
      g_autoptr (Raw) page = raw_upgrade (lab, paths[i], NULL);

      lab_wait (parlor_relay_get_n_guests (lab->relay) == 4);
      json_object_unref (raw_hear (anna, "joined"));
    }
}

/* With the last who had it the ticket is forgotten; while somebody is away it is not. */
static void
test_ticket_of_the_absent (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (Raw) raw = NULL;

  parlor_relay_limits_init (&limits);
  lab = lab_new (&limits);
  raw_free (raw_join (lab, "/abc", "Anna", "\"ticket\":\"" TICKET "\"", NULL));
  lab_wait (parlor_relay_get_n_connections (lab->relay) == 0);
  raw = raw_upgrade (lab, "/abc", "parlor.1");
  say_hello (raw, NULL);
  raw_hear_error (raw, "not-invited");
  g_clear_pointer (&raw, raw_free);

  raw = raw_join (lab, "/gone", "Anna", "\"ticket\":\"" TICKET "\"", NULL);
  raw_send_frame (raw, 0x88, NULL, 0);
  raw_hear_end (raw);
  g_clear_pointer (&raw, raw_free);
  raw = raw_join (lab, "/gone", "Ben", "\"ticket\":\"" OTHER_TICKET "\"", NULL);
}

/* It has no word for a ticket, and none for an error. */
static void
test_seed_page_without_ticket (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Raw) anna = raw_join (lab, "/abc", "Anna", "\"ticket\":\"" TICKET "\"", NULL);
  g_autoptr (Raw) page = raw_upgrade (lab, "/abc", NULL);

  raw_hear_close (page, 1008);
  raw_hear_nothing (anna);

  raw_say (anna, "{\"type\":\"lock\"}");
  json_object_unref (raw_hear (anna, "lock"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/tickets/ticket", test_ticket);
  g_test_add_func ("/relay/tickets/no-ticket", test_no_ticket);
  g_test_add_func ("/relay/tickets/open-rooms", test_open_rooms);
  g_test_add_func ("/relay/tickets/ticket-of-the-absent", test_ticket_of_the_absent);
  g_test_add_func ("/relay/tickets/seed-page-without-ticket", test_seed_page_without_ticket);
  return g_test_run ();
}
