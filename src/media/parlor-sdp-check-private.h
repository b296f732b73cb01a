/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-sdp-check.h"

G_BEGIN_DECLS

/* (transfer full): the description that webrtcbin is given. */
char *parlor_sdp_write (const ParlorSdp *self);

G_END_DECLS
