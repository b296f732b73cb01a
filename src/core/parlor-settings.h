/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define PARLOR_TYPE_SETTINGS (parlor_settings_get_type ())
G_DECLARE_FINAL_TYPE (ParlorSettings, parlor_settings, PARLOR, SETTINGS, GObject)

/**
 * ParlorSettings:
 *
 * What the user chose, kept in a file from one start to the next; a change is written at once. Main thread only.
 *
 * Properties (read-write, notify): "home-relay" (string, "" for none: a relay to meet at instead of hosting), "keep-hosting" (gboolean, FALSE: the door stays open while the
 * window is closed), "ask-router" (gboolean, TRUE: the router is asked to let others in),
 * "told-going-on" (gboolean, FALSE: the user has read what keep-hosting does when the window closes).
 */
ParlorSettings *parlor_settings_new (const char *path);
/* (transfer full): in the user's configuration folder. */
ParlorSettings *parlor_settings_new_for_user (void);
const char *parlor_settings_get_home_relay (ParlorSettings *self);
gboolean parlor_settings_get_keep_hosting (ParlorSettings *self);
gboolean parlor_settings_get_ask_router (ParlorSettings *self);
gboolean parlor_settings_get_told_going_on (ParlorSettings *self);

G_END_DECLS
