/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The code is one: zbarimg reads back what it was made of, from the modules drawn as a picture. Screenshots are read in test-hosting.py. */
#include "parlor-qr-code.h"

#include <glib/gstdio.h>
#include <string.h>

#define MODULE 4 /* pixels */

/* (transfer full): PGM, black on white, with the quiet zone. */
static GBytes *
draw (GBytes *modules, guint width)
{
  guint across = (width + 2 * PARLOR_QR_QUIET_ZONE) * MODULE;
  const guint8 *data = g_bytes_get_data (modules, NULL);
  g_autofree char *head = g_strdup_printf ("P5 %u %u 255\n", across, across);
  GByteArray *picture = g_byte_array_new ();

  g_byte_array_append (picture, (const guint8 *) head, strlen (head));
  for (guint y = 0; y < across; y++)
    for (guint x = 0; x < across; x++)
      {
        guint row = y / MODULE - PARLOR_QR_QUIET_ZONE, column = x / MODULE - PARLOR_QR_QUIET_ZONE; /* wraps outside */
        guint8 grey = row < width && column < width && data[row * width + column] ? 0 : 255;

        g_byte_array_append (picture, &grey, 1);
      }
  return g_byte_array_free_to_bytes (picture);
}

static void
check (const char *text)
{
  guint width = 0;
  g_autoptr (GBytes) modules = parlor_qr_code_encode (text, &width);
  g_autoptr (GBytes) picture = draw (modules, width);
  g_autofree char *path = NULL, *read = NULL;
  g_autoptr (GError) error = NULL;
  int file = g_file_open_tmp ("parlor-qr-XXXXXX.pgm", &path, &error);

  g_assert_no_error (error);
  g_close (file, NULL);
  g_assert_cmpuint (g_bytes_get_size (modules), ==, width * width);
  g_assert_true (g_file_set_contents (path, g_bytes_get_data (picture, NULL), g_bytes_get_size (picture), NULL));
  g_assert_true (g_spawn_sync (NULL, (char *[]){ (char *) "zbarimg", (char *) "--raw", (char *) "-q", path, NULL }, NULL,
                               G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &read, NULL, NULL, NULL));
  g_assert_cmpstr (g_strchomp (read), ==, text);
  g_remove (path);
}

static void
test_read_back (void)
{
  g_autofree char *zbarimg = g_find_program_in_path ("zbarimg");
  g_autofree char *longest = g_strnfill (1000, 'a');

  if (!zbarimg)
    {
      g_test_skip ("this machine has no zbarimg");
      return;
    }
  check ("https://192.0.2.7:3002/jgsy-kjhb-5z5a-wywb#AAECAwQFBgcICQoLDA0ODw");
  check ("https://[2001:db8::1]/a#AAECAwQFBgcICQoLDA0ODw");
  check (longest);
}

static void
test_too_long (void)
{
  g_autofree char *text = g_strnfill (5000, 'a');
  guint width = 0;

  g_assert_null (parlor_qr_code_encode (text, &width));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/qr-code/read-back", test_read_back);
  g_test_add_func ("/qr-code/too-long", test_too_long);
  return g_test_run ();
}
