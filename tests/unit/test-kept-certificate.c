/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-certificate.h"
#include "parlor-error.h"
#include "parlor-kept-certificate.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

/* The relay's certificate in its file: made once, kept, never replaced behind somebody's back. */

typedef struct
{
  char *folder; /* not made yet */
  char *path;
} Place;

static void
place_set_up (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *top = g_dir_make_tmp ("parlor-XXXXXX", &error);

  g_assert_no_error (error);
  place->folder = g_build_filename (top, "deep", "relay", NULL);
  place->path = g_build_filename (place->folder, "certificate.pem", NULL);
}

static void
place_tear_down (Place *place, gconstpointer unused)
{
  g_unlink (place->path);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *folder = g_steal_pointer (&place->folder);

      g_rmdir (folder);
      place->folder = g_path_get_dirname (folder);
    }
  g_free (place->folder);
  g_free (place->path);
}

static char *
load (Place *place)
{
  g_autoptr (GError) error = NULL;
  char *pem = parlor_kept_certificate_load (place->folder, NULL, &error);

  g_assert_no_error (error);
  return pem;
}

static void
store (Place *place, const char *pem, int mode)
{
  g_assert_cmpint (g_mkdir_with_parents (place->folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (place->path, pem, -1, NULL));
  g_assert_cmpint (g_chmod (place->path, mode), ==, 0);
}

static void
test_kept (Place *place, gconstpointer unused)
{
  g_autofree char *first = load (place);
  g_autofree char *second = load (place);
  g_autoptr (GTlsCertificate) certificate = g_tls_certificate_new_from_pem (first, -1, NULL);
  g_autoptr (GDateTime) end = g_tls_certificate_get_not_valid_after (certificate);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  GStatBuf status;

  g_assert_cmpstr (first, ==, second);
  g_assert_cmpint (g_date_time_difference (end, now) / G_TIME_SPAN_DAY, >=, 3649);
  g_assert_cmpint (g_stat (place->path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
  g_assert_cmpint (g_stat (place->folder, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0700);
}

/* As a client that trusts it would judge: GnuTLS, over each name. */
static void
test_names (void)
{
  static const char *const names[] = { "call.example", "192.0.2.7", "2001:db8::7", NULL };
  static const char *const good[] = { "localhost", "127.0.0.1", "::1", "call.example", "192.0.2.7", "2001:db8::7" };
  static const char *const bad[] = { "other.example", "192.0.2.8", "2001:db8::8" };
  g_autoptr (GError) error = NULL;
  g_autofree char *pem = parlor_certificate_new_server_pem (names, &error);
  g_autoptr (GTlsCertificate) certificate = g_tls_certificate_new_from_pem (pem, -1, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GSocketConnectable) name = g_network_address_new (good[i], 443);

      g_test_message ("%s", good[i]);
      g_assert_cmpuint (g_tls_certificate_verify (certificate, name, certificate), ==, 0);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GSocketConnectable) name = g_network_address_new (bad[i], 443);

      g_assert_cmpuint (g_tls_certificate_verify (certificate, name, certificate), ==, G_TLS_CERTIFICATE_BAD_IDENTITY);
    }
}

static void
test_pin (void)
{
  g_autofree char *pem = parlor_certificate_new_server_pem (NULL, NULL);
  g_autoptr (GTlsCertificate) certificate = g_tls_certificate_new_from_pem (pem, -1, NULL);
  g_autoptr (GByteArray) der = NULL;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GBytes) pin = parlor_kept_certificate_get_pin (pem, NULL);
  g_autoptr (GBytes) nothing = NULL;
  g_autoptr (GError) error = NULL;
  guint8 digest[32];
  gsize size = sizeof digest;

  g_object_get (certificate, "certificate", &der, NULL);
  g_checksum_update (checksum, der->data, der->len);
  g_checksum_get_digest (checksum, digest, &size);
  g_assert_cmpmem (g_bytes_get_data (pin, NULL), g_bytes_get_size (pin), digest, size);

  nothing = parlor_kept_certificate_get_pin ("nonsense", &error);
  g_assert_null (nothing);
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_TLS);
}

/* Of 30 days, as those for DTLS: it ends within the year. */
static void
test_renewed (Place *place, gconstpointer unused)
{
  g_autofree char *old = parlor_certificate_new_pem (NULL);
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  store (place, old, 0600);
  first = load (place);
  second = load (place);
  g_assert_cmpstr (first, !=, old);
  g_assert_cmpstr (first, ==, second);
}

static void
assert_refused (Place *place, const char *pem, int mode, const char *word)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *loaded = NULL;
  g_autofree char *kept = NULL;

  store (place, pem, mode);
  loaded = parlor_kept_certificate_load (place->folder, NULL, &error);
  g_assert_null (loaded);
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_TLS);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, place->path));
  g_assert_nonnull (strstr (error->message, word));
  g_assert_true (g_file_get_contents (place->path, &kept, NULL, NULL));
  g_assert_cmpstr (kept, ==, pem);
}

static void
test_broken (Place *place, gconstpointer unused)
{
  g_autofree char *one = parlor_certificate_new_server_pem (NULL, NULL);
  g_autofree char *other = parlor_certificate_new_server_pem (NULL, NULL);
  const char *key = strstr (other, "-----BEGIN PRIVATE");
  g_autofree char *alone = g_strndup (one, strstr (one, "-----BEGIN PRIVATE") - one);
  g_autofree char *mixed = g_strconcat (alone, key, NULL);
  g_autofree char *cut = g_strndup (one, 100);

  assert_refused (place, "", 0600, "move it away");
  assert_refused (place, "nonsense\n", 0600, "move it away");
  assert_refused (place, cut, 0600, "move it away");
  assert_refused (place, alone, 0600, "private key");
  assert_refused (place, key, 0600, "no certificate");
  assert_refused (place, mixed, 0600, "not the certificate's");
  assert_refused (place, one, 0640, "chmod 600");
  assert_refused (place, one, 0604, "chmod 600");
}

static void
test_no_folder (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *below = g_build_filename (place->path, "below", NULL);
  g_autofree char *pem = NULL;

  store (place, "a file", 0600);
  pem = parlor_kept_certificate_load (below, NULL, &error);
  g_assert_null (pem);
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_TLS);
  g_assert_nonnull (strstr (error->message, below));
}

static gpointer
load_in_thread (gpointer place)
{
  return load (place);
}

/* Relays that start at once agree on one. */
static void
test_race (Place *place, gconstpointer unused)
{
  GThread *threads[8];
  g_autofree char *kept = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("load", load_in_thread, place);
  kept = load (place);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_autofree char *pem = g_thread_join (threads[i]);

      g_assert_cmpstr (pem, ==, kept);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/kept-certificate/kept", Place, NULL, place_set_up, test_kept, place_tear_down);
  g_test_add_func ("/kept-certificate/names", test_names);
  g_test_add_func ("/kept-certificate/pin", test_pin);
  g_test_add ("/kept-certificate/renewed", Place, NULL, place_set_up, test_renewed, place_tear_down);
  g_test_add ("/kept-certificate/broken", Place, NULL, place_set_up, test_broken, place_tear_down);
  g_test_add ("/kept-certificate/no-folder", Place, NULL, place_set_up, test_no_folder, place_tear_down);
  g_test_add ("/kept-certificate/race", Place, NULL, place_set_up, test_race, place_tear_down);
  return g_test_run ();
}
