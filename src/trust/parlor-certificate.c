/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-trust"

#include "config.h"

#include "parlor-certificate.h"

#include "parlor-error.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>

/*
 * Certificates, self-signed, on a new P-256 key.
 *
 * One for DTLS (RFC 8827, section 6.5) is worth nothing but its fingerprint: the subject is the one that browsers write, the
 * serial number random, and nothing in it tells one user from another. One for a relay bears the names under which the
 * relay is reached, for clients that look at names; those with a pin look at its hash only.
 * Pure, apart from the system's random numbers; any thread.
 */

#define DAY (24 * 60 * 60)
#define DTLS_DAYS 30
/* The pin in an invite is the certificate's hash: an invite lives no longer than the certificate. */
#define SERVER_DAYS 3650

static int
add_name (gnutls_x509_crt_t certificate, const char *name)
{
  guint8 address[sizeof (struct in6_addr)];

  if (inet_pton (AF_INET, name, address) == 1)
    return gnutls_x509_crt_set_subject_alt_name (certificate, GNUTLS_SAN_IPADDRESS, address, 4, GNUTLS_FSAN_APPEND);
  if (inet_pton (AF_INET6, name, address) == 1)
    return gnutls_x509_crt_set_subject_alt_name (certificate, GNUTLS_SAN_IPADDRESS, address, 16, GNUTLS_FSAN_APPEND);
  return gnutls_x509_crt_set_subject_alt_name (certificate, GNUTLS_SAN_DNSNAME, name, strlen (name),
                                               GNUTLS_FSAN_APPEND);
}

static int
describe_server (gnutls_x509_crt_t certificate, const char *const *names)
{
  static const char *const own_names[] = { "localhost", "127.0.0.1", "::1" };
  int rc = gnutls_x509_crt_set_basic_constraints (certificate, 0, -1);

  if (rc >= 0)
    rc = gnutls_x509_crt_set_key_usage (certificate, GNUTLS_KEY_DIGITAL_SIGNATURE);
  if (rc >= 0)
    rc = gnutls_x509_crt_set_key_purpose_oid (certificate, GNUTLS_KP_TLS_WWW_SERVER, 0);
  for (guint i = 0; rc >= 0 && i < G_N_ELEMENTS (own_names); i++)
    rc = add_name (certificate, own_names[i]);
  for (guint i = 0; rc >= 0 && names && names[i]; i++)
    rc = add_name (certificate, names[i]);
  return rc;
}

static int
fill (gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, const char *subject, guint days)
{
  guint8 serial[16];
  time_t now = time (NULL);
  int rc = gnutls_x509_privkey_generate (key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0);

  if (rc >= 0)
    rc = gnutls_rnd (GNUTLS_RND_NONCE, serial, sizeof serial);
  serial[0] &= 0x7f; /* positive in DER */
  if (rc >= 0)
    rc = gnutls_x509_crt_set_version (certificate, 3);
  if (rc >= 0)
    rc = gnutls_x509_crt_set_serial (certificate, serial, sizeof serial);
  if (rc >= 0)
    rc = gnutls_x509_crt_set_dn (certificate, subject, NULL);
  if (rc >= 0)
    rc = gnutls_x509_crt_set_activation_time (certificate, now - DAY);
  if (rc >= 0)
    rc = gnutls_x509_crt_set_expiration_time (certificate, now + (time_t) days * DAY);
  if (rc >= 0)
    rc = gnutls_x509_crt_set_key (certificate, key);
  return rc;
}

static int
write_pem (gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, char **pem)
{
  gnutls_datum_t first = { NULL }, second = { NULL };
  int rc = gnutls_x509_crt_export2 (certificate, GNUTLS_X509_FMT_PEM, &first);

  if (rc >= 0)
    rc = gnutls_x509_privkey_export2_pkcs8 (key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &second);
  if (rc >= 0)
    *pem = g_strdup_printf ("%.*s%.*s", (int) first.size, first.data, (int) second.size, second.data);
  gnutls_free (first.data);
  if (second.data)
    gnutls_memset (second.data, 0, second.size);
  gnutls_free (second.data);
  return rc;
}

static char *
make_pem (gboolean is_server, const char *const *names, GError **error)
{
  gnutls_x509_crt_t certificate = NULL;
  gnutls_x509_privkey_t key = NULL;
  char *pem = NULL;
  int rc = gnutls_x509_crt_init (&certificate);

  if (rc >= 0)
    rc = gnutls_x509_privkey_init (&key);
  if (rc >= 0)
    rc = is_server ? fill (certificate, key, "CN=Parlor relay", SERVER_DAYS)
                   : fill (certificate, key, "CN=WebRTC", DTLS_DAYS);
  if (rc >= 0 && is_server)
    rc = describe_server (certificate, names);
  if (rc >= 0)
    rc = gnutls_x509_crt_sign2 (certificate, certificate, key, GNUTLS_DIG_SHA256, 0);
  if (rc >= 0)
    rc = write_pem (certificate, key, &pem);
  if (rc < 0)
    g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_FAILED, "No certificate: %s", gnutls_strerror (rc));
  if (key)
    gnutls_x509_privkey_deinit (key);
  if (certificate)
    gnutls_x509_crt_deinit (certificate);
  return pem;
}

/**
 * parlor_certificate_new_pem:
 * @error: PARLOR_ERROR_FAILED
 *
 * Returns: (transfer full) (nullable): a certificate for DTLS and its private key, one after the other, in PEM
 */
char *
parlor_certificate_new_pem (GError **error)
{
  return make_pem (FALSE, NULL, error);
}

/**
 * parlor_certificate_new_server_pem:
 * @names: (nullable) (array zero-terminated=1): names and address literals besides localhost, 127.0.0.1 and ::1
 * @error: PARLOR_ERROR_FAILED
 *
 * Returns: (transfer full) (nullable): a certificate for a relay and its private key, one after the other, in PEM
 */
char *
parlor_certificate_new_server_pem (const char *const *names, GError **error)
{
  return make_pem (TRUE, names, error);
}
