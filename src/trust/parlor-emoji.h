/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PARLOR_EMOJI_COUNT 64

/**
 * ParlorEmoji: one of the 64 pictures that two people can read to each other (Matrix, "SAS method: emoji").
 */
typedef struct
{
  const char *glyph;
  const char *name; /* English, marked for translation */
} ParlorEmoji;

/* (transfer none): @index is below PARLOR_EMOJI_COUNT. */
const ParlorEmoji *parlor_emoji_get (guint index);

G_END_DECLS
