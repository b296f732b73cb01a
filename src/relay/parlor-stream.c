/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static gssize
judge (gssize n)
{
  if (n >= 0)
    return n;
  return errno == EAGAIN ? PARLOR_STREAM_BLOCKED : PARLOR_STREAM_BROKEN;
}

static gssize
read_again (ParlorStream *self, void *bytes, gsize length)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (self->unread, &size);
  gsize n = MIN (size, length);
  g_autoptr (GBytes) rest = size > n ? g_bytes_new_from_bytes (self->unread, n, size - n) : NULL;

  memcpy (bytes, data, n);
  g_bytes_unref (self->unread);
  self->unread = g_steal_pointer (&rest);
  return n;
}

gssize
parlor_stream_read (ParlorStream *self, void *bytes, gsize length)
{
  if (self->unread != NULL)
    return read_again (self, bytes, length);
  if (self->tls != NULL)
    return parlor_tls_session_read (self->tls, bytes, length);
  return judge (TEMP_FAILURE_RETRY (recv (self->fd, bytes, length, 0)));
}

gssize
parlor_stream_write (ParlorStream *self, const void *bytes, gsize length)
{
  if (self->tls != NULL)
    return parlor_tls_session_write (self->tls, bytes, length);
  return judge (TEMP_FAILURE_RETRY (send (self->fd, bytes, length, MSG_NOSIGNAL)));
}

void
parlor_stream_unread (ParlorStream *self, const void *bytes, gsize length)
{
  g_return_if_fail (self->unread == NULL);

  if (length > 0)
    self->unread = g_bytes_new (bytes, length);
}

gboolean
parlor_stream_is_direct (const ParlorStream *self)
{
  return self->tls == NULL && self->unread == NULL;
}

void
parlor_stream_shutdown (ParlorStream *self)
{
  if (self->tls != NULL)
    parlor_tls_session_say_goodbye (self->tls);
  shutdown (self->fd, SHUT_WR);
}

void
parlor_stream_close (ParlorStream *self)
{
  g_clear_pointer (&self->tls, parlor_tls_session_free);
  g_clear_pointer (&self->unread, g_bytes_unref);
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}
