/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-agenda.h"

/*
 * ParlorAgenda: deadlines in a binary heap, the next one on top, as a single GSource that wakes up for that.
 *
 * A connection has a deadline or two from its first byte to its last. As sources of their own they would all be looked
 * at whenever the main context wakes up; here setting or clearing one costs the logarithm of their number, and waiting
 * costs nothing. Deadlines of a second and more are rounded up to common ticks, so that thousands of connections do not
 * wake the process thousands of times.
 */

#define TICK (50 * G_TIME_SPAN_MILLISECOND)
#define EXACT_MS 1000 /* shorter ones are kept to the letter */

struct _ParlorAgenda
{
  GSource source;  /* must be first */
  GPtrArray *heap; /* of ParlorDeadline; place n is at n - 1 */
};

static ParlorDeadline *
at_place (ParlorAgenda *self, guint place)
{
  return place <= self->heap->len ? self->heap->pdata[place - 1] : NULL;
}

static void
put (ParlorAgenda *self, ParlorDeadline *deadline, guint place)
{
  deadline->place = place;
  self->heap->pdata[place - 1] = deadline;
}

/* Moves @deadline from @place, which is free, to where it belongs. */
static void
settle (ParlorAgenda *self, ParlorDeadline *deadline, guint place)
{
  ParlorDeadline *other;

  while (place > 1 && (other = at_place (self, place / 2))->at > deadline->at)
    {
      put (self, other, place);
      place /= 2;
    }
  while ((other = at_place (self, place * 2)) != NULL)
    {
      ParlorDeadline *right = at_place (self, place * 2 + 1);
      guint from;

      if (right != NULL && right->at < other->at)
        other = right;
      if (other->at >= deadline->at)
        break;
      from = other->place;
      put (self, other, place);
      place = from;
    }
  put (self, deadline, place);
}

static void
set_alarm (ParlorAgenda *self)
{
  ParlorDeadline *next = at_place (self, 1);

  g_source_set_ready_time (&self->source, next ? next->at : -1);
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  ParlorAgenda *self = (ParlorAgenda *) source;
  gint64 now = g_source_get_time (source);
  ParlorDeadline *next;

  while (!g_source_is_destroyed (source) && (next = at_place (self, 1)) != NULL && next->at <= now)
    {
      parlor_agenda_clear (self, next);
      next->func (next->user_data);
    }
  if (!g_source_is_destroyed (source))
    set_alarm (self);
  return G_SOURCE_CONTINUE;
}

static void
finalize (GSource *source)
{
  g_ptr_array_unref (((ParlorAgenda *) source)->heap);
}

/**
 * parlor_agenda_new:
 *
 * Works in the caller's thread-default main context from now on.
 *
 * Returns: (transfer full): an agenda with nothing on it
 */
ParlorAgenda *
parlor_agenda_new (void)
{
  static GSourceFuncs funcs = { .dispatch = dispatch, .finalize = finalize };
  GSource *source = g_source_new (&funcs, sizeof (ParlorAgenda));
  ParlorAgenda *self = (ParlorAgenda *) source;

  g_source_set_static_name (source, "ParlorAgenda");
  self->heap = g_ptr_array_new ();
  g_source_attach (source, g_main_context_get_thread_default ());
  return self;
}

/**
 * parlor_agenda_free:
 * @self: an agenda that nothing is on any more; may be called from inside of a call
 */
void
parlor_agenda_free (ParlorAgenda *self)
{
  g_source_destroy (&self->source);
  g_source_unref (&self->source);
}

/**
 * parlor_agenda_set:
 * @self: an agenda
 * @deadline: a deadline; if it is set already, it moves
 * @ms: from now; 0 for as soon as whatever calls this is over
 * @func: called once, then
 * @user_data: for @func
 */
void
parlor_agenda_set (ParlorAgenda *self, ParlorDeadline *deadline, guint ms, ParlorAgendaFunc func, gpointer user_data)
{
  gint64 alarm = g_source_get_ready_time (&self->source);

  parlor_agenda_clear (self, deadline);
  deadline->at = g_get_monotonic_time () + ms * G_TIME_SPAN_MILLISECOND;
  if (ms >= EXACT_MS)
    deadline->at += TICK - deadline->at % TICK;
  deadline->func = func;
  deadline->user_data = user_data;
  g_ptr_array_add (self->heap, deadline);
  settle (self, deadline, self->heap->len);

  /* One that is too early by now costs a look; to set it costs the context a wake-up each time. */
  if (alarm < 0 || deadline->at < alarm)
    set_alarm (self);
}

/* Idempotent. */
void
parlor_agenda_clear (ParlorAgenda *self, ParlorDeadline *deadline)
{
  ParlorDeadline *last;
  guint place = deadline->place;

  if (place == 0)
    return;

  last = g_ptr_array_steal_index_fast (self->heap, self->heap->len - 1);
  if (last != deadline)
    settle (self, last, place);
  deadline->place = 0;
}
