/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-signaling"

#include "config.h"

#include "parlor-ws-bounds.h"

#include "parlor-message.h"

/*
 * How much a relay may send us at once. It adds to a message of full size (`from`; to a seed page's also `to`); the parser refuses what is
 * larger without. One frame is bound by all versions of libsoup, all fragments of a message together by 3.8 and later only.
 */

#define MAX_FRAME (PARLOR_WIRE_MAX_MESSAGE + 1024)

void
parlor_ws_bound_messages (SoupWebsocketConnection *connection)
{
  soup_websocket_connection_set_max_incoming_payload_size (connection, MAX_FRAME);
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (connection), "max-total-message-size"))
    g_object_set (connection, "max-total-message-size", (guint64) MAX_FRAME, NULL);
}
