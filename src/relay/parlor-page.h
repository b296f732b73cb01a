/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Answers with the file @name of the guest page, or 404. */
void parlor_page_respond (SoupServerMessage *request, const char *name);
/* Answers with @status and a line of plain text. */
void parlor_page_respond_status (SoupServerMessage *request, guint status, const char *text);
/* The same for a whole text of any type. */
void parlor_page_respond_text (SoupServerMessage *request, guint status, const char *content_type, const char *text);
/* What a load balancer asks: 200 "ok", or 503 while the relay lets nobody in before its end. */
void parlor_page_respond_health (SoupServerMessage *request, gboolean draining);

G_END_DECLS
