/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test-certificate.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <time.h>

#define assert_gnutls(call) g_assert_cmpint ((call), >=, 0)

static void
describe (gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key)
{
  static const guint8 loopback[] = { 127, 0, 0, 1 };
  guint8 serial[16];

  assert_gnutls (gnutls_rnd (GNUTLS_RND_NONCE, serial, sizeof serial));
  serial[0] &= 0x7f;
  assert_gnutls (gnutls_x509_crt_set_version (certificate, 3));
  assert_gnutls (gnutls_x509_crt_set_serial (certificate, serial, sizeof serial));
  assert_gnutls (gnutls_x509_crt_set_activation_time (certificate, time (NULL) - 3600));
  assert_gnutls (gnutls_x509_crt_set_expiration_time (certificate, time (NULL) + 24 * 3600));
  assert_gnutls (gnutls_x509_crt_set_dn_by_oid (certificate, GNUTLS_OID_X520_COMMON_NAME, 0, "relay", 5));
  assert_gnutls (gnutls_x509_crt_set_subject_alt_name (certificate, GNUTLS_SAN_IPADDRESS, loopback, sizeof loopback,
                                                       GNUTLS_FSAN_SET));
  assert_gnutls (gnutls_x509_crt_set_key (certificate, key));
  assert_gnutls (gnutls_x509_crt_sign2 (certificate, certificate, key, GNUTLS_DIG_SHA256, 0));
}

GTlsCertificate *
test_certificate_new (GBytes **pin)
{
  gnutls_x509_privkey_t key;
  gnutls_x509_crt_t certificate;
  gnutls_datum_t certificate_pem, key_pem;
  g_autofree char *pem = NULL;
  g_autoptr (GError) error = NULL;
  GTlsCertificate *result;
  guint8 digest[32];
  gsize size = sizeof digest;

  assert_gnutls (gnutls_x509_privkey_init (&key));
  assert_gnutls (gnutls_x509_privkey_generate (key, GNUTLS_PK_ECDSA,
                                               GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0));
  assert_gnutls (gnutls_x509_crt_init (&certificate));
  describe (certificate, key);
  assert_gnutls (gnutls_x509_crt_get_fingerprint (certificate, GNUTLS_DIG_SHA256, digest, &size));
  assert_gnutls (gnutls_x509_crt_export2 (certificate, GNUTLS_X509_FMT_PEM, &certificate_pem));
  assert_gnutls (gnutls_x509_privkey_export2_pkcs8 (key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &key_pem));

  pem = g_strdup_printf ("%.*s%.*s", (int) certificate_pem.size, certificate_pem.data, (int) key_pem.size, key_pem.data);
  result = g_tls_certificate_new_from_pem (pem, -1, &error);
  g_assert_no_error (error);
  *pin = g_bytes_new (digest, size);

  gnutls_free (certificate_pem.data);
  gnutls_free (key_pem.data);
  gnutls_x509_crt_deinit (certificate);
  gnutls_x509_privkey_deinit (key);
  return result;
}
