/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-invitation.h"

/*
 * ParlorInvitation: the core joins its own relay by 127.0.0.1, which is of no use to anybody else: of the same room and key, this
 * makes links with the address that was chosen. A choice holds as long as the address is there; then the most useful is chosen again.
 */

enum
{
  PROP_0,
  PROP_REACH,
  PROP_ADDRESS,
  PROP_WEB_LINK,
  PROP_APP_LINK,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorInvitation
{
  GObject parent_instance;

  ParlorCore *core;
  ParlorReach *reach;
  ParlorAddress *address; /* (nullable) */
  gboolean chosen;        /* by the user */
  char *web_link;         /* (nullable) */
  char *app_link;         /* (nullable) */
};

G_DEFINE_FINAL_TYPE (ParlorInvitation, parlor_invitation, G_TYPE_OBJECT)

/* (transfer full) (nullable): the core's invite, with the chosen address. */
static ParlorInvite *
make_invite (ParlorInvitation *self)
{
  ParlorInvite *invite = parlor_core_get_invite (self->core);

  if (!invite)
    return NULL;
  if (!self->address)
    return parlor_invite_ref (invite);
  return parlor_invite_new (parlor_address_get_host (self->address), parlor_address_get_port (self->address),
                            parlor_invite_get_room (invite), parlor_invite_get_tls (invite),
                            parlor_invite_get_key (invite), parlor_invite_get_guest_key (invite),
                            parlor_invite_get_pin (invite));
}

static void
update_links (ParlorInvitation *self)
{
  g_autoptr (ParlorInvite) invite = make_invite (self);

  g_free (self->web_link);
  g_free (self->app_link);
  self->web_link = invite ? parlor_invite_to_web_link (invite) : NULL;
  self->app_link = invite ? parlor_invite_to_app_link (invite) : NULL;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_WEB_LINK]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_APP_LINK]);
}

static void
take_address (ParlorInvitation *self, ParlorAddress *address)
{
  if (g_set_object (&self->address, address))
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ADDRESS]);
}

static gboolean
is_there (GListModel *addresses, ParlorAddress *address)
{
  for (guint i = 0; i < g_list_model_get_n_items (addresses); i++)
    {
      g_autoptr (ParlorAddress) item = g_list_model_get_item (addresses, i);

      if (item == address)
        return TRUE;
    }
  return FALSE;
}

static void
on_addresses_changed (ParlorInvitation *self)
{
  GListModel *addresses = parlor_reach_get_addresses (self->reach);
  g_autoptr (ParlorAddress) first = g_list_model_get_item (addresses, 0);

  self->chosen = self->chosen && is_there (addresses, self->address);
  if (!self->chosen)
    take_address (self, first);
  update_links (self);
}

static void
parlor_invitation_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorInvitation *self = PARLOR_INVITATION (object);

  switch (id)
    {
    case PROP_REACH:
      g_value_set_object (value, self->reach);
      break;
    case PROP_ADDRESS:
      g_value_set_object (value, self->address);
      break;
    case PROP_WEB_LINK:
      g_value_set_string (value, self->web_link);
      break;
    case PROP_APP_LINK:
      g_value_set_string (value, self->app_link);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_invitation_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_ADDRESS)
    parlor_invitation_set_address (PARLOR_INVITATION (object), g_value_get_object (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
parlor_invitation_finalize (GObject *object)
{
  ParlorInvitation *self = PARLOR_INVITATION (object);

  g_clear_object (&self->core);
  g_clear_object (&self->reach);
  g_clear_object (&self->address);
  g_free (self->web_link);
  g_free (self->app_link);
  G_OBJECT_CLASS (parlor_invitation_parent_class)->finalize (object);
}

static void
parlor_invitation_class_init (ParlorInvitationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = parlor_invitation_get_property;
  object_class->set_property = parlor_invitation_set_property;
  object_class->finalize = parlor_invitation_finalize;

  props[PROP_REACH] = g_param_spec_object ("reach", NULL, NULL, PARLOR_TYPE_REACH, flags);
  props[PROP_ADDRESS] = g_param_spec_object ("address", NULL, NULL, PARLOR_TYPE_ADDRESS, flags | G_PARAM_WRITABLE);
  props[PROP_WEB_LINK] = g_param_spec_string ("web-link", NULL, NULL, NULL, flags);
  props[PROP_APP_LINK] = g_param_spec_string ("app-link", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
parlor_invitation_init (ParlorInvitation *self)
{
}

ParlorInvitation *
parlor_invitation_new (ParlorCore *core, ParlorReach *reach)
{
  ParlorInvitation *self = g_object_new (PARLOR_TYPE_INVITATION, NULL);

  self->core = g_object_ref (core);
  self->reach = g_object_ref (reach);
  g_signal_connect_object (core, "notify::invite", G_CALLBACK (update_links), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (parlor_reach_get_addresses (reach), "items-changed", G_CALLBACK (on_addresses_changed), self, G_CONNECT_SWAPPED);
  on_addresses_changed (self);
  return self;
}

ParlorReach *
parlor_invitation_get_reach (ParlorInvitation *self)
{
  return self->reach;
}

ParlorAddress *
parlor_invitation_get_address (ParlorInvitation *self)
{
  return self->address;
}

void
parlor_invitation_set_address (ParlorInvitation *self, ParlorAddress *address)
{
  if (!address || !is_there (parlor_reach_get_addresses (self->reach), address))
    return;

  self->chosen = TRUE;
  take_address (self, address);
  update_links (self);
}

const char *
parlor_invitation_get_web_link (ParlorInvitation *self)
{
  return self->web_link;
}

const char *
parlor_invitation_get_app_link (ParlorInvitation *self)
{
  return self->app_link;
}
