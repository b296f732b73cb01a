/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * parlor_kept_certificate_load:
 * @folder: where it is kept, as certificate.pem; made if it is not there, for its owner only
 * @names: (nullable) (array zero-terminated=1): for one that is made now, names and address literals besides
 *   localhost, 127.0.0.1 and ::1
 * @error: PARLOR_ERROR_TLS with a message that says what to do
 *
 * The relay's own, self-signed certificate: the one that is kept, or a new one where there is none or where it ends
 * within a year. One that cannot be used is an error and stays as it is, for the invites that were made with it hold its
 * pin. Any thread; it reads, and perhaps writes, files.
 *
 * Returns: (transfer full) (nullable): the certificate and its private key, in PEM, for g_tls_certificate_new_from_pem()
 */
char *parlor_kept_certificate_load (const char *folder, const char *const *names, GError **error);

/**
 * parlor_kept_certificate_get_pin:
 * @pem: a certificate in PEM; of several the first
 * @error: PARLOR_ERROR_TLS
 *
 * Returns: (transfer full) (nullable): SHA-256 of the certificate (DER), 32 bytes: the pin of an invite
 */
GBytes *parlor_kept_certificate_get_pin (const char *pem, GError **error);

G_END_DECLS
