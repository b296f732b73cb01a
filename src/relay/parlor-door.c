/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-door.h"

#include "parlor-message.h"

#include <gio/gio.h>
#include <string.h>

/*
 * The door: what the head of a request allows.
 *
 * Host: a page of a foreign site can make a browser connect here under the site's own name, by letting that name
 * resolve to 127.0.0.1 or a neighbour's address (DNS rebinding). It cannot do so under an address literal or
 * localhost, so those are let in, and of names only those that the host allowed.
 */

/* The host of a Host header, without port and brackets; NULL when it is not one. */
static char *
get_host_name (const char *host)
{
  const char *end;
  const char *port;

  if (host[0] == '[')
    {
      end = strchr (host, ']');
      if (end == NULL || (end[1] != '\0' && end[1] != ':'))
        return NULL;
      host++;
      port = end + 1;
    }
  else
    {
      end = port = host + strcspn (host, ":");
    }
  if (end == host || (*port == ':' && strspn (port + 1, "0123456789") != strlen (port + 1)))
    return NULL;
  return g_ascii_strdown (host, end - host);
}

const char *
parlor_door_get_room (const char *path)
{
  if (path[0] != '/')
    return NULL;
  path++;
  if (path[0] == '\0')
    return path;
  if (!parlor_wire_room_is_valid (path) || g_str_equal (path, "guest-page") || g_str_equal (path, "health"))
    return NULL;
  return path;
}

gboolean
parlor_door_room_has_ticket (const char *room)
{
  return *room != '\0' && !g_str_equal (room, "door");
}

gboolean
parlor_door_host_is_allowed (const char *host, GHashTable *allowed_names)
{
  g_autofree char *name = host ? get_host_name (host) : NULL;

  if (name == NULL)
    return FALSE;
  return g_hostname_is_ip_address (name) || g_str_equal (name, "localhost")
         || g_hash_table_contains (allowed_names, name);
}

gboolean
parlor_door_origin_matches (const char *origin, const char *host)
{
  const char *authority = strstr (origin, "://");

  return authority != NULL
         && (g_str_has_prefix (origin, "http://") || g_str_has_prefix (origin, "https://"))
         && g_ascii_strcasecmp (authority + strlen ("://"), host) == 0;
}

gboolean
parlor_door_address_is_loopback (const char *address)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (address);

  return inet != NULL && g_inet_address_get_is_loopback (inet);
}
