/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-ice-servers.h"

#include "parlor-error.h"
#include "parlor-message.h"
#include "parlor-token.h"

#include <string.h>

/*
 * ParlorIceServers: which STUN and TURN servers there are, and who may use the latter until when.
 *
 * A TURN server carries anybody's traffic who has a password, so nobody gets one for good. Relay and TURN server share a
 * secret; the username says until when it is good, the password is its HMAC-SHA1 under the secret (draft-uberti-behave-turn-rest,
 * what coturn calls use-auth-secret). The server thus checks it without asking anybody. It knows no names: the rest of the
 * username is random. Pure but for clock and random numbers; any thread.
 */

struct _ParlorIceServers
{
  GPtrArray *urls; /* (element-type utf8) */
  char *secret;    /* nullable: then there is no TURN */
};

/* RFC 7064 and RFC 7065. */
#define HOST_AND_PORT "(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?"
#define STUN_URL "^stuns?:" HOST_AND_PORT "$"
#define TURN_URL "^turns?:" HOST_AND_PORT "(\\?transport=(udp|tcp))?$"

static gboolean
is_turn (const char *url)
{
  return g_str_has_prefix (url, "turn");
}

static gboolean
check_url (const char *url, const char *secret, GError **error)
{
  if (!g_regex_match_simple (STUN_URL, url, G_REGEX_DOLLAR_ENDONLY, 0) && !g_regex_match_simple (TURN_URL, url, G_REGEX_DOLLAR_ENDONLY, 0))
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_USAGE,
                   "'%s' is no STUN or TURN server: write stun:HOST:PORT, turn:HOST:PORT or turn:HOST:PORT?transport=tcp", url);
      return FALSE;
    }
  if (is_turn (url) && (secret == NULL || *secret == '\0'))
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_USAGE,
                   "'%s' needs the secret that it shares with this relay (static-auth-secret of coturn)", url);
      return FALSE;
    }
  return TRUE;
}

/**
 * parlor_ice_servers_new:
 * @urls: (nullable): `stun:`, `stuns:`, `turn:` and `turns:` URLs, in the order of preference
 * @secret: (nullable): what the relay shares with all TURN servers of @urls
 * @error: PARLOR_ERROR_BAD_USAGE, for the user
 *
 * Returns: (transfer full) (nullable): the servers
 */
ParlorIceServers *
parlor_ice_servers_new (const char *const *urls, const char *secret, GError **error)
{
  g_autoptr (ParlorIceServers) self = g_new0 (ParlorIceServers, 1);

  self->urls = g_ptr_array_new_with_free_func (g_free);
  self->secret = g_strdup (secret);
  for (guint i = 0; urls && urls[i]; i++)
    {
      if (!check_url (urls[i], secret, error))
        return NULL;
      g_ptr_array_add (self->urls, g_strdup (urls[i]));
    }
  return g_steal_pointer (&self);
}

void
parlor_ice_servers_free (ParlorIceServers *self)
{
  g_ptr_array_unref (self->urls);
  g_free (self->secret);
  g_free (self);
}

gboolean
parlor_ice_servers_have_turn (const ParlorIceServers *self)
{
  for (guint i = 0; i < self->urls->len; i++)
    if (is_turn (self->urls->pdata[i]))
      return TRUE;
  return FALSE;
}

char *
parlor_ice_servers_make_credential (const char *secret, const char *username)
{
  g_autoptr (GHmac) hmac = g_hmac_new (G_CHECKSUM_SHA1, (const guchar *) secret, strlen (secret));
  guint8 digest[20];
  gsize length = sizeof digest;

  g_hmac_update (hmac, (const guchar *) username, -1);
  g_hmac_get_digest (hmac, digest, &length);
  return g_base64_encode (digest, length);
}

/**
 * parlor_ice_servers_list:
 * @self: the servers
 * @turn_ms: for how long from now whoever is told may begin to have its traffic carried; what was allocated by then lives on. 0: not at all
 * @list: (element-type ParlorIceServer): they are added to it; those of TURN with a user of their own
 */
void
parlor_ice_servers_list (const ParlorIceServers *self, guint turn_ms, GPtrArray *list)
{
  g_autofree char *random = NULL, *username = NULL, *credential = NULL;

  if (turn_ms > 0 && self->secret != NULL)
    {
      random = parlor_token_new_id ();
      username = g_strdup_printf ("%" G_GINT64_FORMAT ":%s", g_get_real_time () / G_USEC_PER_SEC + turn_ms / 1000, random);
      credential = parlor_ice_servers_make_credential (self->secret, username);
    }
  for (guint i = 0; i < self->urls->len; i++)
    {
      const char *url = self->urls->pdata[i];

      if (!is_turn (url))
        g_ptr_array_add (list, parlor_ice_server_new (url, NULL, NULL));
      else if (turn_ms > 0)
        g_ptr_array_add (list, parlor_ice_server_new (url, username, credential));
    }
}
