/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-window-page.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_ENDED_PAGE (parlor_ended_page_get_type ())
G_DECLARE_FINAL_TYPE (ParlorEndedPage, parlor_ended_page, PARLOR, ENDED_PAGE, ParlorWindowPage)

void parlor_ended_page_set_call (ParlorEndedPage *self, ParlorCall *call);

G_END_DECLS
