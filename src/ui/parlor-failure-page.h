/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-window-page.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_FAILURE_PAGE (parlor_failure_page_get_type ())
G_DECLARE_FINAL_TYPE (ParlorFailurePage, parlor_failure_page, PARLOR, FAILURE_PAGE, ParlorWindowPage)

void parlor_failure_page_set_error (ParlorFailurePage *self, const GError *error);

G_END_DECLS
