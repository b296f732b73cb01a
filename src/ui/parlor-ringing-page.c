/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-ringing-page.h"

#include "parlor-self-view.h"
#include "parlor-snap-box.h"

/*
 * ParlorRingingPage: we ring somebody and wait. Bindings only.
 */

struct _ParlorRingingPage
{
  ParlorWindowPage parent_instance;
};

G_DEFINE_FINAL_TYPE (ParlorRingingPage, parlor_ringing_page, PARLOR_TYPE_WINDOW_PAGE)

static void
parlor_ringing_page_class_init (ParlorRingingPageClass *klass)
{
  g_type_ensure (PARLOR_TYPE_CALL);
  g_type_ensure (PARLOR_TYPE_SELF_VIEW);
  g_type_ensure (PARLOR_TYPE_SNAP_BOX);
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass),
                                               "/io/github/parlor/Parlor/ui/parlor-ringing-page.ui");
  gtk_widget_class_bind_template_callback_full (GTK_WIDGET_CLASS (klass), "person",
                                                G_CALLBACK (parlor_window_page_person));
}

static void
parlor_ringing_page_init (ParlorRingingPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
