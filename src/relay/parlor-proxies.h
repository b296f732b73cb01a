/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ParlorProxies:
 *
 * The networks in which servers in front of the relay stand, whose word on who the client is it takes.
 */
typedef struct _ParlorProxies ParlorProxies;

ParlorProxies *parlor_proxies_new (void);
void parlor_proxies_free (ParlorProxies *self);
gboolean parlor_proxies_add (ParlorProxies *self, const char *network, GError **error);
GInetAddress *parlor_proxies_find_client (ParlorProxies *self, GInetAddress *peer, const char *forwarded_for);
gboolean parlor_proxies_trust (ParlorProxies *self, GInetAddress *peer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorProxies, parlor_proxies_free)

G_END_DECLS
