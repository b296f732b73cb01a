/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <gst/gst.h>
#include <locale.h>
#include <malloc.h>

#include "parlor-application.h"
#include "parlor-studio.h"

int
main (int argc, char **argv)
{
  ParlorApplication *application;
  int status;

  mallopt (M_ARENA_MAX, PARLOR_MALLOC_ARENAS);
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, PARLOR_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_application_name ("Parlor");
  gst_init (NULL, NULL);

  application = parlor_application_new ();
  status = g_application_run (G_APPLICATION (application), argc, argv);
  g_object_unref (application);
  parlor_media_finish_peers ();
  parlor_media_finish_warm_up ();
  return status;
}
