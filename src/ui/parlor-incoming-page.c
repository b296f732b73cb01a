/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-incoming-page.h"

#include <glib/gi18n.h>

#include "parlor-self-view.h"
#include "parlor-snap-box.h"

/*
 * ParlorIncomingPage: somebody rings. Who it is, how one looks oneself, and the three answers, in the order
 * that makes the wrong one hard to hit. Bindings only.
 */

struct _ParlorIncomingPage
{
  ParlorWindowPage parent_instance;
};

G_DEFINE_FINAL_TYPE (ParlorIncomingPage, parlor_incoming_page, PARLOR_TYPE_WINDOW_PAGE)

static char *
how_sure (gpointer self, ParlorDialect dialect)
{
  return g_strdup (dialect == PARLOR_DIALECT_SEED ? _ ("is calling · not verified, from a simple page")
                                                  : _ ("is calling · not verified yet"));
}

static void
parlor_incoming_page_class_init (ParlorIncomingPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (PARLOR_TYPE_CALL);
  g_type_ensure (PARLOR_TYPE_SELF_VIEW);
  g_type_ensure (PARLOR_TYPE_SNAP_BOX);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/parlor/Parlor/ui/parlor-incoming-page.ui");
  gtk_widget_class_bind_template_callback_full (widget_class, "person", G_CALLBACK (parlor_window_page_person));
  gtk_widget_class_bind_template_callback (widget_class, how_sure);
}

static void
parlor_incoming_page_init (ParlorIncomingPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
