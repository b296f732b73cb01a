/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-relay-service.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * What systemd and a service say to each other: sockets by sd_listen_fds(3), three environment variables, and states by
 * sd_notify(3), a datagram. Both are stable, documented, and too little to link a library for.
 */

#define FIRST_DESCRIPTOR 3

static gboolean
refuse (GError **error, const char *problem)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
               "%s; the socket unit must have exactly one ListenStream=, an address and a port", problem);
  return FALSE;
}

gboolean
parlor_relay_service_take_socket (GSocket **socket, GError **error)
{
  const char *pid = g_getenv ("LISTEN_PID");
  const char *count = g_getenv ("LISTEN_FDS");
  gboolean is_ours = pid && count && g_ascii_strtoll (pid, NULL, 10) == getpid ();
  gint64 n = is_ours ? g_ascii_strtoll (count, NULL, 10) : 0;
  g_autoptr (GSocket) taken = NULL;
  gboolean listens = FALSE;

  *socket = NULL;
  g_unsetenv ("LISTEN_PID");
  g_unsetenv ("LISTEN_FDS");
  g_unsetenv ("LISTEN_FDNAMES");
  if (n <= 0)
    return TRUE;
  if (n > 1)
    return refuse (error, "More than one socket was passed");
  fcntl (FIRST_DESCRIPTOR, F_SETFD, FD_CLOEXEC);
  taken = g_socket_new_from_fd (FIRST_DESCRIPTOR, error);
  if (taken == NULL)
    return FALSE;
  if (g_socket_get_family (taken) == G_SOCKET_FAMILY_UNIX || g_socket_get_socket_type (taken) != G_SOCKET_TYPE_STREAM)
    return refuse (error, "The socket that was passed is not one of TCP");
  if (!g_socket_get_option (taken, SOL_SOCKET, SO_ACCEPTCONN, &listens, NULL) || !listens)
    return refuse (error, "The socket that was passed does not listen");
  *socket = g_steal_pointer (&taken);
  return TRUE;
}

void
parlor_relay_service_notify (const char *state)
{
  const char *path = g_getenv ("NOTIFY_SOCKET");
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  gsize length = path ? strlen (path) : 0;
  int fd;

  if (length == 0 || length >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
    return;
  memcpy (address.sun_path, path, length);
  if (path[0] == '@')
    address.sun_path[0] = '\0'; /* the abstract namespace, unix(7) */
  fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return;
  if (sendto (fd, state, strlen (state), MSG_NOSIGNAL, (struct sockaddr *) &address,
              offsetof (struct sockaddr_un, sun_path) + length)
      < 0)
    g_warning ("The service manager cannot be told %s: %s", state, g_strerror (errno));
  close (fd);
}
