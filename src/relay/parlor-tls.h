/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ParlorTls: what a server shows and demands: its certificate, and the versions and ciphers of TLS. Counted by reference, within one thread.
 */
typedef struct _ParlorTls ParlorTls;

/**
 * ParlorTlsSession: the TLS of one connection, over its descriptor. It never waits, and belongs to the thread of its connection.
 */
typedef struct _ParlorTlsSession ParlorTlsSession;

/* What reading, writing and shaking hands answer besides a number of bytes. */
#define PARLOR_STREAM_BLOCKED -1 /* the socket has nothing, or takes nothing, now */
#define PARLOR_STREAM_BROKEN -2  /* nothing more will come of it */

ParlorTls *parlor_tls_new (GTlsCertificate *certificate);
ParlorTls *parlor_tls_ref (ParlorTls *self);
void parlor_tls_unref (ParlorTls *self);

ParlorTlsSession *parlor_tls_session_new (ParlorTls *tls, int fd);
void parlor_tls_session_free (ParlorTlsSession *self);
int parlor_tls_session_shake_hands (ParlorTlsSession *self);
gssize parlor_tls_session_read (ParlorTlsSession *self, void *bytes, gsize length);
gssize parlor_tls_session_write (ParlorTlsSession *self, const void *bytes, gsize length);
void parlor_tls_session_say_goodbye (ParlorTlsSession *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorTls, parlor_tls_unref)

G_END_DECLS
