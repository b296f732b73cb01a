/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-tls.h"

G_BEGIN_DECLS

/**
 * ParlorStream: one TCP connection, plain or in TLS. It lies inside of whom it belongs to, and may be moved; nothing in it ever waits.
 */
typedef struct
{
  int fd;                /* nonblocking; -1 = closed */
  ParlorTlsSession *tls; /* NULL = plain */
  GBytes *unread;        /* was read and given back; NULL = nothing */
} ParlorStream;

/**
 * parlor_stream_read:
 *
 * Returns: how many of at most @length bytes were read; 0 at the end; %PARLOR_STREAM_BLOCKED or %PARLOR_STREAM_BROKEN
 */
gssize parlor_stream_read (ParlorStream *self, void *bytes, gsize length);
/**
 * parlor_stream_write:
 *
 * What was not taken must be given again, from the same byte.
 *
 * Returns: how many of the @length bytes were taken; %PARLOR_STREAM_BLOCKED or %PARLOR_STREAM_BROKEN
 */
gssize parlor_stream_write (ParlorStream *self, const void *bytes, gsize length);
/* @bytes are to be read (again) before what follows. */
void parlor_stream_unread (ParlorStream *self, const void *bytes, gsize length);
/* Whether a read that brings less than was asked for has emptied the socket. */
gboolean parlor_stream_is_direct (const ParlorStream *self);
/* Nothing more will be written. */
void parlor_stream_shutdown (ParlorStream *self);
/* Ends it as it is. Idempotent. */
void parlor_stream_close (ParlorStream *self);

G_END_DECLS
