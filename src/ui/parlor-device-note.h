/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define PARLOR_TYPE_DEVICE_NOTE (parlor_device_note_get_type ())
G_DECLARE_FINAL_TYPE (ParlorDeviceNote, parlor_device_note, PARLOR, DEVICE_NOTE, AdwBin)

G_END_DECLS
