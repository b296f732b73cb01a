/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorPoll:
 *
 * Any number of descriptors as one source of a main context. It is used in the thread of that context only.
 */
typedef struct _ParlorPoll ParlorPoll;

/* There is news of the descriptor, or parlor_poll_again() was called. */
typedef void (*ParlorPollFunc) (gpointer user_data);

/**
 * ParlorWatch: one descriptor that is watched. It lies inside of whatever watches, zeroed before its first use.
 */
typedef struct
{
  gboolean at_end; /* the other end has hung up, or the descriptor broke: read until that shows */
  /*< private >*/
  int fd;
  ParlorPollFunc func; /* NULL = not watched */
  gpointer user_data;
  GList again;
} ParlorWatch;

ParlorPoll *parlor_poll_new (GError **error);
void parlor_poll_free (ParlorPoll *self);
gboolean parlor_poll_watch (ParlorPoll *self, ParlorWatch *watch, int fd, ParlorPollFunc func, gpointer user_data);
void parlor_poll_again (ParlorPoll *self, ParlorWatch *watch);
void parlor_poll_unwatch (ParlorPoll *self, ParlorWatch *watch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorPoll, parlor_poll_free)

G_END_DECLS
