/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-lobby-page.h"

#include <glib/gi18n.h>

#include "parlor-device-note.h"
#include "parlor-self-view.h"

/*
 * ParlorLobbyPage: the threshold before a link that was opened: how one looks, and where one is going.
 * Nothing connects before Join is pressed.
 */

struct _ParlorLobbyPage
{
  ParlorWindowPage parent_instance;

  GtkLabel *where;
  GtkWidget *join;
};

G_DEFINE_FINAL_TYPE (ParlorLobbyPage, parlor_lobby_page, PARLOR_TYPE_WINDOW_PAGE)

static gboolean
is_in_room (gpointer self, ParlorSessionState session)
{
  return session != PARLOR_SESSION_IDLE;
}

static void
parlor_lobby_page_class_init (ParlorLobbyPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (PARLOR_TYPE_DEVICE_NOTE);
  g_type_ensure (PARLOR_TYPE_SELF_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/parlor/Parlor/ui/parlor-lobby-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ParlorLobbyPage, where);
  gtk_widget_class_bind_template_child (widget_class, ParlorLobbyPage, join);
  gtk_widget_class_bind_template_callback (widget_class, is_in_room);
}

static void
parlor_lobby_page_init (ParlorLobbyPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * parlor_lobby_page_set_invite:
 * @self: a lobby
 * @invite: where the link leads; only what may be shown of it is
 * @text: the link, which Join hands to `app.join`
 */
void
parlor_lobby_page_set_invite (ParlorLobbyPage *self, ParlorInvite *invite, const char *text)
{
  g_autofree char *where = parlor_invite_to_display (invite);

  gtk_label_set_label (self->where, where);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->join), "s", text);
  gtk_widget_grab_focus (self->join);
}
