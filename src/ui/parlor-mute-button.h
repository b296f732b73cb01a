/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PARLOR_TYPE_MUTE_BUTTON (parlor_mute_button_get_type ())
G_DECLARE_FINAL_TYPE (ParlorMuteButton, parlor_mute_button, PARLOR, MUTE_BUTTON, GtkToggleButton)

G_END_DECLS
