/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Who may come in, and where to: what a request's path, Host and Origin mean. Pure; any thread.
 */

#define PARLOR_DOOR_PAGE_PATH "/guest-page/" /* the page's files; reserved, so it names no room */
#define PARLOR_DOOR_HEALTH_PATH "/health"     /* for load balancers; no room either */

/* The room that @path names, "" for the lobby; NULL when it names none. Points into @path. */
const char *parlor_door_get_room (const char *path);
/* Whether the first who comes into @room may close it to those who do not have the same ticket. */
gboolean parlor_door_room_has_ticket (const char *room);
/* Whether a browser that was sent here by a foreign name server could not have made this Host header. */
gboolean parlor_door_host_is_allowed (const char *host, GHashTable *allowed_names);
/* Whether a page of @origin was served by this @host. */
gboolean parlor_door_origin_matches (const char *origin, const char *host);
/* Whether @address is a literal of the machine itself. */
gboolean parlor_door_address_is_loopback (const char *address);

G_END_DECLS
