/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorLine:
 *
 * People who each wait for the same time: one timer for all of them. It belongs to the main context that was
 * thread-default when it was made.
 */
typedef struct _ParlorLine ParlorLine;

/**
 * ParlorLinePlace: a place in a line, or, all zero, in none. Part of whatever waits, which must leave the line before it is freed.
 */
typedef struct
{
  GList link;
  gint64 due; /* monotonic, in µs; 0 = in no line */
} ParlorLinePlace;

/* @person waited long enough, and is no longer in the line. It may be freed, and others may join and leave. */
typedef void (*ParlorLineDue) (gpointer person, gpointer user_data);

ParlorLine *parlor_line_new (guint wait_ms, ParlorLineDue due, gpointer user_data);
void parlor_line_free (ParlorLine *self);
/* At the end; who is in it already waits anew. */
void parlor_line_join (ParlorLine *self, ParlorLinePlace *place, gpointer person);
void parlor_line_leave (ParlorLine *self, ParlorLinePlace *place);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorLine, parlor_line_free)

G_END_DECLS
