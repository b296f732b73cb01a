/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "parlor-core.h"
#include "parlor-invitation.h"
#include "parlor-settings.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_WINDOW (parlor_window_get_type ())
G_DECLARE_FINAL_TYPE (ParlorWindow, parlor_window, PARLOR, WINDOW, AdwApplicationWindow)

ParlorWindow *parlor_window_new (GtkApplication *application, ParlorCore *core, ParlorInvitation *invitation, ParlorSettings *settings);
void parlor_window_show_lobby (ParlorWindow *self, ParlorInvite *invite, const char *text);
void parlor_window_drop_lobby (ParlorWindow *self);
void parlor_window_show_failure (ParlorWindow *self, const GError *error);
void parlor_window_add_toast (ParlorWindow *self, const char *text);

G_END_DECLS
