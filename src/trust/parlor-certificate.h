/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *parlor_certificate_new_pem (GError **error);
char *parlor_certificate_new_server_pem (const char *const *names, GError **error);

G_END_DECLS
