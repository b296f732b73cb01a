/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-people-list.h"

#include <glib/gi18n.h>

#include "parlor-core.h"
#include "parlor-window.h"
#include "parlor-words.h"

/*
 * ParlorPeopleList: rows for a list model. What they do goes through the application's actions, but for a call to one of several,
 * which needs the person. Main thread only.
 */

enum
{
  PROP_0,
  PROP_PEOPLE,
  PROP_AT_DOOR,
  PROP_OWNER,
  PROP_EMPTY,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorPeopleList
{
  AdwBin parent_instance;

  GtkListBox *list;
  GListModel *people; /* (nullable) */
  gboolean at_door;
  gboolean owner;
};

G_DEFINE_FINAL_TYPE (ParlorPeopleList, parlor_people_list, ADW_TYPE_BIN)

static void
on_call_clicked (GtkWidget *button, ParlorParticipant *participant)
{
  GtkRoot *window = gtk_widget_get_root (button);
  g_autoptr (ParlorCore) core = NULL;
  g_autoptr (GError) error = NULL;

  g_object_get (window, "core", &core, NULL);
  if (!parlor_core_call (core, participant, &error) && parlor_words_for_no_call (error))
    parlor_window_add_toast (PARLOR_WINDOW (window), parlor_words_for_no_call (error));
}

/* @words: with %s for the name, for who hears the buttons of many people one after the other. */
static GtkWidget *
add_button (GtkWidget *row, const char *label, const char *words, const char *name, const char *style)
{
  GtkWidget *button = gtk_button_new_with_label (label);
  g_autoptr (GString) text = g_string_new (words);

  g_string_replace (text, "%s", name, 1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, text->str, -1);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "pill-small");
  if (style)
    gtk_widget_add_css_class (button, style);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
  return button;
}

static void
set_action (GtkWidget *button, const char *action, ParlorParticipant *participant)
{
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "s", parlor_participant_get_id (participant));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
}

static void
add_answers (GtkWidget *row, ParlorParticipant *participant, const char *name)
{
  /* Translators: in these, %s is the name of the other person. */
  set_action (add_button (row, _ ("Decline"), _ ("Decline %s"), name, NULL), "app.refuse", participant);
  set_action (add_button (row, _ ("Let In"), _ ("Let %s In"), name, "let-in"), "app.admit", participant);
}

static void
add_menu (GtkWidget *row, ParlorParticipant *participant, const char *name)
{
  g_autoptr (GMenu) menu = g_menu_new ();
  g_autoptr (GMenuItem) item = g_menu_item_new (_ ("Remove From the Room"), NULL);
  g_autoptr (GString) text = g_string_new (_ ("More About %s"));
  GtkWidget *button = gtk_menu_button_new ();

  g_menu_item_set_action_and_target (item, "app.remove", "s", parlor_participant_get_id (participant));
  g_menu_append_item (menu, item);
  g_string_replace (text, "%s", name, 1);
  gtk_menu_button_set_icon_name (GTK_MENU_BUTTON (button), "view-more-symbolic");
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (button), G_MENU_MODEL (menu));
  gtk_widget_set_tooltip_text (button, text->str);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, text->str, -1);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
}

static void
add_call (GtkWidget *row, ParlorParticipant *participant, const char *name)
{
  /* Translators: %s is the name of the other person. */
  GtkWidget *call = add_button (row, _ ("Call"), _ ("Call %s"), name, "suggested-action");

  g_object_bind_property (participant, "in-call", call, "sensitive", G_BINDING_SYNC_CREATE | G_BINDING_INVERT_BOOLEAN);
  g_signal_connect_object (call, "clicked", G_CALLBACK (on_call_clicked), participant, 0);
}

