/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-window-page.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_INVITE_PAGE (parlor_invite_page_get_type ())
G_DECLARE_FINAL_TYPE (ParlorInvitePage, parlor_invite_page, PARLOR, INVITE_PAGE, ParlorWindowPage)

G_END_DECLS
