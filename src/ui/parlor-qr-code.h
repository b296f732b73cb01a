/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PARLOR_QR_QUIET_ZONE 4 /* modules, ISO/IEC 18004 */

#define PARLOR_TYPE_QR_CODE (parlor_qr_code_get_type ())
G_DECLARE_FINAL_TYPE (ParlorQrCode, parlor_qr_code, PARLOR, QR_CODE, GtkWidget)

/**
 * ParlorQrCode:
 *
 * A text as a QR code: black on white whatever the theme, with its quiet zone, each module a whole number of device pixels.
 * Property: "text" (nullable; what cannot be a code shows nothing). Who uses it gives it an accessible name.
 */

/* (transfer full) (nullable): the modules of @text, row by row, 1 for black, 0 for white, without the quiet zone; @width of them in a row. Pure. */
GBytes *parlor_qr_code_encode (const char *text, guint *width);

G_END_DECLS
