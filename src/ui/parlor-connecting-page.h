/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-window-page.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_CONNECTING_PAGE (parlor_connecting_page_get_type ())
G_DECLARE_FINAL_TYPE (ParlorConnectingPage, parlor_connecting_page, PARLOR, CONNECTING_PAGE, ParlorWindowPage)

G_END_DECLS
