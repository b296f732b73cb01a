/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-response.h"

G_BEGIN_DECLS

/* What libsoup 3.2 has no names for: RFC 6585. */
#define PARLOR_STATUS_TOO_MANY_REQUESTS 429
#define PARLOR_STATUS_HEADERS_TOO_LARGE 431

/* All of these fill in @response, (out caller-allocates). The file @name of the guest page, or 404; the page may open
   WebSockets to @host, as the browser called this relay and the door let it pass, and to nobody else. */
void parlor_page_respond (ParlorResponse *response, const char *name, const char *host);
/* @status and a line of plain text. */
void parlor_page_respond_status (ParlorResponse *response, guint status, const char *text);
/* The same for a whole text of any type. */
void parlor_page_respond_text (ParlorResponse *response, guint status, const char *content_type, const char *text);
/* What a load balancer asks: 200 "ok", or 503 while the relay lets nobody in before its end. */
void parlor_page_respond_health (ParlorResponse *response, gboolean draining);

G_END_DECLS
