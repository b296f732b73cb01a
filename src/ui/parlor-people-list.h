/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define PARLOR_TYPE_PEOPLE_LIST (parlor_people_list_get_type ())
G_DECLARE_FINAL_TYPE (ParlorPeopleList, parlor_people_list, PARLOR, PEOPLE_LIST, AdwBin)

/**
 * ParlorPeopleList:
 *
 * People as rows, each with what can be done about them. Properties: "people" (nullable GListModel of ParlorParticipant),
 * "at-door" (gboolean: they wait outside, and are let in or declined; else they are here, and can be called), "owner" (gboolean: those who are here can be removed),
 * "empty" (read-only).
 */

G_END_DECLS
