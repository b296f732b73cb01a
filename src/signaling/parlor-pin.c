/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-signaling"

#include "config.h"

#include "parlor-pin.h"

#include "parlor-invite.h"

#include <string.h>

gboolean
parlor_pin_matches (GBytes *pin, GTlsCertificate *certificate)
{
  g_autoptr (GByteArray) der = NULL;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[PARLOR_INVITE_PIN_SIZE];
  gsize size = sizeof digest;

  if (certificate == NULL)
    return FALSE;
  g_object_get (certificate, "certificate", &der, NULL);
  g_checksum_update (checksum, der->data, der->len);
  g_checksum_get_digest (checksum, digest, &size);
  return memcmp (digest, g_bytes_get_data (pin, NULL), sizeof digest) == 0;
}
