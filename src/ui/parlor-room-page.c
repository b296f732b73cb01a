/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-room-page.h"

#include "parlor-adaptive-box.h"
#include "parlor-device-note.h"
#include "parlor-people-list.h"
#include "parlor-self-view.h"

/*
 * ParlorRoomPage: in somebody else's room without a call: who is here, each with a button to call them, how the relay is
 * doing, and, once it has become ours, the door. Bindings only.
 */

struct _ParlorRoomPage
{
  ParlorWindowPage parent_instance;
};

G_DEFINE_FINAL_TYPE (ParlorRoomPage, parlor_room_page, PARLOR_TYPE_WINDOW_PAGE)

/* --- called from the template --- */

static gboolean
is_reconnecting (gpointer self, ParlorSessionState session)
{
  return session == PARLOR_SESSION_RECONNECTING;
}

static void
parlor_room_page_class_init (ParlorRoomPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (PARLOR_TYPE_ADAPTIVE_BOX);
  g_type_ensure (PARLOR_TYPE_DEVICE_NOTE);
  g_type_ensure (PARLOR_TYPE_PEOPLE_LIST);
  g_type_ensure (PARLOR_TYPE_PORTER);
  g_type_ensure (PARLOR_TYPE_SELF_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/parlor/Parlor/ui/parlor-room-page.ui");
  gtk_widget_class_bind_template_callback (widget_class, is_reconnecting);
}

static void
parlor_room_page_init (ParlorRoomPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
