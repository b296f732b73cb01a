/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-room-page.h"

#include <glib/gi18n.h>

#include "parlor-adaptive-box.h"
#include "parlor-device-note.h"
#include "parlor-self-view.h"
#include "parlor-window.h"
#include "parlor-words.h"

/*
 * ParlorRoomPage: in a room without a call. For who hosts: the invite to hand out, and what is true about it;
 * for everybody: who is here, each with a button to call them, and how the relay is doing.
 */

struct _ParlorRoomPage
{
  ParlorWindowPage parent_instance;

  GtkListBox *people;
  GtkWidget *waiting;
  GSignalGroup *core_signals;
  GListModel *participants; /* (nullable): of the core, which has another list in each room */
};

G_DEFINE_FINAL_TYPE (ParlorRoomPage, parlor_room_page, PARLOR_TYPE_WINDOW_PAGE)

/* --- words, called from the template --- */

static char *
page_title (gpointer self, gboolean hosting)
{
  return g_strdup (hosting ? _ ("Invite") : _ ("In the Room"));
}

static char *
heading (gpointer self, gboolean hosting)
{
  return g_strdup (hosting ? _ ("Send them the link") : _ ("You are in the room"));
}

static char *
web_link (gpointer self, ParlorInvite *invite)
{
  return invite ? parlor_invite_to_web_link (invite) : g_strdup ("");
}

static char *
app_link (gpointer self, ParlorInvite *invite)
{
  return invite ? parlor_invite_to_app_link (invite) : NULL;
}

static gboolean
has_app_link (gpointer self, ParlorInvite *invite)
{
  g_autofree char *link = app_link (self, invite);

  return link != NULL;
}

static char *
truth (gpointer self, ParlorInvite *invite, gboolean hosting)
{
  if (!hosting)
    return g_strdup (_ ("As soon as somebody else comes in, Parlor calls them."));
  if (invite && parlor_invite_is_loopback (invite))
    return g_strdup (_ ("Works in Parlor and in any browser, but only on this computer. "
                        "Only people with this link can join."));
  return g_strdup (_ ("Works in Parlor and in any browser. Only people with this link can join."));
}

static char *
waiting_words (gpointer self, gboolean hosting)
{
  return g_strdup (hosting ? _ ("Waiting for somebody to open the link…")
                           : _ ("Nobody else is here yet…"));
}

static gboolean
is_reconnecting (gpointer self, ParlorSessionState session)
{
  return session == PARLOR_SESSION_RECONNECTING;
}

/* --- people --- */

static void
on_call_clicked (GtkWidget *button, ParlorParticipant *participant)
{
  GtkWidget *page = gtk_widget_get_ancestor (button, PARLOR_TYPE_ROOM_PAGE);
  g_autoptr (GError) error = NULL;

  if (!parlor_core_call (parlor_window_page_get_core (PARLOR_WINDOW_PAGE (page)), participant, &error)
      && parlor_words_for_no_call (error))
    parlor_window_add_toast (PARLOR_WINDOW (gtk_widget_get_root (page)), parlor_words_for_no_call (error));
}

static GtkWidget *
create_person (gpointer item, gpointer user_data)
{
  ParlorParticipant *participant = item;
  const char *name = parlor_words_for_person (parlor_participant_get_name (participant));
  /* Translators: %s is the name of the other person. */
  g_autofree char *words = g_strdup_printf (_ ("Call %s"), name);
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *avatar = adw_avatar_new (36, parlor_participant_get_name (participant), TRUE);
  GtkWidget *call = gtk_button_new_with_label (_ ("Call"));

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE); /* names come from the network */
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (call), GTK_ACCESSIBLE_PROPERTY_LABEL, words, -1);
  g_object_bind_property (participant, "in-call", call, "sensitive",
                          G_BINDING_SYNC_CREATE | G_BINDING_INVERT_BOOLEAN);
  gtk_widget_set_valign (call, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (call, "pill-small");
  gtk_widget_add_css_class (call, "suggested-action");
  g_signal_connect_object (call, "clicked", G_CALLBACK (on_call_clicked), participant, 0);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), avatar);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), call);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  return row;
}

static void
on_people_changed (ParlorRoomPage *self)
{
  gtk_widget_set_visible (self->waiting,
                          !self->participants || g_list_model_get_n_items (self->participants) == 0);
}

static void
on_participants_changed (ParlorRoomPage *self)
{
  ParlorCore *core = parlor_window_page_get_core (PARLOR_WINDOW_PAGE (self));

  if (self->participants)
    g_signal_handlers_disconnect_by_func (self->participants, on_people_changed, self);
  g_clear_object (&self->participants);
  if (core)
    self->participants = g_object_ref (parlor_core_get_participants (core));
  if (self->participants)
    g_signal_connect_object (self->participants, "items-changed", G_CALLBACK (on_people_changed), self,
                             G_CONNECT_SWAPPED);
  gtk_list_box_bind_model (self->people, self->participants, create_person, NULL, NULL);
  on_people_changed (self);
}

static void
on_core_changed (ParlorRoomPage *self)
{
  g_signal_group_set_target (self->core_signals, parlor_window_page_get_core (PARLOR_WINDOW_PAGE (self)));
  on_participants_changed (self);
}

static void
parlor_room_page_dispose (GObject *object)
{
  g_clear_object (&PARLOR_ROOM_PAGE (object)->core_signals);
  g_clear_object (&PARLOR_ROOM_PAGE (object)->participants);
  G_OBJECT_CLASS (parlor_room_page_parent_class)->dispose (object);
}

static void
parlor_room_page_class_init (ParlorRoomPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = parlor_room_page_dispose;

  g_type_ensure (PARLOR_TYPE_DEVICE_NOTE);
  g_type_ensure (PARLOR_TYPE_ADAPTIVE_BOX);
  g_type_ensure (PARLOR_TYPE_SELF_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/parlor/Parlor/ui/parlor-room-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ParlorRoomPage, people);
  gtk_widget_class_bind_template_child (widget_class, ParlorRoomPage, waiting);
  gtk_widget_class_bind_template_callback (widget_class, page_title);
  gtk_widget_class_bind_template_callback (widget_class, heading);
  gtk_widget_class_bind_template_callback (widget_class, web_link);
  gtk_widget_class_bind_template_callback (widget_class, app_link);
  gtk_widget_class_bind_template_callback (widget_class, has_app_link);
  gtk_widget_class_bind_template_callback (widget_class, truth);
  gtk_widget_class_bind_template_callback (widget_class, waiting_words);
  gtk_widget_class_bind_template_callback (widget_class, is_reconnecting);
}

static void
parlor_room_page_init (ParlorRoomPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->core_signals = g_signal_group_new (PARLOR_TYPE_CORE);
  g_signal_group_connect_swapped (self->core_signals, "notify::participants", G_CALLBACK (on_participants_changed),
                                  self);
  g_signal_connect (self, "notify::core", G_CALLBACK (on_core_changed), NULL);
}
