/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-window-page.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_LOBBY_PAGE (parlor_lobby_page_get_type ())
G_DECLARE_FINAL_TYPE (ParlorLobbyPage, parlor_lobby_page, PARLOR, LOBBY_PAGE, ParlorWindowPage)

void parlor_lobby_page_set_invite (ParlorLobbyPage *self, ParlorInvite *invite, const char *text);

G_END_DECLS
