/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lab.h"

#include "parlor-agenda.h"
#include "parlor-poll.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The two sources that a relay has for all of its connections: descriptors, and deadlines. */

#define N_PIPES 300

typedef struct _Pipes Pipes;

typedef struct
{
  Pipes *pipes;
  ParlorWatch watch;
  int ours;
  int theirs;
  guint n_calls;
} Pipe;

struct _Pipes
{
  ParlorPoll *poll;
  Pipe pipes[N_PIPES];
  guint n_calls;
};

static void
on_news (gpointer user_data)
{
  Pipe *pipe = user_data;

  pipe->n_calls++;
  pipe->pipes->n_calls++;
}

static void
pipe_close (Pipe *pipe)
{
  parlor_poll_unwatch (pipe->pipes->poll, &pipe->watch);
  if (pipe->ours >= 0)
    close (pipe->ours);
  if (pipe->theirs >= 0)
    close (pipe->theirs);
  pipe->ours = pipe->theirs = -1;
}

/* All of them watched, and called for the first time. */
static Pipes *
pipes_new (ParlorPollFunc func)
{
  Pipes *self = g_new0 (Pipes, 1);
  g_autoptr (GError) error = NULL;

  self->poll = parlor_poll_new (&error);
  g_assert_no_error (error);
  for (guint i = 0; i < N_PIPES; i++)
    {
      Pipe *pipe = &self->pipes[i];
      int ends[2];

      g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends));
      pipe->pipes = self;
      pipe->ours = ends[0];
      pipe->theirs = ends[1];
      g_assert_true (parlor_poll_watch (self->poll, &pipe->watch, pipe->ours, func, pipe));
    }
  return self;
}

static void
pipes_free (Pipes *self)
{
  for (guint i = 0; i < N_PIPES; i++)
    pipe_close (&self->pipes[i]);
  parlor_poll_free (self->poll);
  g_free (self);
}

static void
pipes_settle (Pipes *self)
{
  lab_wait (self->n_calls >= N_PIPES);
  lab_count_rounds (50);
  for (guint i = 0; i < N_PIPES; i++)
    self->pipes[i].n_calls = 0;
  self->n_calls = 0;
}

static void
write_byte (Pipe *pipe)
{
  g_assert_cmpint (write (pipe->theirs, "x", 1), ==, 1);
}

/* Only those are called that have news, and once for each piece; what nobody reads does not make it spin. */
static void
test_many (void)
{
  Pipes *pipes = pipes_new (on_news);

  pipes_settle (pipes);
  for (guint i = 0; i < N_PIPES; i += 3)
    write_byte (&pipes->pipes[i]);
  lab_wait (pipes->n_calls >= N_PIPES / 3);
  g_assert_cmpuint (lab_count_rounds (200), <, 50);
  for (guint i = 0; i < N_PIPES; i++)
    g_assert_cmpuint (pipes->pipes[i].n_calls, ==, i % 3 == 0 ? 1 : 0);

  write_byte (&pipes->pipes[0]);
  lab_wait (pipes->pipes[0].n_calls == 2);
  g_assert_false (pipes->pipes[0].watch.at_end);
  pipes_free (pipes);
}

static void
test_end (void)
{
  Pipes *pipes = pipes_new (on_news);

  pipes_settle (pipes);
  close (pipes->pipes[7].theirs);
  pipes->pipes[7].theirs = -1;
  lab_wait (pipes->n_calls > 0);
  g_assert_true (pipes->pipes[7].watch.at_end);
  g_assert_cmpuint (pipes->pipes[7].n_calls, ==, pipes->n_calls);
  pipes_free (pipes);
}

/* A write that would have blocked is heard of when there is room again. */
static void
test_writable (void)
{
  Pipes *pipes = pipes_new (on_news);
  Pipe *pipe = &pipes->pipes[3];
  char bytes[4096] = { 0 };

  pipes_settle (pipes);
  while (write (pipe->ours, bytes, sizeof bytes) > 0)
    continue;
  g_assert_cmpuint (lab_count_rounds (100), <, 50);
  g_assert_cmpuint (pipe->n_calls, ==, 0);
  while (read (pipe->theirs, bytes, sizeof bytes) > 0)
    continue;
  lab_wait (pipe->n_calls > 0);
  pipes_free (pipes);
}

/* The first one that is called closes all the others, whose turn is in the same round. */
static void
on_news_close_others (gpointer user_data)
{
  Pipe *pipe = user_data;
  Pipes *pipes = pipe->pipes;

  on_news (pipe);
  for (guint i = 0; i < N_PIPES; i++)
    if (&pipes->pipes[i] != pipe)
      {
        pipe_close (&pipes->pipes[i]);
        memset (&pipes->pipes[i].watch, 0xee, sizeof (ParlorWatch)); /* who still looks at it falls */
        pipes->pipes[i].watch.func = NULL;
      }
}

