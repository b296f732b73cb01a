/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "parlor-agenda.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_LISTENER (parlor_listener_get_type ())
G_DECLARE_FINAL_TYPE (ParlorListener, parlor_listener, PARLOR, LISTENER, GObject)

ParlorListener *parlor_listener_new (GSocketAddress *address,
                                     ParlorAgenda *agenda,
                                     guint max_connections,
                                     guint request_ms,
                                     GError **error);
ParlorListener *parlor_listener_new_from_socket (GSocket *socket,
                                                 ParlorAgenda *agenda,
                                                 guint max_connections,
                                                 guint request_ms);
GSocketAddress *parlor_listener_get_address (ParlorListener *self);
void parlor_listener_admit (ParlorListener *self, GIOStream *connection);
void parlor_listener_close (ParlorListener *self);

G_END_DECLS
