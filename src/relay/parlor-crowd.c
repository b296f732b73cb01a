/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-crowd.h"

#include <string.h>

struct _ParlorCrowd
{
  GHashTable *counts; /* network -> number, never 0 */
};

ParlorCrowd *
parlor_crowd_new (void)
{
  ParlorCrowd *self = g_new0 (ParlorCrowd, 1);

  self->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
parlor_crowd_free (ParlorCrowd *self)
{
  g_hash_table_unref (self->counts);
  g_free (self);
}

static void
set (ParlorCrowd *self, const char *network, guint n)
{
  if (n == 0)
    g_hash_table_remove (self->counts, network);
  else
    g_hash_table_insert (self->counts, g_strdup (network), GUINT_TO_POINTER (n));
}

void
parlor_crowd_add (ParlorCrowd *self, const char *network)
{
  if (network != NULL)
    set (self, network, parlor_crowd_count (self, network) + 1);
}

void
parlor_crowd_remove (ParlorCrowd *self, const char *network)
{
  if (network != NULL && parlor_crowd_count (self, network) > 0)
    set (self, network, parlor_crowd_count (self, network) - 1);
}

guint
parlor_crowd_count (ParlorCrowd *self, const char *network)
{
  return network ? GPOINTER_TO_UINT (g_hash_table_lookup (self->counts, network)) : 0;
}

char *
parlor_crowd_get_network (GInetAddress *address)
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };
  const guint8 *bytes = g_inet_address_to_bytes (address);
  g_autoptr (GInetAddress) prefix = NULL;
  guint8 network[16] = { 0 };

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4)
    return g_inet_address_to_string (address);

  if (memcmp (bytes, mapped, sizeof mapped) == 0)
    {
      prefix = g_inet_address_new_from_bytes (bytes + sizeof mapped, G_SOCKET_FAMILY_IPV4);
      return g_inet_address_to_string (prefix);
    }
  memcpy (network, bytes, 8);
  prefix = g_inet_address_new_from_bytes (network, G_SOCKET_FAMILY_IPV6);
  return g_inet_address_to_string (prefix);
}