static void
test_remove_inside (void)
{
  Pipes *pipes = pipes_new (on_news_close_others);

  lab_wait (pipes->n_calls > 0);
  lab_count_rounds (50);
  g_assert_cmpuint (pipes->n_calls, <=, 2); /* one survives, asked for and with news */
  pipes_free (pipes);

  /* The same with what the kernel tells, instead of the first round. */
  pipes = pipes_new (on_news);
  pipes_settle (pipes);
  for (guint i = 0; i < N_PIPES; i++)
    {
      pipes->pipes[i].watch.func = on_news_close_others;
      write_byte (&pipes->pipes[i]);
    }
  lab_wait (pipes->n_calls > 0);
  lab_count_rounds (50);
  g_assert_cmpuint (pipes->n_calls, ==, 1);
  pipes_free (pipes);
}

static void
on_news_remove_self (gpointer user_data)
{
  on_news (user_data);
  pipe_close (user_data);
}

static void
test_remove_self (void)
{
  Pipes *pipes = pipes_new (on_news_remove_self);

  lab_wait (pipes->n_calls == N_PIPES);
  lab_count_rounds (50);
  g_assert_cmpuint (pipes->n_calls, ==, N_PIPES);
  pipes_free (pipes);
}

static void
on_news_free_all (gpointer user_data)
{
  Pipe *pipe = user_data;
  gboolean *done = (gboolean *) pipe->pipes->pipes[0].pipes; /* planted by the test */

  pipe->pipes->pipes[0].pipes = pipe->pipes;
  pipes_free (pipe->pipes);
  *done = TRUE;
}

static void
test_free_inside (void)
{
  Pipes *pipes = pipes_new (on_news);
  gboolean done = FALSE;

  pipes_settle (pipes);
  for (guint i = 0; i < N_PIPES; i++)
    pipes->pipes[i].watch.func = on_news_free_all;
  pipes->pipes[0].pipes = (Pipes *) &done;
  for (guint i = 1; i < N_PIPES; i++)
    write_byte (&pipes->pipes[i]);
  lab_wait (done);
  lab_count_rounds (50);
}

/* One that always wants more keeps nobody from their turn: not the others, not the context. */
static void
on_news_greedy (gpointer user_data)
{
  Pipe *pipe = user_data;

  on_news (pipe);
  parlor_poll_again (pipe->pipes->poll, &pipe->watch);
}

static void
test_starvation (void)
{
  Pipes *pipes = pipes_new (on_news);
  guint most = 0;

  pipes_settle (pipes);
  for (guint i = 0; i < N_PIPES / 2; i++)
    {
      pipes->pipes[i].watch.func = on_news_greedy;
      parlor_poll_again (pipes->poll, &pipes->pipes[i].watch);
    }
  for (guint i = N_PIPES / 2; i < N_PIPES; i++)
    {
      pipes->pipes[i].n_calls = 0;
      write_byte (&pipes->pipes[i]);
    }
  lab_wait (pipes->pipes[0].n_calls > 10);
  for (guint i = 0; i < N_PIPES / 2; i++)
    most = MAX (most, pipes->pipes[i].n_calls);
  for (guint i = 0; i < N_PIPES / 2; i++)
    g_assert_cmpuint (pipes->pipes[i].n_calls + 1, >=, most); /* in turn */
  for (guint i = N_PIPES / 2; i < N_PIPES; i++)
    g_assert_cmpuint (pipes->pipes[i].n_calls, ==, 1);
  pipes_free (pipes);
}

/* A crowd that asks for calls lets what is new pass after a few of them. */
static void
test_few_again (void)
{
  Pipes *pipes = pipes_new (on_news);
  Pipe *quiet = &pipes->pipes[0];
  guint before;

  pipes_settle (pipes);
  for (guint i = 1; i < N_PIPES; i++)
    {
      pipes->pipes[i].watch.func = on_news_greedy;
      parlor_poll_again (pipes->poll, &pipes->pipes[i].watch);
    }
  lab_wait (pipes->pipes[N_PIPES - 1].n_calls > 0);
  before = pipes->n_calls;
  write_byte (quiet);
  lab_wait (quiet->n_calls > 0);
  g_assert_cmpuint (pipes->n_calls - before, <=, 20);
  pipes_free (pipes);
}

typedef struct
{
  ParlorAgenda *agenda;
  ParlorDeadline deadline;
  gint64 due;
  gint64 called;
  GPtrArray *order;
} Appointment;

static void
on_deadline (gpointer user_data)
{
  Appointment *appointment = user_data;

  g_assert_cmpint (appointment->called, ==, 0);
  appointment->called = g_get_monotonic_time ();
  if (appointment->order)
    g_ptr_array_add (appointment->order, appointment);
}

