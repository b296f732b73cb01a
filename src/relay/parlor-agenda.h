/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorAgenda:
 *
 * Any number of deadlines as one source of a main context. It is used in the thread of that context only.
 */
typedef struct _ParlorAgenda ParlorAgenda;

typedef void (*ParlorAgendaFunc) (gpointer user_data);

/**
 * ParlorDeadline: something to be done at a time. It lies inside of whatever waits, zeroed before its first use.
 */
typedef struct
{
  /*< private >*/
  gint64 at;   /* monotonic time */
  guint place; /* in the heap, from 1; 0 = not in it */
  ParlorAgendaFunc func;
  gpointer user_data;
} ParlorDeadline;

ParlorAgenda *parlor_agenda_new (void);
void parlor_agenda_free (ParlorAgenda *self);
void parlor_agenda_set (ParlorAgenda *self, ParlorDeadline *deadline, guint ms, ParlorAgendaFunc func, gpointer user_data);
void parlor_agenda_clear (ParlorAgenda *self, ParlorDeadline *deadline);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorAgenda, parlor_agenda_free)

G_END_DECLS
