/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define PARLOR_TYPE_TLS_HANDSHAKE (parlor_tls_handshake_get_type ())
G_DECLARE_FINAL_TYPE (ParlorTlsHandshake, parlor_tls_handshake, PARLOR, TLS_HANDSHAKE, GObject)

ParlorTlsHandshake *parlor_tls_handshake_new (GSocketConnection *connection, GTlsCertificate *certificate);
GSocketConnection *parlor_tls_handshake_get_connection (GIOStream *stream);

G_END_DECLS
