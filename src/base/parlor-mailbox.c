/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-base"

#include "config.h"

#include "parlor-mailbox.h"

/*
 * ParlorMailbox: a GAsyncQueue and a GSource that is parked (ready time -1) until somebody posts.
 *
 * Posting wakes the source with g_source_set_ready_time (source, 0), which is safe from any thread. Closing
 * is done by the reader's thread: after it, letters are freed unread, so a late streaming thread that still
 * holds a reference can post without harm. The idea is gnome-remote-desktop's.
 */

struct _ParlorMailbox
{
  gatomicrefcount refs;
  GAsyncQueue *letters;
  GDestroyNotify letter_free;
  gint closed; /* atomic */

  /* the reader's thread */
  GSource *source;
  ParlorMailboxFunc read;
  gpointer user_data;
};

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);
  return callback (user_data);
}

static GSourceFuncs source_funcs = {
  .dispatch = dispatch,
};

static gboolean
read_letters (gpointer user_data)
{
  ParlorMailbox *self = parlor_mailbox_ref (user_data);
  gpointer letter;

  /* A letter's reader may close the mailbox: ask before each. */
  while (!g_atomic_int_get (&self->closed) && (letter = g_async_queue_try_pop (self->letters)))
    self->read (letter, self->user_data);

  parlor_mailbox_unref (self);
  return G_SOURCE_CONTINUE;
}

/**
 * parlor_mailbox_new:
 * @context: (nullable): where @read is called; %NULL for the caller's thread-default context
 * @read: (scope notified): reads one letter and owns it
 * @user_data: for @read; it must outlive the mailbox or its parlor_mailbox_close()
 * @letter_free: frees a letter that nobody will read
 *
 * Returns: (transfer full): a new mailbox, open
 */
ParlorMailbox *
parlor_mailbox_new (GMainContext *context,
                    ParlorMailboxFunc read,
                    gpointer user_data,
                    GDestroyNotify letter_free)
{
  ParlorMailbox *self = g_new0 (ParlorMailbox, 1);

  g_atomic_ref_count_init (&self->refs);
  self->letters = g_async_queue_new_full (letter_free);
  self->letter_free = letter_free;
  self->read = read;
  self->user_data = user_data;

  self->source = g_source_new (&source_funcs, sizeof (GSource));
  g_source_set_static_name (self->source, "ParlorMailbox");
  g_source_set_callback (self->source, read_letters, self, NULL);
  g_source_set_ready_time (self->source, -1);
  g_source_attach (self->source, context ? context : g_main_context_get_thread_default ());
  return self;
}

/**
 * parlor_mailbox_ref:
 * @self: a mailbox
 *
 * Any thread. A poster on another thread holds its own reference.
 *
 * Returns: (transfer full): @self
 */
ParlorMailbox *
parlor_mailbox_ref (ParlorMailbox *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/**
 * parlor_mailbox_unref:
 * @self: (transfer full): a mailbox
 *
 * Any thread. The reader must have called parlor_mailbox_close() before it drops its reference.
 */
void
parlor_mailbox_unref (ParlorMailbox *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_async_queue_unref (self->letters);
  g_free (self);
}

/**
 * parlor_mailbox_post:
 * @self: a mailbox
 * @letter: (transfer full) (not nullable): what to hand over
 *
 * Any thread; never blocks. On a closed mailbox the letter is freed at once.
 */
void
parlor_mailbox_post (ParlorMailbox *self, gpointer letter)
{
  g_return_if_fail (letter != NULL);

  if (g_atomic_int_get (&self->closed))
    {
      if (self->letter_free)
        self->letter_free (letter);
      return;
    }

  g_async_queue_push (self->letters, letter);
  g_source_set_ready_time (self->source, 0);
}

/**
 * parlor_mailbox_close:
 * @self: a mailbox
 *
 * Only from the reader's thread: no letter is read after this returns.
 */
void
parlor_mailbox_close (ParlorMailbox *self)
{
  gpointer letter;

  g_atomic_int_set (&self->closed, TRUE);
  g_source_destroy (self->source);
  while ((letter = g_async_queue_try_pop (self->letters)))
    if (self->letter_free)
      self->letter_free (letter);
}
