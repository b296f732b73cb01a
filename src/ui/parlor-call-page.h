/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-window-page.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_CALL_PAGE (parlor_call_page_get_type ())
G_DECLARE_FINAL_TYPE (ParlorCallPage, parlor_call_page, PARLOR, CALL_PAGE, ParlorWindowPage)

G_END_DECLS
