/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define PARLOR_TYPE_SECURITY_BUTTON (parlor_security_button_get_type ())
G_DECLARE_FINAL_TYPE (ParlorSecurityButton, parlor_security_button, PARLOR, SECURITY_BUTTON, AdwBin)

G_END_DECLS
