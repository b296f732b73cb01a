/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-window-page.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_INCOMING_PAGE (parlor_incoming_page_get_type ())
G_DECLARE_FINAL_TYPE (ParlorIncomingPage, parlor_incoming_page, PARLOR, INCOMING_PAGE, ParlorWindowPage)

G_END_DECLS
