/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-window-page.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_ROOM_PAGE (parlor_room_page_get_type ())
G_DECLARE_FINAL_TYPE (ParlorRoomPage, parlor_room_page, PARLOR, ROOM_PAGE, ParlorWindowPage)

G_END_DECLS
