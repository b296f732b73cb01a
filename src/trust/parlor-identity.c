/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-trust"

#include "config.h"

#include "parlor-identity.h"

#include "parlor-error.h"

#include <glib/gstdio.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

/*
 * ParlorIdentity: one key pair in one file, "identity.pem" (PKCS #8), which only its owner may read and which is written as a
 * whole or not at all. On the wire a key is its bare point and a signature its bare r and s, as WebCrypto has them.
 */

#define FILE_NAME "identity.pem"
#define FILE_MODE 0600
#define FOLDER_MODE 0700
#define NUMBER_SIZE 32 /* bytes of a coordinate, of r and of s */
#define POINT_UNCOMPRESSED 4

struct _ParlorIdentity
{
  gatomicrefcount refs;
  gnutls_privkey_t private_key;
  GBytes *key;
};

static void
set_error (GError **error, const char *what, int status)
{
  g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_FAILED, "%s: %s", what, gnutls_strerror (status));
}

/* Big-endian numbers come with leading zeros or without: the last NUMBER_SIZE bytes count. */
static gboolean
put_number (guint8 *where, const gnutls_datum_t *number)
{
  const guint8 *data = number->data;
  gsize size = number->size;

  while (size > NUMBER_SIZE && *data == 0)
    {
      data++;
      size--;
    }
  if (size > NUMBER_SIZE)
    return FALSE;
  memset (where, 0, NUMBER_SIZE - size);
  memcpy (where + NUMBER_SIZE - size, data, size);
  return TRUE;
}

static GBytes *
read_point (gnutls_privkey_t private_key)
{
  guint8 point[PARLOR_IDENTITY_KEY_SIZE] = { POINT_UNCOMPRESSED };
  gnutls_ecc_curve_t curve;
  gnutls_datum_t x = { NULL }, y = { NULL };
  GBytes *key = NULL;

  if (gnutls_privkey_export_ecc_raw (private_key, &curve, &x, &y, NULL) >= 0
      && curve == GNUTLS_ECC_CURVE_SECP256R1
      && put_number (point + 1, &x)
      && put_number (point + 1 + NUMBER_SIZE, &y))
    key = g_bytes_new (point, sizeof point);
  gnutls_free (x.data);
  gnutls_free (y.data);
  return key;
}

/* (transfer full) of @private_key. */
static ParlorIdentity *
wrap (gnutls_privkey_t private_key, GError **error)
{
  GBytes *key = read_point (private_key);
  ParlorIdentity *self;

  if (!key)
    {
      gnutls_privkey_deinit (private_key);
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_FAILED, "The key is not one of P-256");
      return NULL;
    }
  self = g_new0 (ParlorIdentity, 1);
  g_atomic_ref_count_init (&self->refs);
  self->private_key = private_key;
  self->key = key;
  return self;
}

ParlorIdentity *
parlor_identity_new (GError **error)
{
  gnutls_privkey_t private_key = NULL;
  int status = gnutls_privkey_init (&private_key);

  if (status >= 0)
    status = gnutls_privkey_generate (private_key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0);
  if (status >= 0)
    return wrap (private_key, error);

  set_error (error, "No key could be made", status);
  if (private_key)
    gnutls_privkey_deinit (private_key);
  return NULL;
}

static ParlorIdentity *
read_pem (const char *path, const char *pem, gsize size, GError **error)
{
  gnutls_datum_t text = { (guint8 *) pem, size };
  gnutls_privkey_t private_key = NULL;
  g_autofree char *what = NULL;
  int status = gnutls_privkey_init (&private_key);

  if (status >= 0)
    status = gnutls_privkey_import_x509_raw (private_key, &text, GNUTLS_X509_FMT_PEM, NULL, 0);
  if (status >= 0)
    return wrap (private_key, error);

  what = g_strdup_printf ("%s cannot be read", path);
  set_error (error, what, status);
  if (private_key)
    gnutls_privkey_deinit (private_key);
  return NULL;
}

static gboolean
write_pem (ParlorIdentity *self, const char *path, GError **error)
{
  gnutls_x509_privkey_t exported = NULL;
  gnutls_datum_t pem = { NULL };
  gboolean written = FALSE;
  int status = gnutls_privkey_export_x509 (self->private_key, &exported);

  if (status >= 0)
    status = gnutls_x509_privkey_export2_pkcs8 (exported, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem);
  if (status < 0)
    set_error (error, "The key cannot be written", status);
  else
    written = g_file_set_contents_full (path, (const char *) pem.data, pem.size,
                                        G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, FILE_MODE, error);
  if (pem.data)
    gnutls_memset (pem.data, 0, pem.size);
  gnutls_free (pem.data);
  if (exported)
    gnutls_x509_privkey_deinit (exported);
  return written;
}

