/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-window-page.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_RINGING_PAGE (parlor_ringing_page_get_type ())
G_DECLARE_FINAL_TYPE (ParlorRingingPage, parlor_ringing_page, PARLOR, RINGING_PAGE, ParlorWindowPage)

G_END_DECLS
