/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorMailbox:
 *
 * A letter box between threads: any thread posts, one main context reads.
 * This is how streaming threads and webrtcbin's own thread speak to the domain: they post and go on, and never
 * wait for the reader.
 */
typedef struct _ParlorMailbox ParlorMailbox;

/**
 * ParlorMailboxFunc:
 * @letter: (transfer full): what was posted
 * @user_data: the reader's data
 *
 * Called in the mailbox's main context, once a letter, in the order of posting.
 */
typedef void (*ParlorMailboxFunc) (gpointer letter, gpointer user_data);

ParlorMailbox *parlor_mailbox_new (GMainContext *context,
                                   ParlorMailboxFunc read,
                                   gpointer user_data,
                                   GDestroyNotify letter_free);
ParlorMailbox *parlor_mailbox_ref (ParlorMailbox *self);
void parlor_mailbox_unref (ParlorMailbox *self);
void parlor_mailbox_post (ParlorMailbox *self, gpointer letter);
void parlor_mailbox_close (ParlorMailbox *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorMailbox, parlor_mailbox_unref)

G_END_DECLS
