/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PARLOR_TYPE_SNAP_BOX (parlor_snap_box_get_type ())
G_DECLARE_FINAL_TYPE (ParlorSnapBox, parlor_snap_box, PARLOR, SNAP_BOX, GtkWidget)

G_END_DECLS
