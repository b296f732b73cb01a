/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-window-page.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_HOME_PAGE (parlor_home_page_get_type ())
G_DECLARE_FINAL_TYPE (ParlorHomePage, parlor_home_page, PARLOR, HOME_PAGE, ParlorWindowPage)

G_END_DECLS
