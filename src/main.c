/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <gst/gst.h>
#include <locale.h>

#include "parlor-application.h"

int
main (int argc, char **argv)
{
  g_autoptr (ParlorApplication) application = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, PARLOR_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_application_name ("Parlor");
  gst_init (NULL, NULL);

  application = parlor_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
