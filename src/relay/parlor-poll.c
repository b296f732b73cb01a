/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-poll.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/*
 * ParlorPoll: an epoll set that is a single GSource.
 *
 * A main context looks at each of its sources whenever it wakes up, so with a source for each connection one message
 * costs work for all of them. The kernel keeps this set instead, and a wake-up costs what has happened.
 *
 * It is edge-triggered: one call is one change, for reading or for writing, and whoever is called reads until nothing
 * more is there, writes what it has, or asks to be called again. So nothing is ever switched on or off, and TLS, which
 * may have to read in order to write, needs no care of its own.
 */

#define EVENTS_MAX 256 /* at a time; the other sources of the context have their turn in between */
#define AGAIN_MAX 8    /* calls that were asked for, before what is new has its turn */

struct _ParlorPoll
{
  GSource source; /* must be first */
  int fd;
  GQueue again; /* of ParlorWatch, linked in themselves */
  struct epoll_event events[EVENTS_MAX];
  int n_events;
  int next_event; /* those before it are dealt with */
};

static gboolean
prepare (GSource *source, int *timeout)
{
  ParlorPoll *self = (ParlorPoll *) source;

  *timeout = -1;
  return self->again.length > 0;
}

static void
forget_again (ParlorPoll *self, ParlorWatch *watch)
{
  if (watch->again.data == NULL)
    return;
  g_queue_unlink (&self->again, &watch->again);
  watch->again.data = NULL;
}

static void
call_again (ParlorPoll *self)
{
  /* Who asks again meanwhile is behind those who have waited. */
  for (guint n = MIN (self->again.length, AGAIN_MAX); n > 0 && self->again.length > 0; n--)
    {
      ParlorWatch *watch = self->again.head->data;

      forget_again (self, watch);
      watch->func (watch->user_data);
    }
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  ParlorPoll *self = (ParlorPoll *) source;

  call_again (self);
  if (g_source_is_destroyed (source))
    return G_SOURCE_REMOVE;
  self->n_events = epoll_wait (self->fd, self->events, EVENTS_MAX, 0);
  for (self->next_event = 0; self->next_event < self->n_events;)
    {
      const struct epoll_event *event = &self->events[self->next_event++];
      ParlorWatch *watch = event->data.ptr;

      if (watch == NULL)
        continue;
      if (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        watch->at_end = TRUE;
      watch->func (watch->user_data);
    }
  self->n_events = 0;
  return G_SOURCE_CONTINUE;
}

static void
finalize (GSource *source)
{
  ParlorPoll *self = (ParlorPoll *) source;

  if (self->fd >= 0)
    close (self->fd);
}

/**
 * parlor_poll_new:
 * @error: a #GIOErrorEnum, as with no descriptors left
 *
 * Works in the caller's thread-default main context from now on.
 *
 * Returns: (transfer full) (nullable): a set with nothing in it
 */
ParlorPoll *
parlor_poll_new (GError **error)
{
  static GSourceFuncs funcs = { .prepare = prepare, .dispatch = dispatch, .finalize = finalize };
  GSource *source = g_source_new (&funcs, sizeof (ParlorPoll));
  ParlorPoll *self = (ParlorPoll *) source;

  g_source_set_static_name (source, "ParlorPoll");
  g_queue_init (&self->again);
  self->fd = epoll_create1 (EPOLL_CLOEXEC);
  if (self->fd < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "Cannot watch connections: %s", g_strerror (errno));
      g_source_unref (source);
      return NULL;
    }
  g_source_add_unix_fd (source, self->fd, G_IO_IN);
  g_source_attach (source, g_main_context_get_thread_default ());
  return self;
}

/**
 * parlor_poll_free:
 * @self: a set that nothing is in any more; may be called from inside of a call
 */
void
parlor_poll_free (ParlorPoll *self)
{
  g_source_destroy (&self->source);
  g_source_unref (&self->source);
}

/**
 * parlor_poll_watch:
 * @self: a set
 * @watch: one that is not in use
 * @fd: a nonblocking descriptor; it must stay open until parlor_poll_unwatch()
 * @func: called when it can be read or written, which is soon, and then whenever more can be read, or, after a write that would have blocked, written
 * @user_data: for @func
 *
 * Returns: %FALSE when the kernel has no room for another
 */
gboolean
parlor_poll_watch (ParlorPoll *self, ParlorWatch *watch, int fd, ParlorPollFunc func, gpointer user_data)
{
  struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = watch };

  g_return_val_if_fail (watch->func == NULL, FALSE);

  if (epoll_ctl (self->fd, EPOLL_CTL_ADD, fd, &event) != 0)
    return FALSE;
  watch->at_end = FALSE;
  watch->fd = fd;
  watch->func = func;
  watch->user_data = user_data;
  return TRUE;
}

/* Calls it once more, after all others had their turn. Whatever takes long is better done so: a few such calls, and then what is new. */
void
parlor_poll_again (ParlorPoll *self, ParlorWatch *watch)
{
  if (watch->func == NULL || watch->again.data != NULL)
    return;
  watch->again.data = watch;
  g_queue_push_tail_link (&self->again, &watch->again);
}

/* No call comes after this, not even one that is due. Idempotent. */
void
parlor_poll_unwatch (ParlorPoll *self, ParlorWatch *watch)
{
  if (watch->func == NULL)
    return;

  epoll_ctl (self->fd, EPOLL_CTL_DEL, watch->fd, NULL);
  forget_again (self, watch);
  for (int i = self->next_event; i < self->n_events; i++)
    if (self->events[i].data.ptr == watch)
      self->events[i].data.ptr = NULL;
  watch->func = NULL;
}
