/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-reach"

#include "config.h"

#include "parlor-reach.h"

#include "parlor-interfaces.h"
#include "parlor-reach-enums.h"

/*
 * ParlorReach: the list of addresses, made anew whenever the network or the router's answer changes, and checked as far as
 * this computer can: by knocking at itself. Main thread only; asking the router has threads of its own (ParlorPortMap).
 */

#define SETTLE_MS 500 /* one change of networks is a burst of messages */
#define CHECK_TIMEOUT_S 5

enum
{
  PROP_0,
  PROP_ADDRESSES,
  PROP_ROUTER,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorReach
{
  GObject parent_instance;

  guint16 port; /* 0 = stopped */
  GListStore *addresses;
  ParlorPortMap *port_map; /* (nullable): a port of the router's address */
  ParlorPortMap *pinhole;  /* (nullable): through the firewall to our IPv6 address */
  GCancellable *cancellable;
  guint settle_source;
};

G_DEFINE_FINAL_TYPE (ParlorReach, parlor_reach, G_TYPE_OBJECT)

/* --- checking --- */

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ParlorAddress) address = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, &error);

  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    parlor_address_set_check (address, connection ? PARLOR_CHECK_ANSWERS : PARLOR_CHECK_SILENT);
}

static void
check (ParlorReach *self, ParlorAddress *address)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) target = g_inet_socket_address_new_from_string (parlor_address_get_host (address), parlor_address_get_port (address));

  g_socket_client_set_timeout (client, CHECK_TIMEOUT_S);
  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_connect_async (client, G_SOCKET_CONNECTABLE (target), self->cancellable, on_connected, g_object_ref (address));
}

/* --- the list --- */

static void
add (ParlorReach *self, GPtrArray *list, const char *host, guint16 port, ParlorScope scope, gboolean by_router)
{
  g_autoptr (ParlorAddress) address = parlor_address_new (host, port, scope, by_router);
  GListModel *old = G_LIST_MODEL (self->addresses);

  for (guint i = 0; i < g_list_model_get_n_items (old); i++)
    {
      g_autoptr (ParlorAddress) known = g_list_model_get_item (old, i);

      if (parlor_address_equal (known, address))
        {
          g_ptr_array_add (list, g_steal_pointer (&known));
          return;
        }
    }
  /* The router's own address cannot be checked from inside: most do not let their own network in that way. */
  if (!by_router)
    check (self, address);
  g_ptr_array_add (list, g_steal_pointer (&address));
}

static gboolean
is_same (GListModel *old, GPtrArray *list)
{
  if (g_list_model_get_n_items (old) != list->len)
    return FALSE;
  for (guint i = 0; i < list->len; i++)
    {
      g_autoptr (ParlorAddress) known = g_list_model_get_item (old, i);

      if (known != g_ptr_array_index (list, i))
        return FALSE;
    }
  return TRUE;
}

static void
list_addresses (ParlorReach *self)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) own = parlor_interfaces_list ();
  const char *outside = self->port_map ? parlor_port_map_get_address (self->port_map) : NULL;
  const char *let_in = self->pinhole ? parlor_port_map_get_address (self->pinhole) : NULL;

  for (guint i = 0; i < own->len; i++)
    {
      g_autofree char *host = g_inet_address_to_string (g_ptr_array_index (own, i));
      ParlorScope scope = PARLOR_SCOPE_COMPUTER;

      parlor_interfaces_classify (g_ptr_array_index (own, i), &scope);
      add (self, list, host, self->port, scope, g_strcmp0 (host, let_in) == 0);
    }
  if (outside)
    {
      add (self, list, outside, parlor_port_map_get_port (self->port_map), PARLOR_SCOPE_INTERNET, TRUE);
      g_ptr_array_insert (list, 0, g_ptr_array_steal_index (list, list->len - 1));
    }
  if (!is_same (G_LIST_MODEL (self->addresses), list))
    g_list_store_splice (self->addresses, 0, g_list_model_get_n_items (G_LIST_MODEL (self->addresses)), list->pdata, list->len);
}

static void
on_router_changed (ParlorReach *self)
{
  if (self->port)
    list_addresses (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ROUTER]);
}

