/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define PARLOR_TYPE_HANDSHAKE (parlor_handshake_get_type ())
G_DECLARE_FINAL_TYPE (ParlorHandshake, parlor_handshake, PARLOR, HANDSHAKE, GObject)

ParlorHandshake *parlor_handshake_new (GSocketConnection *connection, GTlsCertificate *certificate);
GSocketConnection *parlor_handshake_get_connection (GIOStream *stream);

G_END_DECLS
