/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * What is between a guest and a relay of plain HTTP on this computer, in the main loop: it carries bytes, breaks off when told, and may lie.
 */
typedef struct _Line Line;

Line *line_new (guint16 relay_port);
void line_free (Line *self);
guint16 line_get_port (Line *self);

/* Every connection breaks off, and none is made before line_mend(). */
void line_cut (Line *self);
void line_mend (Line *self);

/* Changes one digit of each fingerprint in what the relay sends on. */
void line_bend_fingerprints (Line *self, gboolean bend);
guint line_get_n_bent (Line *self);

G_END_DECLS