/* What GLib says of files, as an error of ours. */
static void
translate (GError **error, GError *cause)
{
  g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_FAILED, cause->message);
  g_error_free (cause);
}

ParlorIdentity *
parlor_identity_reset (const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, FILE_NAME, NULL);
  g_autoptr (ParlorIdentity) self = parlor_identity_new (error);
  GError *cause = NULL;

  if (!self)
    return NULL;
  /* A folder that cannot be made shows itself in the write. */
  g_mkdir_with_parents (folder, FOLDER_MODE);
  if (write_pem (self, path, &cause))
    return g_steal_pointer (&self);

  translate (error, cause);
  return NULL;
}

ParlorIdentity *
parlor_identity_load (const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, FILE_NAME, NULL);
  char *pem = NULL;
  gsize size = 0;
  ParlorIdentity *self;
  GError *cause = NULL;

  if (!g_file_get_contents (path, &pem, &size, &cause))
    {
      if (g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        {
          g_error_free (cause);
          return parlor_identity_reset (folder, error);
        }
      translate (error, cause);
      return NULL;
    }

  self = read_pem (path, pem, size, error);
  gnutls_memset (pem, 0, size);
  g_free (pem);
  return self;
}

ParlorIdentity *
parlor_identity_ref (ParlorIdentity *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
parlor_identity_unref (ParlorIdentity *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  gnutls_privkey_deinit (self->private_key);
  g_bytes_unref (self->key);
  g_free (self);
}

GBytes *
parlor_identity_get_key (ParlorIdentity *self)
{
  return self->key;
}

GBytes *
parlor_identity_sign (ParlorIdentity *self, GBytes *text)
{
  gnutls_datum_t data = { (guint8 *) g_bytes_get_data (text, NULL), g_bytes_get_size (text) };
  gnutls_datum_t encoded = { NULL }, r = { NULL }, s = { NULL };
  guint8 signature[PARLOR_IDENTITY_SIGNATURE_SIZE];
  int status = gnutls_privkey_sign_data2 (self->private_key, GNUTLS_SIGN_ECDSA_SHA256, 0, &data, &encoded);

  if (status >= 0)
    status = gnutls_decode_rs_value (&encoded, &r, &s);
  /* A key that was read or made signs; what fails here is the machine, and there is no safe way on. */
  if (status < 0 || !put_number (signature, &r) || !put_number (signature + NUMBER_SIZE, &s))
    g_error ("No signature: %s", gnutls_strerror (status));
  gnutls_free (encoded.data);
  gnutls_free (r.data);
  gnutls_free (s.data);
  return g_bytes_new (signature, sizeof signature);
}

gboolean
parlor_identity_verify (GBytes *key, GBytes *text, GBytes *signature)
{
  guint8 *point = (guint8 *) g_bytes_get_data (key, NULL);
  guint8 *numbers = (guint8 *) g_bytes_get_data (signature, NULL);
  gnutls_datum_t data = { (guint8 *) g_bytes_get_data (text, NULL), g_bytes_get_size (text) };
  gnutls_datum_t encoded = { NULL };
  gnutls_pubkey_t public_key = NULL;
  int status;

  if (g_bytes_get_size (key) != PARLOR_IDENTITY_KEY_SIZE || point[0] != POINT_UNCOMPRESSED
      || g_bytes_get_size (signature) != PARLOR_IDENTITY_SIGNATURE_SIZE)
    return FALSE;

  status = gnutls_pubkey_init (&public_key);
  if (status >= 0)
    status = gnutls_pubkey_import_ecc_raw (public_key, GNUTLS_ECC_CURVE_SECP256R1,
                                           &(gnutls_datum_t){ point + 1, NUMBER_SIZE },
                                           &(gnutls_datum_t){ point + 1 + NUMBER_SIZE, NUMBER_SIZE });
  if (status >= 0)
    status = gnutls_encode_rs_value (&encoded, &(gnutls_datum_t){ numbers, NUMBER_SIZE },
                                     &(gnutls_datum_t){ numbers + NUMBER_SIZE, NUMBER_SIZE });
  if (status >= 0)
    status = gnutls_pubkey_verify_data2 (public_key, GNUTLS_SIGN_ECDSA_SHA256, 0, &data, &encoded);
  gnutls_free (encoded.data);
  if (public_key)
    gnutls_pubkey_deinit (public_key);
  return status >= 0;
}
