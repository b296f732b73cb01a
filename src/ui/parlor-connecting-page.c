/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-connecting-page.h"

#include <glib/gi18n.h>

/*
 * ParlorConnectingPage: on the way into a room, or at its locked door, with a way back. Bindings only.
 */

struct _ParlorConnectingPage
{
  ParlorWindowPage parent_instance;
};

G_DEFINE_FINAL_TYPE (ParlorConnectingPage, parlor_connecting_page, PARLOR_TYPE_WINDOW_PAGE)

static char *
where (gpointer self, ParlorInvite *invite)
{
  return invite ? parlor_invite_to_display (invite) : g_strdup ("");
}

static char *
heading (gpointer self, ParlorSessionState session, gboolean knocked)
{
  if (session != PARLOR_SESSION_LOCKED)
    return g_strdup (_ ("Connecting…"));
  return g_strdup (knocked ? _ ("You knocked. Waiting for somebody to open…") : _ ("The room is locked"));
}

static char *
explanation (gpointer self, ParlorSessionState session, gboolean knocked, const char *name)
{
  if (session != PARLOR_SESSION_LOCKED)
    return g_strdup ("");
  /* Translators: in both, %s is the user's own name. */
  return g_strdup_printf (knocked ? _ ("They see your name, %s.") : _ ("Somebody inside can let you in. They will see your name, %s."), name);
}

static gboolean
is_locked (gpointer self, ParlorSessionState session)
{
  return session == PARLOR_SESSION_LOCKED;
}

static gboolean
may_knock (gpointer self, ParlorSessionState session, gboolean knocked)
{
  return session == PARLOR_SESSION_LOCKED && !knocked;
}

static gboolean
is_waiting (gpointer self, ParlorSessionState session, gboolean knocked)
{
  return !may_knock (self, session, knocked);
}

static void
parlor_connecting_page_class_init (ParlorConnectingPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (
    widget_class, "/io/github/parlor/Parlor/ui/parlor-connecting-page.ui");
  gtk_widget_class_bind_template_callback (widget_class, where);
  gtk_widget_class_bind_template_callback (widget_class, heading);
  gtk_widget_class_bind_template_callback (widget_class, explanation);
  gtk_widget_class_bind_template_callback (widget_class, is_locked);
  gtk_widget_class_bind_template_callback (widget_class, may_knock);
  gtk_widget_class_bind_template_callback (widget_class, is_waiting);
}

static void
parlor_connecting_page_init (ParlorConnectingPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
