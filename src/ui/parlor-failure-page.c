/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-failure-page.h"

#include <glib/gi18n.h>

#include "parlor-error.h"
#include "parlor-words.h"

/*
 * ParlorFailurePage: why joining or hosting did not work, and what to do about it. What the program itself
 * has to say is behind "Show Details", to be copied.
 */

struct _ParlorFailurePage
{
  ParlorWindowPage parent_instance;

  AdwStatusPage *status;
  GtkExpander *expander;
  GtkLabel *details;
  GtkWidget *retry;
};

G_DEFINE_FINAL_TYPE (ParlorFailurePage, parlor_failure_page, PARLOR_TYPE_WINDOW_PAGE)

static void
parlor_failure_page_class_init (ParlorFailurePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/parlor/Parlor/ui/parlor-failure-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ParlorFailurePage, status);
  gtk_widget_class_bind_template_child (widget_class, ParlorFailurePage, expander);
  gtk_widget_class_bind_template_child (widget_class, ParlorFailurePage, details);
  gtk_widget_class_bind_template_child (widget_class, ParlorFailurePage, retry);
}

static void
parlor_failure_page_init (ParlorFailurePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * parlor_failure_page_set_error:
 * @self: a failure page
 * @error: what to explain
 */
void
parlor_failure_page_set_error (ParlorFailurePage *self, const GError *error)
{
  /* The same text would fail in the same way, and Parlor starts camera and microphone once. */
  gboolean again = !g_error_matches (error, PARLOR_ERROR, PARLOR_ERROR_BAD_INVITE)
                   && !g_error_matches (error, PARLOR_ERROR, PARLOR_ERROR_NO_DEVICE)
                   && !g_error_matches (error, PARLOR_ERROR, PARLOR_ERROR_DEVICE_BUSY)
                   && !g_error_matches (error, PARLOR_ERROR, PARLOR_ERROR_MEDIA);

  adw_status_page_set_title (self->status, parlor_words_for_error (error));
  adw_status_page_set_description (self->status, parlor_words_for_error_details (error));
  gtk_label_set_label (self->details, error->message);
  gtk_expander_set_expanded (self->expander, FALSE);
  gtk_widget_set_visible (self->retry, again);
}
