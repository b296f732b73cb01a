/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PARLOR_TYPE_VIDEO_VIEW (parlor_video_view_get_type ())
G_DECLARE_FINAL_TYPE (ParlorVideoView, parlor_video_view, PARLOR, VIDEO_VIEW, GtkWidget)

GtkWidget *parlor_video_view_new (void);
void parlor_video_view_fit (double width,
                            double height,
                            double aspect,
                            gboolean contain,
                            graphene_rect_t *out);

G_END_DECLS
