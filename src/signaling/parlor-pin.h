/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Whether @certificate (nullable) is the one whose SHA-256 is @pin. Pure; any thread. */
gboolean parlor_pin_matches (GBytes *pin, GTlsCertificate *certificate);

G_END_DECLS
