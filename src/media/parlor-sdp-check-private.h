/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-sdp-check.h"

G_BEGIN_DECLS

/* (transfer full): the description that webrtcbin is given. */
char *parlor_sdp_write (const ParlorSdp *self);

/* parlor-sdp-line.c */
ParlorSdpLine *parlor_sdp_line_new (void);
void parlor_sdp_line_free (gpointer line);
void parlor_sdp_line_add_format (ParlorSdpLine *line, const char *format);
void parlor_sdp_line_read_rtpmap (ParlorSdpLine *line, const char *value);
void parlor_sdp_line_read_attribute (ParlorSdpLine *line, const char *key, const char *value);

/* A decimal number that ends at a space, a slash or the end; @at is moved behind it. */
gboolean parlor_sdp_read_number (const char **at, guint64 max, guint64 *value);
/* Between @min and @max letters, digits and characters of @more. */
gboolean parlor_sdp_is_made_of (const char *text, const char *more, gsize min, gsize max);

G_END_DECLS
