/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-home-page.h"

#include <glib/gi18n.h>

#include "parlor-device-note.h"
#include "parlor-self-view.h"

/*
 * ParlorHomePage: one's own picture, one blue button, and who one is. Bindings only.
 */

struct _ParlorHomePage
{
  ParlorWindowPage parent_instance;
};

G_DEFINE_FINAL_TYPE (ParlorHomePage, parlor_home_page, PARLOR_TYPE_WINDOW_PAGE)

static char *
you_are (gpointer self, const char *name)
{
  /* Translators: %s is the user's own name, as others see it. */
  return g_strdup_printf (_ ("You are %s"), name);
}

static void
parlor_home_page_class_init (ParlorHomePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (PARLOR_TYPE_DEVICE_NOTE);
  g_type_ensure (PARLOR_TYPE_SELF_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/parlor/Parlor/ui/parlor-home-page.ui");
  gtk_widget_class_bind_template_callback (widget_class, you_are);
}

static void
parlor_home_page_init (ParlorHomePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
