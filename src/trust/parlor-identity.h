/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PARLOR_IDENTITY_KEY_SIZE 65       /* bytes: 04, x, y: an uncompressed point of P-256 (SEC 1, section 2.3.3) */
#define PARLOR_IDENTITY_SIGNATURE_SIZE 64 /* bytes: r and s, 32 each */

/**
 * ParlorIdentity:
 *
 * The lasting key of an installation, by which those who met it before know it again: P-256, kept in the data folder, never sent
 * but as its public half, and only over a verified data channel. Immutable and counted; any thread.
 */
typedef struct _ParlorIdentity ParlorIdentity;

/* (transfer full) (nullable): a new one, kept nowhere. PARLOR_ERROR_FAILED. */
ParlorIdentity *parlor_identity_new (GError **error);

/**
 * parlor_identity_load:
 * @folder: the data folder; made if there is none
 * @error: PARLOR_ERROR_FAILED when the file cannot be read, written or understood. It is never replaced by itself: who
 *   had met the old key would be warned of the new one
 *
 * Reads the identity, and makes it the first time.
 *
 * Returns: (transfer full) (nullable): the identity
 */
ParlorIdentity *parlor_identity_load (const char *folder, GError **error);

/* (transfer full) (nullable): a new identity in the place of the one in @folder. Errors as above. */
ParlorIdentity *parlor_identity_reset (const char *folder, GError **error);

ParlorIdentity *parlor_identity_ref (ParlorIdentity *self);
void parlor_identity_unref (ParlorIdentity *self);

/* (transfer none): PARLOR_IDENTITY_KEY_SIZE bytes. */
GBytes *parlor_identity_get_key (ParlorIdentity *self);

/* (transfer full): PARLOR_IDENTITY_SIGNATURE_SIZE bytes: ECDSA with SHA-256 over @text. */
GBytes *parlor_identity_sign (ParlorIdentity *self, GBytes *text);

/* Whether the owner of @key signed @text. FALSE also for what is no key or no signature: both come from the network. */
gboolean parlor_identity_verify (GBytes *key, GBytes *text, GBytes *signature);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorIdentity, parlor_identity_unref)

G_END_DECLS
