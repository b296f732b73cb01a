/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-base64url.h"

#include <string.h>

/*
 * Base64url without padding, as invites and the wire spell keys and digests. GLib's decoder skips whatever it does
 * not know, which would turn a mistyped key into another one; so the reader here checks every character itself.
 */

static int
value_of (char c)
{
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  if (c == '-')
    return 62;
  return c == '_' ? 63 : -1;
}

char *
parlor_base64url_encode (GBytes *bytes)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);
  char *text = g_base64_encode (data, size);

  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  text[strcspn (text, "=")] = '\0';
  return text;
}

GBytes *
parlor_base64url_decode (const char *text, gsize length, gsize size)
{
  g_autoptr (GByteArray) bytes = NULL;
  guint32 bits = 0;
  guint n_bits = 0;

  if (length != (size * 8 + 5) / 6)
    return NULL;

  bytes = g_byte_array_sized_new (size);
  for (gsize i = 0; i < length; i++)
    {
      int value = value_of (text[i]);

      if (value < 0)
        return NULL;
      bits = (bits << 6 | value) & 0xffff;
      n_bits += 6;
      if (n_bits >= 8)
        {
          guint8 byte = bits >> (n_bits - 8) & 0xff;

          g_byte_array_append (bytes, &byte, 1);
          n_bits -= 8;
        }
    }
  if ((bits & ((1u << n_bits) - 1)) != 0)
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}
