/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-address.h"

G_BEGIN_DECLS

/* Whether others can be told @address at all: no link-local one (it needs a zone), no multicast, nothing unspecified; its scope, too. */
gboolean parlor_interfaces_classify (GInetAddress *address, ParlorScope *scope);

/**
 * parlor_interfaces_sort:
 * @addresses: (element-type GInetAddress): usable addresses
 * @preferred: (element-type GInetAddress): those that the way out of this computer uses
 *
 * By usefulness to somebody else: public IPv4, IPv4 of this network, global IPv6, other IPv6, this computer; of each kind the preferred first.
 */
void parlor_interfaces_sort (GPtrArray *addresses, GPtrArray *preferred);

/* (transfer full) (element-type GInetAddress): this machine's usable addresses now, sorted; 127.0.0.1 is always there. */
GPtrArray *parlor_interfaces_list (void);

/* (transfer full) (nullable): us, as a router is to know us: the address that the way out of this computer uses, if others can be told it, and over IPv6
 * only if the internet routes it. */
GInetAddress *parlor_interfaces_get_own (GSocketFamily family);

/* Whether @text is an IPv4 address that the internet routes: not private, not a provider's shared one. */
gboolean parlor_interfaces_is_public (const char *text);

G_END_DECLS
