/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* From now on what the program logs goes to standard error, one line each, as text or as JSON. */
void parlor_relay_log_install (gboolean as_json);

G_END_DECLS
