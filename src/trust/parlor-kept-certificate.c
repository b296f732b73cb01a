/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-trust"

#include "config.h"

#include "parlor-kept-certificate.h"

#include "parlor-certificate.h"
#include "parlor-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/*
 * A relay's certificate in a file of its own, certificate and key together, so that the two cannot fall apart.
 *
 * Whoever reads or writes it holds a lock on the folder, or two relays that start at once would each make one and one
 * of them would print a pin that nobody can use.
 */

#define FILE_NAME "certificate.pem"
#define RENEW_BEFORE (365 * 24 * 60 * 60) /* seconds; of ten years, see parlor-certificate.c */
#define DIGEST_SIZE 32                    /* SHA-256 */

static void
set_error (GError **error, const char *path, const char *problem, const char *remedy)
{
  g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_TLS, "%s: %s. %s", path, problem, remedy);
}

static gboolean
refuse_file (GError **error, const char *path, const char *problem)
{
  set_error (error, path, problem,
             "Put the right one back, or move it away to have a new one made; invites with the old one's pin end then");
  return FALSE;
}

static gboolean
key_belongs (gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key)
{
  guint8 first[DIGEST_SIZE], second[DIGEST_SIZE];
  gsize first_size = sizeof first, second_size = sizeof second;

  return gnutls_x509_crt_get_key_id (certificate, GNUTLS_KEYID_USE_SHA256, first, &first_size) >= 0
         && gnutls_x509_privkey_get_key_id (key, GNUTLS_KEYID_USE_SHA256, second, &second_size) >= 0
         && first_size == second_size && memcmp (first, second, first_size) == 0;
}

/* Whether @pem holds a certificate and the key that belongs to it, and when the certificate ends. */
static gboolean
check_pem (const char *pem, const char *path, time_t *end, GError **error)
{
  gnutls_x509_crt_t certificate = NULL;
  gnutls_x509_privkey_t key = NULL;
  gnutls_datum_t datum = { (guint8 *) pem, strlen (pem) };
  gboolean good = FALSE;

  if (gnutls_x509_crt_init (&certificate) < 0 || gnutls_x509_privkey_init (&key) < 0)
    set_error (error, path, "no memory to read it", "Try again");
  else if (gnutls_x509_crt_import (certificate, &datum, GNUTLS_X509_FMT_PEM) < 0)
    refuse_file (error, path, "this is no certificate in PEM");
  else if (gnutls_x509_privkey_import2 (key, &datum, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN) < 0)
    refuse_file (error, path, "there is no private key in PEM in it");
  else if (!key_belongs (certificate, key))
    refuse_file (error, path, "its private key is not the certificate's");
  else
    good = TRUE;

  if (good)
    *end = gnutls_x509_crt_get_expiration_time (certificate);
  if (key != NULL)
    gnutls_x509_privkey_deinit (key);
  if (certificate != NULL)
    gnutls_x509_crt_deinit (certificate);
  return good;
}

/* NULL without an error: there is none. */
static char *
read_file (const char *path, GError **error)
{
  g_autoptr (GError) problem = NULL;
  char *pem = NULL;
  GStatBuf status;

  if (g_stat (path, &status) != 0 && errno == ENOENT)
    return NULL;
  if (!g_file_get_contents (path, &pem, NULL, &problem))
    set_error (error, path, problem->message, "Make it readable for who runs the relay");
  else if (g_stat (path, &status) != 0 || (status.st_mode & 077) != 0)
    set_error (error, path, "others can read the private key", "Take their rights away with chmod 600");
  else
    return pem;
  g_free (pem);
  return NULL;
}

static char *
make_file (const char *path, const char *const *names, GError **error)
{
  g_autofree char *pem = parlor_certificate_new_server_pem (names, error);
  g_autoptr (GError) problem = NULL;

  if (pem == NULL)
    return NULL;
  if (!g_file_set_contents_full (path, pem, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                 &problem))
    {
      set_error (error, path, problem->message, "Give another folder, or make this one writable");
      return NULL;
    }
  return g_steal_pointer (&pem);
}

static char *
load_or_make (const char *path, const char *const *names, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *pem = read_file (path, &problem);
  time_t end;

  if (problem != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return NULL;
    }
  if (pem == NULL)
    return make_file (path, names, error);
  if (!check_pem (pem, path, &end, error))
    return NULL;
  if (end - time (NULL) < RENEW_BEFORE)
    return make_file (path, names, error);
  return g_steal_pointer (&pem);
}

char *
parlor_kept_certificate_load (const char *folder, const char *const *names, GError **error)
{
  g_autofree char *path = g_build_filename (folder, FILE_NAME, NULL);
  char *pem;
  int lock;

  if (g_mkdir_with_parents (folder, 0700) != 0 || (lock = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
    {
      set_error (error, folder, g_strerror (errno), "Give a folder that who runs the relay may write to");
      return NULL;
    }
  /* Where there are no locks, as on some network file systems, two starts at once are the lesser evil. */
  while (flock (lock, LOCK_EX) != 0 && errno == EINTR)
    ;
  pem = load_or_make (path, names, error);
  close (lock);
  return pem;
}

GBytes *
parlor_kept_certificate_get_pin (const char *pem, GError **error)
{
  gnutls_x509_crt_t certificate = NULL;
  gnutls_datum_t datum = { (guint8 *) pem, strlen (pem) };
  guint8 digest[DIGEST_SIZE];
  gsize size = sizeof digest;
  int rc = gnutls_x509_crt_init (&certificate);

  if (rc >= 0)
    rc = gnutls_x509_crt_import (certificate, &datum, GNUTLS_X509_FMT_PEM);
  if (rc >= 0)
    rc = gnutls_x509_crt_get_fingerprint (certificate, GNUTLS_DIG_SHA256, digest, &size);
  if (certificate != NULL)
    gnutls_x509_crt_deinit (certificate);
  if (rc >= 0)
    return g_bytes_new (digest, size);
  g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_TLS, "This is no certificate in PEM: %s", gnutls_strerror (rc));
  return NULL;
}
