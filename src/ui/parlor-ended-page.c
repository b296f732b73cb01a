/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-ended-page.h"

#include <glib/gi18n.h>

#include "parlor-words.h"

/*
 * ParlorEndedPage: after a call. With whom it was, why it is over in plain words, how long it lasted, and
 * the way to another one.
 */

struct _ParlorEndedPage
{
  ParlorWindowPage parent_instance;

  AdwAvatar *avatar;
  GtkLabel *heading;
  GtkLabel *details;
  GtkLabel *duration;
  GtkWidget *expander;
  GtkLabel *message;
  GtkWidget *again;
};

G_DEFINE_FINAL_TYPE (ParlorEndedPage, parlor_ended_page, PARLOR_TYPE_WINDOW_PAGE)

static void
parlor_ended_page_class_init (ParlorEndedPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/parlor/Parlor/ui/parlor-ended-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ParlorEndedPage, avatar);
  gtk_widget_class_bind_template_child (widget_class, ParlorEndedPage, heading);
  gtk_widget_class_bind_template_child (widget_class, ParlorEndedPage, details);
  gtk_widget_class_bind_template_child (widget_class, ParlorEndedPage, duration);
  gtk_widget_class_bind_template_child (widget_class, ParlorEndedPage, expander);
  gtk_widget_class_bind_template_child (widget_class, ParlorEndedPage, message);
  gtk_widget_class_bind_template_child (widget_class, ParlorEndedPage, again);
}

static void
parlor_ended_page_init (ParlorEndedPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * parlor_ended_page_set_call:
 * @self: an ended page
 * @call: a call in %PARLOR_CALL_ENDED
 */
void
parlor_ended_page_set_call (ParlorEndedPage *self, ParlorCall *call)
{
  const char *name = parlor_participant_get_name (parlor_call_get_participant (call));
  const char *message = parlor_call_get_end_message (call);
  ParlorEndReason reason = parlor_call_get_end_reason (call);
  gboolean incoming = parlor_call_get_incoming (call);
  g_autofree char *details = parlor_words_for_end_details (reason, incoming, name);
  g_autofree char *duration = parlor_words_for_duration (parlor_call_get_duration (call));

  adw_avatar_set_text (self->avatar, name);
  gtk_label_set_label (self->heading, parlor_words_for_end (reason, incoming));
  gtk_label_set_label (self->details, details);
  gtk_label_set_label (self->duration, duration);
  gtk_widget_set_visible (GTK_WIDGET (self->duration), *duration != '\0');
  gtk_label_set_label (self->message, message ? message : "");
  gtk_widget_set_visible (self->expander, message && parlor_end_reason_is_failure (reason));
  gtk_widget_grab_focus (self->again);
}