static GtkWidget *
create_person (gpointer item, gpointer user_data)
{
  ParlorPeopleList *self = user_data;
  ParlorParticipant *participant = item;
  const char *name = parlor_words_for_person (parlor_participant_get_name (participant));
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE); /* names come from the network */
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), name);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 1); /* a long one is cut off, not broken within its words */
  gtk_widget_set_tooltip_text (row, name);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), adw_avatar_new (36, parlor_participant_get_name (participant), TRUE));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  if (self->at_door)
    {
      adw_action_row_set_subtitle (ADW_ACTION_ROW (row), _ ("is at the door"));
      add_answers (row, participant, name);
      return row;
    }
  add_call (row, participant, name);
  if (self->owner && parlor_participant_get_id (participant))
    add_menu (row, participant, name);
  return row;
}

static gboolean
is_empty (ParlorPeopleList *self)
{
  return !self->people || g_list_model_get_n_items (self->people) == 0;
}

static void
on_items_changed (ParlorPeopleList *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->list), !is_empty (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_EMPTY]);
}

static void
fill (ParlorPeopleList *self)
{
  gtk_list_box_bind_model (self->list, self->people, create_person, self, NULL);
  on_items_changed (self);
}

static void
set_people (ParlorPeopleList *self, GListModel *people)
{
  if (self->people == people)
    return;

  if (self->people)
    g_signal_handlers_disconnect_by_func (self->people, on_items_changed, self);
  g_set_object (&self->people, people);
  if (people)
    g_signal_connect_object (people, "items-changed", G_CALLBACK (on_items_changed), self, G_CONNECT_SWAPPED);
  fill (self);
}

static void
parlor_people_list_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorPeopleList *self = PARLOR_PEOPLE_LIST (object);

  switch (id)
    {
    case PROP_PEOPLE:
      g_value_set_object (value, self->people);
      break;
    case PROP_AT_DOOR:
      g_value_set_boolean (value, self->at_door);
      break;
    case PROP_OWNER:
      g_value_set_boolean (value, self->owner);
      break;
    case PROP_EMPTY:
      g_value_set_boolean (value, is_empty (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_people_list_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ParlorPeopleList *self = PARLOR_PEOPLE_LIST (object);

  switch (id)
    {
    case PROP_PEOPLE:
      set_people (self, g_value_get_object (value));
      break;
    case PROP_AT_DOOR:
      self->at_door = g_value_get_boolean (value);
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                      self->at_door ? _ ("Who is at the door") : _ ("Who is here"), -1);
      fill (self);
      break;
    case PROP_OWNER:
      self->owner = g_value_get_boolean (value);
      fill (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_people_list_dispose (GObject *object)
{
  ParlorPeopleList *self = PARLOR_PEOPLE_LIST (object);

  if (self->people)
    g_signal_handlers_disconnect_by_func (self->people, on_items_changed, self);
  g_clear_object (&self->people);
  G_OBJECT_CLASS (parlor_people_list_parent_class)->dispose (object);
}

static void
parlor_people_list_class_init (ParlorPeopleListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = parlor_people_list_get_property;
  object_class->set_property = parlor_people_list_set_property;
  object_class->dispose = parlor_people_list_dispose;

  props[PROP_PEOPLE] = g_param_spec_object ("people", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  props[PROP_AT_DOOR] = g_param_spec_boolean ("at-door", NULL, NULL, FALSE, flags);
  props[PROP_OWNER] = g_param_spec_boolean ("owner", NULL, NULL, FALSE, flags);
  props[PROP_EMPTY] = g_param_spec_boolean ("empty", NULL, NULL, TRUE, flags & ~G_PARAM_WRITABLE);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
parlor_people_list_init (ParlorPeopleList *self)
{
  self->list = GTK_LIST_BOX (gtk_list_box_new ());
  gtk_list_box_set_selection_mode (self->list, GTK_SELECTION_NONE);
  gtk_widget_add_css_class (GTK_WIDGET (self->list), "boxed-list");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Who is here"), -1);
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (self->list));
  fill (self);
}
