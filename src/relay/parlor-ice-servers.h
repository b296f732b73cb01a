/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorIceServers:
 *
 * The STUN and TURN servers that a relay tells its guests of, with credentials that it makes for them. Immutable.
 */
typedef struct _ParlorIceServers ParlorIceServers;

ParlorIceServers *parlor_ice_servers_new (const char *const *urls, const char *secret, GError **error);
void parlor_ice_servers_free (ParlorIceServers *self);
gboolean parlor_ice_servers_have_turn (const ParlorIceServers *self);
void parlor_ice_servers_list (const ParlorIceServers *self, guint turn_ms, GPtrArray *list);

/* What a TURN server with this secret expects of this user; (transfer full). */
char *parlor_ice_servers_make_credential (const char *secret, const char *username);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorIceServers, parlor_ice_servers_free)

G_END_DECLS
