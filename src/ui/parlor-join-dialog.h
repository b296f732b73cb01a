/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define PARLOR_TYPE_JOIN_DIALOG (parlor_join_dialog_get_type ())
G_DECLARE_FINAL_TYPE (ParlorJoinDialog, parlor_join_dialog, PARLOR, JOIN_DIALOG, AdwWindow)

GtkWindow *parlor_join_dialog_new (GtkWindow *parent);

G_END_DECLS
