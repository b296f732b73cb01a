/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "parlor-frame.h"

#include <string.h>

/*
 * The relay's half of WebSocket: the first byte says in what pieces the rest comes, and the pieces must not matter. Each of them lies in
 * a block of its own, so that a look beyond is seen.
 */

#define MAX_MESSAGE 1024

/* What was read, one line a message, in hexadecimal. */
static char *
read_in_pieces (const guint8 *data, gsize size, gsize piece)
{
  g_autoptr (ParlorFrameReader) reader = parlor_frame_reader_new (MAX_MESSAGE);
  GString *log = g_string_new (NULL);
  ParlorFrameResult result = PARLOR_FRAME_MORE;

  for (gsize at = 0; at < size && result != PARLOR_FRAME_REFUSED; at += piece)
    {
      gsize length = MIN (piece, size - at);
      g_autofree guint8 *copy = g_memdup2 (data + at, length);
      const guint8 *bytes = copy;

      do
        {
          ParlorFrameOpcode opcode = PARLOR_FRAME_TEXT;
          g_autoptr (GBytes) payload = NULL;
          guint16 close_code = 0;

          result = parlor_frame_reader_read (reader, &bytes, &length, &opcode, &payload, &close_code);
          fuzz_check (result != PARLOR_FRAME_MORE || length == 0);
          fuzz_check ((result == PARLOR_FRAME_READY) == (payload != NULL));
          if (result == PARLOR_FRAME_REFUSED)
            {
              fuzz_check (close_code >= 1002 && close_code <= 1009);
              g_string_append_printf (log, "refused %u\n", close_code);
            }
          else if (payload)
            {
              g_autofree char *sum = g_compute_checksum_for_bytes (G_CHECKSUM_MD5, payload);

              fuzz_check (g_bytes_get_size (payload) <= MAX_MESSAGE);
              g_string_append_printf (log, "%d %" G_GSIZE_FORMAT " %s\n", opcode, g_bytes_get_size (payload), sum);
              if (opcode == PARLOR_FRAME_CLOSE)
                g_string_append_printf (log, "%u\n", parlor_frame_get_close_code (payload));
            }
        }
      while (result == PARLOR_FRAME_READY);
    }
  return g_string_free (log, FALSE);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *whole = NULL, *pieces = NULL;

  if (size < 2)
    return 0;
  whole = read_in_pieces (data + 1, size - 1, size - 1);
  pieces = read_in_pieces (data + 1, size - 1, data[0] % 16 + 1);
  fuzz_check (g_str_equal (whole, pieces));
  return 0;
}
