/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-reach-words.h"

#include <glib/gi18n.h>
#include <string.h>

/*
 * The words for where this computer is reached. They promise nothing: from inside nobody can tell whether the world gets in.
 * Pure functions, main thread.
 */

const char *
parlor_words_for_scope (ParlorScope scope)
{
  switch (scope)
    {
    case PARLOR_SCOPE_COMPUTER:
      return _ ("On This Computer");
    case PARLOR_SCOPE_NETWORK:
      return _ ("In This Network");
    case PARLOR_SCOPE_INTERNET:
      break;
    }
  return _ ("On the Internet");
}

static const char *
words_for_check (ParlorAddress *address)
{
  if (parlor_address_get_by_router (address))
    return _ ("through the router, not checked");
  switch (parlor_address_get_check (address))
    {
    case PARLOR_CHECK_NONE:
      return _ ("not checked");
    case PARLOR_CHECK_SILENT:
      return _ ("does not answer");
    case PARLOR_CHECK_ANSWERS:
      break;
    }
  return parlor_address_get_scope (address) == PARLOR_SCOPE_COMPUTER ? _ ("checked") : _ ("checked from here only");
}

char *
parlor_words_for_address (ParlorAddress *address)
{
  const char *host = parlor_address_get_host (address);

  return g_strdup_printf (strchr (host, ':') ? "[%s]:%u · %s" : "%s:%u · %s", host, parlor_address_get_port (address), words_for_check (address));
}

static gboolean
has_scope (GListModel *addresses, ParlorScope scope)
{
  for (guint i = 0; i < g_list_model_get_n_items (addresses); i++)
    {
      g_autoptr (ParlorAddress) address = g_list_model_get_item (addresses, i);

      if (parlor_address_get_scope (address) == scope)
        return TRUE;
    }
  return FALSE;
}

/* Whether the router passes on to us what comes by IPv4, which everybody has, or only lets in IPv6. */
static gboolean
has_ipv4_by_router (GListModel *addresses)
{
  for (guint i = 0; i < g_list_model_get_n_items (addresses); i++)
    {
      g_autoptr (ParlorAddress) address = g_list_model_get_item (addresses, i);

      if (parlor_address_get_by_router (address) && !strchr (parlor_address_get_host (address), ':'))
        return TRUE;
    }
  return FALSE;
}

char *
parlor_words_for_reach (GListModel *addresses, ParlorPortMapState router, guint16 port)
{
  if (!has_scope (addresses, PARLOR_SCOPE_NETWORK) && !has_scope (addresses, PARLOR_SCOPE_INTERNET))
    return g_strdup (_ ("This computer is in no network: only somebody who sits at it can come in."));
  if (router == PARLOR_PORT_MAP_SEARCHING)
    return g_strdup (_ ("Asking the router to let people in from the internet…"));
  if (router == PARLOR_PORT_MAP_MAPPED && !has_ipv4_by_router (addresses))
    return g_strdup (_ ("The router lets people in from the internet, as far as it says, by the address with colons (IPv6): "
                        "those whose own network has none of these cannot come. Ask somebody elsewhere to try."));
  if (router == PARLOR_PORT_MAP_MAPPED)
    return g_strdup (_ ("The router lets people in from the internet, as far as it says. Nobody can check that from inside: "
                        "ask somebody elsewhere to try."));
  if (has_scope (addresses, PARLOR_SCOPE_INTERNET))
    return g_strdup (_ ("This computer has an address on the internet. Nobody can check from inside whether a firewall lets "
                        "people in: ask somebody elsewhere to try."));
  switch (router)
    {
    case PARLOR_PORT_MAP_NO_ROUTER:
      return g_strdup_printf (_ ("Only people in this network can come in: the router does not open ports when asked. Forward "
                                 "TCP port %u to this computer there, or use a home relay."),
                              port);
    case PARLOR_PORT_MAP_REFUSED:
      return g_strdup_printf (_ ("Only people in this network can come in: the router refused to open a port. Forward TCP port "
                                 "%u to this computer there, or use a home relay."),
                              port);
    case PARLOR_PORT_MAP_NOT_PUBLIC:
      return g_strdup (_ ("Only people in this network can come in: the router is itself behind another one, perhaps your "
                          "provider's. A home relay gets around that."));
    default:
      return g_strdup (_ ("Only people in this network can come in: the router is not asked, as you chose in the preferences."));
    }
}
