/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-mailbox.h"

typedef struct
{
  GMainLoop *loop;
  GThread *reader;
  guint read;
  guint wanted;
  ParlorMailbox *close_at_first;
} Fixture;

static void
read_number (gpointer letter, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_true (g_thread_self () == fixture->reader);
  g_assert_cmpuint (GPOINTER_TO_UINT (letter), ==, fixture->read + 1);
  fixture->read++;
  if (fixture->close_at_first)
    parlor_mailbox_close (fixture->close_at_first);
  if (fixture->read == fixture->wanted)
    g_main_loop_quit (fixture->loop);
}

static gpointer
post_numbers (gpointer user_data)
{
  g_autoptr (ParlorMailbox) mailbox = user_data;

  for (guint i = 1; i <= 10000; i++)
    parlor_mailbox_post (mailbox, GUINT_TO_POINTER (i));
  return NULL;
}

static void
test_order (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Fixture fixture = { .loop = loop, .reader = g_thread_self (), .wanted = 10000 };
  g_autoptr (ParlorMailbox) mailbox = parlor_mailbox_new (NULL, read_number, &fixture, NULL);
  GThread *poster = g_thread_new ("poster", post_numbers, parlor_mailbox_ref (mailbox));

  g_main_loop_run (loop);
  g_thread_join (poster);
  parlor_mailbox_close (mailbox);
  g_assert_cmpuint (fixture.read, ==, 10000);
}

static guint n_freed;

static void
count_free (gpointer letter)
{
  n_freed++;
}

static void
test_closed (void)
{
  Fixture fixture = { .reader = g_thread_self (), .wanted = 3 };
  g_autoptr (ParlorMailbox) mailbox = parlor_mailbox_new (NULL, read_number, &fixture, count_free);

  n_freed = 0;
  fixture.close_at_first = mailbox;
  for (guint i = 1; i <= 3; i++)
    parlor_mailbox_post (mailbox, GUINT_TO_POINTER (i));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (fixture.read, ==, 1);
  g_assert_cmpuint (n_freed, ==, 2);

  parlor_mailbox_post (mailbox, GUINT_TO_POINTER (4));
  g_assert_cmpuint (n_freed, ==, 3);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (fixture.read, ==, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mailbox/order-across-threads", test_order);
  g_test_add_func ("/mailbox/closed-frees-unread", test_closed);
  return g_test_run ();
}
