/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-request.h"

G_BEGIN_DECLS

/**
 * ParlorResponse: an answer to a request, the last on its connection. Pure; one thread at a time.
 */
typedef struct
{
  guint status;
  SoupMessageHeaders *headers; /* besides Date, Content-Length and Connection */
  GBytes *body;
} ParlorResponse;

/* @body: (transfer full) */
void parlor_response_init (ParlorResponse *self, guint status, const char *content_type, GBytes *body);
void parlor_response_clear (ParlorResponse *self);
/* (transfer full): its bytes, as an answer to @request. */
GBytes *parlor_response_to_bytes (const ParlorResponse *self, const ParlorRequest *request);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ParlorResponse, parlor_response_clear)

G_END_DECLS
