/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-relay-options.h"

G_BEGIN_DECLS

/**
 * parlor_relay_certificate_load:
 * @options: what is asked for, with TLS
 * @pin: (out) (transfer full) (nullable): SHA-256 of a self-signed one, for invites
 * @error: what is wrong with which file, and what to do
 *
 * Reads, and where it is to be made, makes the relay's certificate.
 *
 * Returns: (transfer full) (nullable): it, with its private key
 */
GTlsCertificate *parlor_relay_certificate_load (const ParlorRelayOptions *options, GBytes **pin, GError **error);

G_END_DECLS
