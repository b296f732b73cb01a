/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-line.h"

/*
 * ParlorLine: a queue and one GSource. All wait for the same time, so who came first is due first, and the source need
 * only know of the head. It may wake up once for somebody who left: that costs less than asking it to sleep on each time.
 */

struct _ParlorLine
{
  GQueue places; /* of ParlorLinePlace, by their links */
  gint64 wait_us;
  GSource *source;
  ParlorLineDue due;
  gpointer user_data;
};

static gboolean
on_ready (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

static GSourceFuncs source_funcs = { .dispatch = on_ready };

static ParlorLinePlace *
get_head (ParlorLine *self)
{
  GList *link = g_queue_peek_head_link (&self->places);

  return link ? (ParlorLinePlace *) ((char *) link - G_STRUCT_OFFSET (ParlorLinePlace, link)) : NULL;
}

static gboolean
on_due (gpointer user_data)
{
  ParlorLine *self = user_data;
  gint64 now = g_get_monotonic_time ();
  ParlorLinePlace *head;

  while ((head = get_head (self)) != NULL && head->due <= now)
    {
      gpointer person = head->link.data;

      parlor_line_leave (self, head);
      self->due (person, self->user_data);
    }
  g_source_set_ready_time (self->source, head ? head->due : -1);
  return G_SOURCE_CONTINUE;
}

ParlorLine *
parlor_line_new (guint wait_ms, ParlorLineDue due, gpointer user_data)
{
  ParlorLine *self = g_new0 (ParlorLine, 1);

  g_queue_init (&self->places);
  self->wait_us = (gint64) wait_ms * 1000;
  self->due = due;
  self->user_data = user_data;
  self->source = g_source_new (&source_funcs, sizeof (GSource));
  g_source_set_callback (self->source, on_due, self, NULL);
  g_source_attach (self->source, g_main_context_get_thread_default ());
  return self;
}

void
parlor_line_free (ParlorLine *self)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_free (self);
}

void
parlor_line_join (ParlorLine *self, ParlorLinePlace *place, gpointer person)
{
  parlor_line_leave (self, place);
  place->link.data = person;
  place->due = g_get_monotonic_time () + self->wait_us;
  g_queue_push_tail_link (&self->places, &place->link);
  if (self->places.length == 1)
    g_source_set_ready_time (self->source, place->due);
}

void
parlor_line_leave (ParlorLine *self, ParlorLinePlace *place)
{
  if (place->due == 0)
    return;

  g_queue_unlink (&self->places, &place->link);
  place->due = 0;
}