static gboolean
on_settled (gpointer user_data)
{
  ParlorReach *self = user_data;

  self->settle_source = 0;
  list_addresses (self);
  if (self->port_map)
    parlor_port_map_start (self->port_map);
  if (self->pinhole)
    parlor_port_map_start (self->pinhole);
  return G_SOURCE_REMOVE;
}

static void
on_network_changed (ParlorReach *self)
{
  if (!self->port)
    return;
  g_clear_handle_id (&self->settle_source, g_source_remove);
  self->settle_source = g_timeout_add (SETTLE_MS, on_settled, self);
}

/* --- life --- */

static void
parlor_reach_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorReach *self = PARLOR_REACH (object);

  if (id == PROP_ADDRESSES)
    g_value_set_object (value, self->addresses);
  else if (id == PROP_ROUTER)
    g_value_set_enum (value, parlor_reach_get_router (self));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
parlor_reach_dispose (GObject *object)
{
  ParlorReach *self = PARLOR_REACH (object);

  parlor_reach_stop (self);
  g_clear_object (&self->addresses);
  G_OBJECT_CLASS (parlor_reach_parent_class)->dispose (object);
}

static void
parlor_reach_class_init (ParlorReachClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = parlor_reach_get_property;
  object_class->dispose = parlor_reach_dispose;

  props[PROP_ADDRESSES] = g_param_spec_object ("addresses", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  props[PROP_ROUTER] = g_param_spec_enum ("router", NULL, NULL, PARLOR_TYPE_PORT_MAP_STATE, PARLOR_PORT_MAP_OFF, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
parlor_reach_init (ParlorReach *self)
{
  self->addresses = g_list_store_new (PARLOR_TYPE_ADDRESS);
  g_signal_connect_object (g_network_monitor_get_default (), "network-changed", G_CALLBACK (on_network_changed), self, G_CONNECT_SWAPPED);
}

ParlorReach *
parlor_reach_new (void)
{
  return g_object_new (PARLOR_TYPE_REACH, NULL);
}

GListModel *
parlor_reach_get_addresses (ParlorReach *self)
{
  return G_LIST_MODEL (self->addresses);
}

/* What the router says of IPv4, by which everybody comes; that it lets in IPv6 is better than nothing. */
ParlorPortMapState
parlor_reach_get_router (ParlorReach *self)
{
  if (!self->port_map)
    return PARLOR_PORT_MAP_OFF;
  if (parlor_port_map_get_state (self->pinhole) == PARLOR_PORT_MAP_MAPPED
      && parlor_port_map_get_state (self->port_map) != PARLOR_PORT_MAP_SEARCHING)
    return PARLOR_PORT_MAP_MAPPED;
  return parlor_port_map_get_state (self->port_map);
}

static ParlorPortMap *
ask_router_for (ParlorReach *self, GSocketFamily family)
{
  ParlorPortMap *map = parlor_port_map_new (family, self->port, PARLOR_PORT_MAP_LEASE_S);

  g_signal_connect_object (map, "notify::state", G_CALLBACK (on_router_changed), self, G_CONNECT_SWAPPED);
  return map;
}

/**
 * parlor_reach_start:
 * @self: a reach
 * @port: on which this computer listens, on all its addresses
 * @ask_router: whether the router is asked to pass it on
 */
void
parlor_reach_start (ParlorReach *self, guint16 port, gboolean ask_router)
{
  g_return_if_fail (PARLOR_IS_REACH (self) && port != 0);

  parlor_reach_stop (self);
  self->port = port;
  self->cancellable = g_cancellable_new ();
  list_addresses (self);
  if (!ask_router)
    return;
  self->port_map = ask_router_for (self, G_SOCKET_FAMILY_IPV4);
  self->pinhole = ask_router_for (self, G_SOCKET_FAMILY_IPV6);
  parlor_port_map_start (self->port_map);
  parlor_port_map_start (self->pinhole);
}

/* Forgets all addresses, and takes back what the router was asked for. Idempotent. */
void
parlor_reach_stop (ParlorReach *self)
{
  self->port = 0;
  g_clear_handle_id (&self->settle_source, g_source_remove);
  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_list_store_remove_all (self->addresses);
  if (!self->port_map)
    return;
  parlor_port_map_stop (self->port_map);
  parlor_port_map_stop (self->pinhole);
  g_clear_object (&self->port_map);
  g_clear_object (&self->pinhole);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ROUTER]);
}
