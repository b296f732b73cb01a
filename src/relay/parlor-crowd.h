/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ParlorCrowd:
 *
 * How many there are from each network. One thread at a time.
 */
typedef struct _ParlorCrowd ParlorCrowd;

ParlorCrowd *parlor_crowd_new (void);
void parlor_crowd_free (ParlorCrowd *self);
/* Of @network %NULL nobody is counted, and there are always 0. */
void parlor_crowd_add (ParlorCrowd *self, const char *network);
void parlor_crowd_remove (ParlorCrowd *self, const char *network);
guint parlor_crowd_count (ParlorCrowd *self, const char *network);

/**
 * parlor_crowd_get_network:
 * @address: where somebody comes from
 *
 * What is counted as one: an IPv4 address, or the /64 that one subscriber gets of IPv6. IPv4 written as IPv6
 * (::ffff:0:0/96) is IPv4.
 *
 * Returns: (transfer full): a name for it, for comparing only
 */
char *parlor_crowd_get_network (GInetAddress *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorCrowd, parlor_crowd_free)

G_END_DECLS
