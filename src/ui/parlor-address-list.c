/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-address-list.h"

#include <glib/gi18n.h>

#include "parlor-invitation.h"
#include "parlor-reach-words.h"

/* ParlorAddressList: one row an address, of which one is chosen. The choice lives in the invitation. Main thread only. */

enum
{
  PROP_0,
  PROP_INVITATION,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorAddressList
{
  AdwBin parent_instance;

  GtkListBox *list;
  ParlorInvitation *invitation; /* (nullable) */
  GtkWidget *group;             /* the first of the radio buttons that are there, borrowed while rows are made */
};

G_DEFINE_FINAL_TYPE (ParlorAddressList, parlor_address_list, ADW_TYPE_BIN)

static void
on_toggled (GtkCheckButton *radio, ParlorAddress *address)
{
  GtkWidget *self = gtk_widget_get_ancestor (GTK_WIDGET (radio), PARLOR_TYPE_ADDRESS_LIST);

  if (self && gtk_check_button_get_active (radio))
    parlor_invitation_set_address (PARLOR_ADDRESS_LIST (self)->invitation, address);
}

static void
on_check_changed (ParlorAddress *address, GParamSpec *pspec, gpointer row)
{
  g_autofree char *where = parlor_words_for_address (address);

  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), where);
}

/* A choice made elsewhere, by an action, shows here as well. */
static gboolean
is_chosen (GBinding *binding, const GValue *from, GValue *to, gpointer address)
{
  g_value_set_boolean (to, g_value_get_object (from) == address);
  return TRUE;
}

static GtkWidget *
create_row (gpointer item, gpointer user_data)
{
  ParlorAddressList *self = user_data;
  ParlorAddress *address = item;
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *radio = gtk_check_button_new ();
  const char *title = parlor_words_for_scope (parlor_address_get_scope (address));

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  on_check_changed (address, NULL, row);
  g_signal_connect_object (address, "notify::check", G_CALLBACK (on_check_changed), row, 0);

  if (self->group)
    gtk_check_button_set_group (GTK_CHECK_BUTTON (radio), GTK_CHECK_BUTTON (self->group));
  else
    self->group = radio;
  g_object_bind_property_full (self->invitation, "address", radio, "active", G_BINDING_SYNC_CREATE, is_chosen, NULL, address, NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (radio), GTK_ACCESSIBLE_PROPERTY_LABEL, parlor_address_get_host (address), -1);
  gtk_widget_set_valign (radio, GTK_ALIGN_CENTER);
  g_signal_connect_object (radio, "toggled", G_CALLBACK (on_toggled), address, 0);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), radio);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), radio);
  return row;
}

static GListModel *
get_addresses (ParlorAddressList *self)
{
  return self->invitation ? parlor_reach_get_addresses (parlor_invitation_get_reach (self->invitation)) : NULL;
}

/* All rows anew: a radio button's group is made of those that are there. */
static void
fill (ParlorAddressList *self)
{
  GListModel *addresses = get_addresses (self);
  GtkWidget *row;

  while ((row = gtk_widget_get_first_child (GTK_WIDGET (self->list))))
    gtk_list_box_remove (self->list, row);
  self->group = NULL;
  for (guint i = 0; addresses && i < g_list_model_get_n_items (addresses); i++)
    {
      g_autoptr (ParlorAddress) address = g_list_model_get_item (addresses, i);

      gtk_list_box_append (self->list, create_row (address, self));
    }
}

static void
set_invitation (ParlorAddressList *self, ParlorInvitation *invitation)
{
  if (!g_set_object (&self->invitation, invitation))
    return;

  /* After the invitation has chosen: it was connected first. */
  if (invitation)
    g_signal_connect_object (get_addresses (self), "items-changed", G_CALLBACK (fill), self, G_CONNECT_SWAPPED);
  fill (self);
}

static void
parlor_address_list_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_INVITATION)
    g_value_set_object (value, PARLOR_ADDRESS_LIST (object)->invitation);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
parlor_address_list_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_INVITATION)
    set_invitation (PARLOR_ADDRESS_LIST (object), g_value_get_object (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
parlor_address_list_dispose (GObject *object)
{
  ParlorAddressList *self = PARLOR_ADDRESS_LIST (object);

  if (self->invitation)
    g_signal_handlers_disconnect_by_data (get_addresses (self), self);
  g_clear_object (&self->invitation);
  G_OBJECT_CLASS (parlor_address_list_parent_class)->dispose (object);
}

static void
parlor_address_list_class_init (ParlorAddressListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = parlor_address_list_get_property;
  object_class->set_property = parlor_address_list_set_property;
  object_class->dispose = parlor_address_list_dispose;

  props[PROP_INVITATION] = g_param_spec_object ("invitation", NULL, NULL, PARLOR_TYPE_INVITATION,
                                                G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
parlor_address_list_init (ParlorAddressList *self)
{
  self->list = GTK_LIST_BOX (gtk_list_box_new ());
  gtk_list_box_set_selection_mode (self->list, GTK_SELECTION_NONE);
  gtk_widget_add_css_class (GTK_WIDGET (self->list), "boxed-list");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("From where they can come"), -1);
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (self->list));
}
