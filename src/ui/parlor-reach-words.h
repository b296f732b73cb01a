/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-reach.h"

G_BEGIN_DECLS

/* Who comes in by such an address; a heading. */
const char *parlor_words_for_scope (ParlorScope scope);

/* (transfer full): the address, and what is known about it. */
char *parlor_words_for_address (ParlorAddress *address);

/**
 * parlor_words_for_reach:
 * @addresses: (element-type ParlorAddress): at which this computer is reached
 * @router: how asking the router went
 * @port: on which this computer listens
 *
 * Returns: (transfer full): who can come in at all, and what can be done where that is not everybody
 */
char *parlor_words_for_reach (GListModel *addresses, ParlorPortMapState router, guint16 port);

G_END_DECLS
