/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @sorted gets the @n values of @lateness, the least first. */
void parlor_lateness_sort (gint64 *sorted, const gint64 *lateness, guint n);

G_END_DECLS
