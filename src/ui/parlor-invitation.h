/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-core.h"
#include "parlor-reach.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_INVITATION (parlor_invitation_get_type ())
G_DECLARE_FINAL_TYPE (ParlorInvitation, parlor_invitation, PARLOR, INVITATION, GObject)

/**
 * ParlorInvitation:
 *
 * The links that the user hands out: the core's invite, told with the address at which others reach this computer. Main thread only.
 *
 * Properties (notify): "reach" (#ParlorReach), "address" (read-write, nullable #ParlorAddress: the chosen one; NULL while nobody hosts), "web-link" and
 * "app-link" (read-only, nullable).
 */
ParlorInvitation *parlor_invitation_new (ParlorCore *core, ParlorReach *reach);
ParlorReach *parlor_invitation_get_reach (ParlorInvitation *self);
ParlorAddress *parlor_invitation_get_address (ParlorInvitation *self); /* (transfer none) (nullable) */
void parlor_invitation_set_address (ParlorInvitation *self, ParlorAddress *address);
const char *parlor_invitation_get_web_link (ParlorInvitation *self);
const char *parlor_invitation_get_app_link (ParlorInvitation *self);

G_END_DECLS
