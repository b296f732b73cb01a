/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-error.h"

G_DEFINE_QUARK (parlor-error-quark, parlor_error)
