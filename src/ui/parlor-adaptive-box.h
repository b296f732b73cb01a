/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PARLOR_TYPE_ADAPTIVE_BOX (parlor_adaptive_box_get_type ())
G_DECLARE_FINAL_TYPE (ParlorAdaptiveBox, parlor_adaptive_box, PARLOR, ADAPTIVE_BOX, GtkWidget)

G_END_DECLS