/* Whatever is set, moved and cleared: each comes once, none too early, and in order. */
static void
test_deadlines (void)
{
  g_autoptr (ParlorAgenda) agenda = parlor_agenda_new ();
  g_autoptr (GPtrArray) order = g_ptr_array_new ();
  Appointment all[500] = { 0 };
  guint n_cleared = 0;

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      all[i].order = order;
      parlor_agenda_set (agenda, &all[i].deadline, g_test_rand_int_range (0, 400), on_deadline, &all[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (all); i += 2)
    parlor_agenda_set (agenda, &all[i].deadline, g_test_rand_int_range (0, 400), on_deadline, &all[i]);
  for (guint i = 0; i < G_N_ELEMENTS (all); i += 5, n_cleared++)
    {
      parlor_agenda_clear (agenda, &all[i].deadline);
      parlor_agenda_clear (agenda, &all[i].deadline);
    }
  lab_wait (order->len >= G_N_ELEMENTS (all) - n_cleared);
  lab_count_rounds (50);
  g_assert_cmpuint (order->len, ==, G_N_ELEMENTS (all) - n_cleared);
  for (guint i = 0; i < order->len; i++)
    {
      const Appointment *appointment = order->pdata[i];

      g_assert_cmpint (appointment->called, >=, appointment->deadline.at);
      if (i > 0)
        g_assert_cmpint (appointment->deadline.at, >=, ((Appointment *) order->pdata[i - 1])->deadline.at);
    }
  for (guint i = 0; i < G_N_ELEMENTS (all); i += 5)
    g_assert_cmpint (all[i].called, ==, 0);
}

/* Thousands of long ones are few wake-ups, and late by a tick at most. */
static void
test_ticks (void)
{
  g_autoptr (ParlorAgenda) agenda = parlor_agenda_new ();
  g_autoptr (GHashTable) times = g_hash_table_new (g_int64_hash, g_int64_equal);
  static Appointment all[2000];
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      all[i].due = g_get_monotonic_time () + (1000 + i / 10) * 1000;
      parlor_agenda_set (agenda, &all[i].deadline, 1000 + i / 10, on_deadline, &all[i]);
      g_assert_cmpint (all[i].deadline.at, >=, all[i].due);
      g_assert_cmpint (all[i].deadline.at, <=, g_get_monotonic_time () + (1000 + i / 10) * 1000 + 50000);
      g_hash_table_add (times, &all[i].deadline.at);
    }
  g_assert_cmpuint (g_hash_table_size (times), <, 6 + (g_get_monotonic_time () - now) / 50000);
  lab_wait (all[G_N_ELEMENTS (all) - 1].called != 0);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    g_assert_cmpint (all[i].called, >=, all[i].due);
}

static void
on_deadline_again (gpointer user_data)
{
  Appointment *appointment = user_data;

  appointment->due++;
  parlor_agenda_set (appointment->agenda, &appointment->deadline, 0, on_deadline_again, appointment);
}

static void
on_deadline_free (gpointer user_data)
{
  Appointment *appointment = user_data;

  g_clear_pointer (&appointment->agenda, parlor_agenda_free);
}

/* One that comes again at once lets others have their turn; and an agenda may end inside of a call. */
static void
test_again_and_end (void)
{
  Appointment again = { .agenda = parlor_agenda_new () };
  Appointment end = { .agenda = again.agenda };
  Appointment never = { 0 };

  parlor_agenda_set (again.agenda, &again.deadline, 0, on_deadline_again, &again);
  parlor_agenda_set (again.agenda, &never.deadline, 60000, on_deadline, &never);
  lab_wait (again.due >= 100);
  parlor_agenda_clear (again.agenda, &again.deadline);
  parlor_agenda_clear (again.agenda, &never.deadline);
  parlor_agenda_set (end.agenda, &end.deadline, 0, on_deadline_free, &end);
  lab_wait (end.agenda == NULL);
  lab_count_rounds (50);
  g_assert_cmpint (never.called, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/poll/many", test_many);
  g_test_add_func ("/relay/poll/end", test_end);
  g_test_add_func ("/relay/poll/writable", test_writable);
  g_test_add_func ("/relay/poll/remove-inside", test_remove_inside);
  g_test_add_func ("/relay/poll/remove-self", test_remove_self);
  g_test_add_func ("/relay/poll/free-inside", test_free_inside);
  g_test_add_func ("/relay/poll/starvation", test_starvation);
  g_test_add_func ("/relay/poll/few-again", test_few_again);
  g_test_add_func ("/relay/agenda/deadlines", test_deadlines);
  g_test_add_func ("/relay/agenda/ticks", test_ticks);
  g_test_add_func ("/relay/agenda/again-and-end", test_again_and_end);
  return g_test_run ();
}
