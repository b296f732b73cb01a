/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-core"

#include "config.h"

#include "parlor-new-room.h"

#include "parlor-error.h"
#include "parlor-keys.h"

#include <string.h>

ParlorInvite *
parlor_new_room (const char *host, guint16 port, gboolean tls, GBytes *pin)
{
  g_autoptr (GBytes) key = parlor_keys_new_key ();
  g_autoptr (GBytes) guest_key = parlor_keys_derive_guest_key (key);
  g_autofree char *room = parlor_keys_new_room ();

  return parlor_invite_new (host, port, room, tls, key, guest_key, pin);
}

ParlorInvite *
parlor_new_room_at (const char *url, GError **error)
{
  g_autofree char *full = strstr (url, "://") ? g_strdup (url) : g_strconcat ("https://", url, NULL);
  g_autoptr (ParlorInvite) relay = parlor_invite_parse (full, error);

  if (!relay)
    return NULL;
  if (*parlor_invite_get_room (relay) != '\0' || parlor_invite_get_key (relay) || parlor_invite_get_guest_key (relay))
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_BAD_INVITE,
                           "This is an invite to a room. A home relay is only its address, like https://calls.example.org.");
      return NULL;
    }
  if (!parlor_invite_get_tls (relay) && !parlor_invite_is_loopback (relay))
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_BAD_INVITE,
                           "A relay without TLS lets everybody on the way listen. Its address has to begin with https://.");
      return NULL;
    }
  return parlor_new_room (parlor_invite_get_host (relay), parlor_invite_get_port (relay), parlor_invite_get_tls (relay), NULL);
}
