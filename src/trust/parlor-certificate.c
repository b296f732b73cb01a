/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-trust"

#include "config.h"

#include "parlor-certificate.h"

#include "parlor-error.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <time.h>

/*
 * Certificates for DTLS: self-signed, on a new P-256 key (RFC 8827, section 6.5), worth nothing but its fingerprint.
 *
 * The subject is the one that browsers write, the serial number random: nothing in it tells one user from another.
 * Pure, apart from the system's random numbers; any thread.
 */

#define DAY (24 * 60 * 60)

static int
fill (gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key)
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
    rc = gnutls_x509_crt_set_dn (certificate, "CN=WebRTC", NULL);
  if (rc >= 0)
    rc = gnutls_x509_crt_set_activation_time (certificate, now - DAY);
  if (rc >= 0)
    rc = gnutls_x509_crt_set_expiration_time (certificate, now + 30 * DAY);
  if (rc >= 0)
    rc = gnutls_x509_crt_set_key (certificate, key);
  if (rc >= 0)
    rc = gnutls_x509_crt_sign2 (certificate, certificate, key, GNUTLS_DIG_SHA256, 0);
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

/**
 * parlor_certificate_new_pem:
 * @error: PARLOR_ERROR_FAILED
 *
 * Returns: (transfer full) (nullable): a certificate and its private key, one after the other, in PEM
 */
char *
parlor_certificate_new_pem (GError **error)
{
  gnutls_x509_crt_t certificate = NULL;
  gnutls_x509_privkey_t key = NULL;
  char *pem = NULL;
  int rc = gnutls_x509_crt_init (&certificate);

  if (rc >= 0)
    rc = gnutls_x509_privkey_init (&key);
  if (rc >= 0)
    rc = fill (certificate, key);
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
