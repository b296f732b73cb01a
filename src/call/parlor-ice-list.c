/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-call"

#include "config.h"

#include "parlor-ice-list.h"

/*
 * ParlorIceList: what `welcome` and `turn` said of STUN and TURN servers.
 *
 * Credentials of TURN are good for an hour, but one may wait in a room for a day until somebody comes, and a call may need
 * another path after two. So they are asked for anew while there are any.
 */

struct _ParlorIceList
{
  ParlorChannel *channel;
  guint renew_ms;
  guint renew_source;
  GPtrArray *servers; /* one for life: a call that holds it sees what comes later */
};

static gboolean
on_time_to_renew (gpointer user_data)
{
  ParlorIceList *self = user_data;
  g_autoptr (ParlorMessage) message = parlor_message_new (PARLOR_MESSAGE_TURN);
  g_autoptr (GError) error = NULL;

  /* Without a relay there is nobody to ask; its next welcome brings new ones. */
  if (!parlor_channel_send (self->channel, message, &error))
    g_debug ("TURN credentials were not renewed: %s", error->message);
  return G_SOURCE_CONTINUE;
}

/**
 * parlor_ice_list_new:
 * @channel: the way to the relay
 * @renew_ms: how long credentials are kept before new ones are asked for
 *
 * Returns: (transfer full): no servers yet
 */
ParlorIceList *
parlor_ice_list_new (ParlorChannel *channel, guint renew_ms)
{
  ParlorIceList *self = g_new0 (ParlorIceList, 1);

  self->channel = g_object_ref (channel);
  self->renew_ms = renew_ms;
  self->servers = g_ptr_array_new_with_free_func ((GDestroyNotify) parlor_ice_server_free);
  return self;
}

void
parlor_ice_list_free (ParlorIceList *self)
{
  g_clear_handle_id (&self->renew_source, g_source_remove);
  g_ptr_array_unref (self->servers);
  g_object_unref (self->channel);
  g_free (self);
}

/**
 * parlor_ice_list_take:
 * @servers: (element-type ParlorIceServer): all that there are now
 */
void
parlor_ice_list_take (ParlorIceList *self, const GPtrArray *servers)
{
  gboolean has_credentials = FALSE;

  g_clear_handle_id (&self->renew_source, g_source_remove);
  g_ptr_array_set_size (self->servers, 0);
  for (guint i = 0; i < servers->len; i++)
    {
      const ParlorIceServer *server = g_ptr_array_index (servers, i);

      has_credentials = has_credentials || server->credential;
      g_ptr_array_add (self->servers, parlor_ice_server_new (server->url, server->username, server->credential));
    }
  if (has_credentials)
    self->renew_source = g_timeout_add (self->renew_ms, on_time_to_renew, self);
}

/**
 * parlor_ice_list_get:
 *
 * Returns: (transfer none) (element-type ParlorIceServer): the servers; always the same array, which changes
 */
GPtrArray *
parlor_ice_list_get (ParlorIceList *self)
{
  return self->servers;
}
