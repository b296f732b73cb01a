/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-reach"

#include "config.h"

#include "parlor-address.h"

#include "parlor-reach-enums.h"

/* ParlorAddress: a host, a port, and what is known about them. Main thread only. */

enum
{
  PROP_0,
  PROP_CHECK,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorAddress
{
  GObject parent_instance;

  char *host;
  guint16 port;
  ParlorScope scope;
  gboolean by_router;
  ParlorCheck check;
};

G_DEFINE_FINAL_TYPE (ParlorAddress, parlor_address, G_TYPE_OBJECT)

static void
parlor_address_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_CHECK)
    g_value_set_enum (value, PARLOR_ADDRESS (object)->check);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
parlor_address_finalize (GObject *object)
{
  g_free (PARLOR_ADDRESS (object)->host);
  G_OBJECT_CLASS (parlor_address_parent_class)->finalize (object);
}

static void
parlor_address_class_init (ParlorAddressClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = parlor_address_get_property;
  object_class->finalize = parlor_address_finalize;

  props[PROP_CHECK] = g_param_spec_enum ("check", NULL, NULL, PARLOR_TYPE_CHECK, PARLOR_CHECK_NONE,
                                         G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
parlor_address_init (ParlorAddress *self)
{
}

/**
 * parlor_address_new:
 * @host: an address literal
 * @port: where the relay answers at @host
 * @scope: from where it can be reached
 * @by_router: whether @host is a router that passes the port on
 *
 * Returns: (transfer full): an address that nobody has checked
 */
ParlorAddress *
parlor_address_new (const char *host, guint16 port, ParlorScope scope, gboolean by_router)
{
  ParlorAddress *self = g_object_new (PARLOR_TYPE_ADDRESS, NULL);

  self->host = g_strdup (host);
  self->port = port;
  self->scope = scope;
  self->by_router = by_router;
  return self;
}

const char *
parlor_address_get_host (ParlorAddress *self)
{
  return self->host;
}

guint16
parlor_address_get_port (ParlorAddress *self)
{
  return self->port;
}

ParlorScope
parlor_address_get_scope (ParlorAddress *self)
{
  return self->scope;
}

gboolean
parlor_address_get_by_router (ParlorAddress *self)
{
  return self->by_router;
}

ParlorCheck
parlor_address_get_check (ParlorAddress *self)
{
  return self->check;
}

void
parlor_address_set_check (ParlorAddress *self, ParlorCheck check)
{
  if (self->check == check)
    return;

  self->check = check;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CHECK]);
}

gboolean
parlor_address_equal (ParlorAddress *self, ParlorAddress *other)
{
  return self->port == other->port && self->scope == other->scope && self->by_router == other->by_router
         && g_str_equal (self->host, other->host);
}
