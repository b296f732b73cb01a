/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-application.h"
#include "parlor-core.h"
#include "parlor-reporter.h"
#include "parlor-window.h"

G_BEGIN_DECLS

struct _ParlorApplication
{
  AdwApplication parent_instance;

  /* from the command line */
  gboolean options_read;
  gboolean test_media;
  char *name; /* (nullable) */

  ParlorStudio *studio;
  ParlorCore *core;
  ParlorWindow *window; /* (nullable); owned by GTK */
  GSignalGroup *call_signals;
  ParlorReporter *reporter;
  char *last_target; /* (nullable): what was joined last, for Try Again; NULL = hosting */
  gboolean tried;    /* whether there was anything to try again */
};

/* parlor-application-actions.c */
void parlor_application_add_actions (ParlorApplication *self);
void parlor_application_join (ParlorApplication *self, const char *text);
void parlor_application_host (ParlorApplication *self);

G_END_DECLS
