/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-application.h"
#include "parlor-core.h"
#include "parlor-invitation.h"
#include "parlor-reporter.h"
#include "parlor-settings.h"
#include "parlor-window.h"

G_BEGIN_DECLS

struct _ParlorApplication
{
  AdwApplication parent_instance;

  /* from the command line */
  gboolean options_read;
  gboolean test_media;
  char *name; /* (nullable) */

  ParlorSettings *settings;
  ParlorStudio *studio;
  ParlorCore *core;
  ParlorReach *reach;
  ParlorInvitation *invitation;
  gboolean held; /* by a room that stays open without a window */
  ParlorWindow *window; /* (nullable); owned by GTK */
  GSignalGroup *call_signals;
  GSignalGroup *porter_signals;
  GSignalGroup *knocker_signals;
  ParlorReporter *reporter;
  char *last_target; /* (nullable): what was joined last, for Try Again; NULL = hosting */
  gboolean voice_only; /* the camera is off for this call, and comes back with its end */
  gboolean tried;    /* whether there was anything to try again */
};

/* parlor-application-room.c */
void parlor_application_watch_room (ParlorApplication *self);
void parlor_application_add_room_actions (ParlorApplication *self);

/* parlor-application-actions.c */
void parlor_application_add_actions (ParlorApplication *self);
void parlor_application_join (ParlorApplication *self, const char *text);
void parlor_application_host (ParlorApplication *self);

G_END_DECLS
