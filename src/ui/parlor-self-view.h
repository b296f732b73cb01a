/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define PARLOR_TYPE_SELF_VIEW (parlor_self_view_get_type ())
G_DECLARE_FINAL_TYPE (ParlorSelfView, parlor_self_view, PARLOR, SELF_VIEW, AdwBin)

G_END_DECLS
