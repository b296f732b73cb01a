/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-join-dialog.h"

#include <glib/gi18n.h>

#include "parlor-invite.h"

/*
 * ParlorJoinDialog: takes an invite or an address. What cannot be one is told in place; what can is handed
 * to `app.join`, and the dialog closes. Nothing connects from here.
 */

struct _ParlorJoinDialog
{
  AdwWindow parent_instance;

  AdwPreferencesRow *entry;
  GtkWidget *problem;
  GtkWidget *join;
};

G_DEFINE_FINAL_TYPE (ParlorJoinDialog, parlor_join_dialog, ADW_TYPE_WINDOW)

static void
on_changed (ParlorJoinDialog *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->entry));

  gtk_widget_set_visible (self->problem, FALSE);
  gtk_widget_remove_css_class (GTK_WIDGET (self->entry), "error");
  gtk_widget_set_sensitive (self->join, text[strspn (text, " \t\n")] != '\0');
}

static void
on_join (ParlorJoinDialog *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->entry));
  g_autoptr (ParlorInvite) invite = parlor_invite_parse (text, NULL);

  if (!invite)
    {
      gtk_widget_set_visible (self->problem, TRUE);
      gtk_widget_add_css_class (GTK_WIDGET (self->entry), "error");
      gtk_widget_grab_focus (GTK_WIDGET (self->entry));
      return;
    }
  g_action_group_activate_action (G_ACTION_GROUP (g_application_get_default ()), "join",
                                  g_variant_new_string (text));
  gtk_window_close (GTK_WINDOW (self));
}

static void
parlor_join_dialog_class_init (ParlorJoinDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/parlor/Parlor/ui/parlor-join-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, ParlorJoinDialog, entry);
  gtk_widget_class_bind_template_child (widget_class, ParlorJoinDialog, problem);
  gtk_widget_class_bind_template_child (widget_class, ParlorJoinDialog, join);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_join);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
parlor_join_dialog_init (ParlorJoinDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * parlor_join_dialog_new:
 * @parent: over which it is shown
 *
 * Returns: (transfer none): the dialog, owned by GTK until it is closed
 */
GtkWindow *
parlor_join_dialog_new (GtkWindow *parent)
{
  return g_object_new (PARLOR_TYPE_JOIN_DIALOG, "transient-for", parent, NULL);
}
