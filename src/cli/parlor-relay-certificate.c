/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-relay-certificate.h"

#include "parlor-kept-certificate.h"

/*
 * The relay's certificate: the administrator's files, or one of its own, which room trust keeps.
 */

static GTlsCertificate *
load_files (const char *certificate, const char *key, GError **error)
{
  GTlsCertificate *loaded = key ? g_tls_certificate_new_from_files (certificate, key, error)
                                : g_tls_certificate_new_from_file (certificate, error);
  g_autofree char *private_key = NULL;

  if (loaded == NULL)
    {
      g_prefix_error (error, "The certificate in %s%s%s cannot be used; it must be PEM, and readable: ", certificate,
                      key ? " with the key in " : "", key ? key : "");
      return NULL;
    }
  g_object_get (loaded, "private-key-pem", &private_key, NULL);
  if (private_key == NULL)
    {
      g_set_error (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE, "%s has no private key: name its file with --key", certificate);
      g_clear_object (&loaded);
    }
  return loaded;
}

/* Under systemd StateDirectory= says where. */
static char *
get_usual_folder (void)
{
  const char *state = g_getenv ("STATE_DIRECTORY");

  if (state != NULL && state[0] == '/')
    return g_strndup (state, strcspn (state, ":"));
  return g_build_filename (g_get_user_data_dir (), "parlor-relay", NULL);
}

static GTlsCertificate *
load_own (const ParlorRelayOptions *options, GBytes **pin, GError **error)
{
  gboolean usual = options->self_signed == NULL || options->self_signed[0] == '\0';
  g_autofree char *folder = usual ? get_usual_folder () : g_strdup (options->self_signed);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (options->address);
  g_autofree char *pem = NULL;

  for (guint i = 0; i < options->allowed_hosts->len; i++)
    g_ptr_array_add (names, options->allowed_hosts->pdata[i]);
  if (!g_inet_address_get_is_any (inet) && !g_inet_address_get_is_loopback (inet))
    g_ptr_array_add (names, options->address);
  g_ptr_array_add (names, NULL);

  pem = parlor_kept_certificate_load (folder, (const char *const *) names->pdata, error);
  if (pem == NULL || (*pin = parlor_kept_certificate_get_pin (pem, error)) == NULL)
    return NULL;
  return g_tls_certificate_new_from_pem (pem, -1, error);
}

GTlsCertificate *
parlor_relay_certificate_load (const ParlorRelayOptions *options, GBytes **pin, GError **error)
{
  *pin = NULL;
  return options->certificate ? load_files (options->certificate, options->key, error) : load_own (options, pin, error);
}
