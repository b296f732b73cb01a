/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-channel.h"

G_BEGIN_DECLS

/**
 * ParlorIceList:
 *
 * The STUN and TURN servers that a relay named last, kept fresh. Main thread only.
 */
typedef struct _ParlorIceList ParlorIceList;

ParlorIceList *parlor_ice_list_new (ParlorChannel *channel, guint renew_ms);
void parlor_ice_list_free (ParlorIceList *self);
void parlor_ice_list_take (ParlorIceList *self, const GPtrArray *servers);
GPtrArray *parlor_ice_list_get (ParlorIceList *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorIceList, parlor_ice_list_free)

G_END_DECLS
