/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Answers with the file @name of the guest page, or 404. */
void parlor_page_respond (SoupServerMessage *request, const char *name);
/* Answers with @status and a line of plain text. */
void parlor_page_respond_status (SoupServerMessage *request, guint status, const char *text);

G_END_DECLS
