/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-proxies.h"

#include <string.h>

/*
 * Whose word is taken on where a request comes from.
 *
 * Anybody can write X-Forwarded-For, and each proxy adds at its end the address that it saw itself. So the list is read from
 * the right, and the first address that is not a trusted proxy's is the client's: what stands left of it is hearsay.
 * Pure; one thread at a time.
 */

struct _ParlorProxies
{
  GPtrArray *masks; /* GInetAddressMask */
};

ParlorProxies *
parlor_proxies_new (void)
{
  ParlorProxies *self = g_new0 (ParlorProxies, 1);

  self->masks = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

void
parlor_proxies_free (ParlorProxies *self)
{
  g_ptr_array_unref (self->masks);
  g_free (self);
}

/* @network: "10.0.0.0/8", "fd00::/8" or an address; anything else is a #GIOErrorEnum. */
gboolean
parlor_proxies_add (ParlorProxies *self, const char *network, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (network, "/", 2);
  g_autoptr (GInetAddress) address = parts[0] ? g_inet_address_new_from_string (parts[0]) : NULL;
  GInetAddressMask *mask = NULL;
  guint64 length = address ? g_inet_address_get_native_size (address) * 8 : 0;

  /* GLib 2.74 warns of a length that is too long, and takes it. */
  if (address && parts[1] && !g_ascii_string_to_unsigned (parts[1], 10, 0, length, &length, NULL))
    g_clear_object (&address);
  if (address)
    mask = g_inet_address_mask_new (address, length, error);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "'%s' is no address and no network", network);
  if (mask == NULL)
    return FALSE;
  g_ptr_array_add (self->masks, mask);
  return TRUE;
}

/* An address of IPv4 that came over a socket of both kinds looks as if it were one of IPv6. */
static GInetAddress *
unmap (GInetAddress *address)
{
  static const guint8 mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
  const guint8 *bytes = g_inet_address_to_bytes (address);

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 && memcmp (bytes, mapped, sizeof mapped) == 0)
    return g_inet_address_new_from_bytes (bytes + sizeof mapped, G_SOCKET_FAMILY_IPV4);
  return g_object_ref (address);
}

gboolean
parlor_proxies_trust (ParlorProxies *self, GInetAddress *peer)
{
  g_autoptr (GInetAddress) address = unmap (peer);

  for (guint i = 0; i < self->masks->len; i++)
    if (g_inet_address_mask_matches (self->masks->pdata[i], address))
      return TRUE;
  return FALSE;
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80" */
static GInetAddress *
parse_address (const char *text)
{
  g_autofree char *host = NULL;
  const char *end;

  if (text[0] == '[')
    {
      end = strchr (text, ']');
      if (end == NULL || (end[1] != '\0' && end[1] != ':'))
        return NULL;
      host = g_strndup (text + 1, end - text - 1);
    }
  else
    {
      end = strchr (text, ':');
      host = end != NULL && strchr (end + 1, ':') == NULL ? g_strndup (text, end - text) : g_strdup (text);
    }
  return g_inet_address_new_from_string (host);
}

/**
 * parlor_proxies_find_client:
 * @self: the trusted ones
 * @peer: the other end of the connection
 * @forwarded_for: (nullable): X-Forwarded-For, several of them joined by commas
 *
 * Returns: (transfer full): the address to which the request is laid
 */
GInetAddress *
parlor_proxies_find_client (ParlorProxies *self, GInetAddress *peer, const char *forwarded_for)
{
  g_autoptr (GInetAddress) client = unmap (peer);
  g_auto (GStrv) hops = g_strsplit (forwarded_for ? forwarded_for : "", ",", -1);

  for (guint i = g_strv_length (hops); i > 0 && parlor_proxies_trust (self, client); i--)
    {
      g_autoptr (GInetAddress) hop = parse_address (g_strstrip (hops[i - 1]));

      /* What a trusted proxy could not name is the proxy's own. */
      if (hop == NULL)
        break;
      g_object_unref (client);
      client = unmap (hop);
    }
  return g_steal_pointer (&client);
}
