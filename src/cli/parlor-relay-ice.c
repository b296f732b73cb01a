/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-relay-ice.h"

/*
 * --stun, --turn and the secret that the TURN servers share with the relay.
 *
 * Arguments are seen by every user of the computer, so the secret is better kept in a file.
 */

static gboolean
refuse (GError **error, const char *words)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, words);
  return FALSE;
}

/* @secret: (out) (nullable) (transfer full) */
static gboolean
read_secret (const ParlorRelayOptions *options, char **secret, GError **error)
{
  g_autoptr (GError) cause = NULL;

  if (options->turn_secret != NULL && options->turn_secret_file != NULL)
    return refuse (error, "Choose one of --turn-secret and --turn-secret-file");
  if (options->turn_secret_file == NULL)
    *secret = g_strdup (options->turn_secret);
  else if (!g_file_get_contents (options->turn_secret_file, secret, NULL, &cause))
    return refuse (error, cause->message);
  if (*secret != NULL)
    g_strstrip (*secret);
  return TRUE;
}

gboolean
parlor_relay_ice_set_up (ParlorRelay *relay, const ParlorRelayOptions *options, GError **error)
{
  g_autoptr (GPtrArray) urls = g_ptr_array_new ();
  g_autofree char *secret = NULL;
  g_autoptr (GError) cause = NULL;

  if (!read_secret (options, &secret, error))
    return FALSE;
  for (guint i = 0; i < options->stun->len; i++)
    g_ptr_array_add (urls, options->stun->pdata[i]);
  for (guint i = 0; i < options->turn->len; i++)
    g_ptr_array_add (urls, options->turn->pdata[i]);
  g_ptr_array_add (urls, NULL);
  return parlor_relay_set_ice_servers (relay, (const char *const *) urls->pdata, secret, &cause)
         || refuse (error, cause->message);
}
