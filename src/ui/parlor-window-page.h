/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "parlor-core.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_WINDOW_PAGE (parlor_window_page_get_type ())
G_DECLARE_DERIVABLE_TYPE (ParlorWindowPage, parlor_window_page, PARLOR, WINDOW_PAGE, AdwBin)

/**
 * ParlorWindowPage:
 *
 * What the window shows one of at a time. Properties: "core" (nullable #ParlorCore), "dark" (whether the
 * page is dark whatever the theme, for those that show a picture from edge to edge).
 */
struct _ParlorWindowPageClass
{
  AdwBinClass parent_class;
};

ParlorCore *parlor_window_page_get_core (ParlorWindowPage *self); /* (transfer none) (nullable) */
gboolean parlor_window_page_get_dark (ParlorWindowPage *self);

/* For templates that bind it as "person": (transfer full): @name, or a word for who has none. */
char *parlor_window_page_person (gpointer self, const char *name);

G_END_DECLS
