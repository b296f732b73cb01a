/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-error.h"

/* The formatter takes the hyphens for minus signs. */
/* clang-format off */
G_DEFINE_QUARK (parlor-error-quark, parlor_error)
