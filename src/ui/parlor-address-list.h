/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define PARLOR_TYPE_ADDRESS_LIST (parlor_address_list_get_type ())
G_DECLARE_FINAL_TYPE (ParlorAddressList, parlor_address_list, PARLOR, ADDRESS_LIST, AdwBin)

/**
 * ParlorAddressList:
 *
 * The addresses at which others reach this computer, what is known about each, and a choice of one for the links.
 * Property: "invitation" (nullable ParlorInvitation).
 */

G_END_DECLS
