/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ParlorHosting:
 *
 * A #ParlorRelay in a thread and a main context of its own, so that neither a busy window nor a busy relay holds up the other. It listens on all
 * addresses of this computer, with TLS.
 */
typedef struct _ParlorHosting ParlorHosting;

ParlorHosting *parlor_hosting_start (const char *folder, guint16 port, GError **error);
guint16 parlor_hosting_get_port (ParlorHosting *self);
GBytes *parlor_hosting_get_pin (ParlorHosting *self); /* (transfer none): of its certificate */
/* By which the relay knows us, see parlor_relay_set_host_token(). */
const char *parlor_hosting_get_host_token (ParlorHosting *self);
void parlor_hosting_stop (ParlorHosting *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorHosting, parlor_hosting_stop)

G_END_DECLS
