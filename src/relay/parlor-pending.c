/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-pending.h"

/*
 * ParlorPending: a queue for each network. The oldest gives way to a newcomer of its own network: it has had the most time, and
 * is most often one that a browser keeps for later, or one that never meant to ask for anything. So whoever opens
 * connections and is silent takes places from nobody but himself, and who shares his address still gets through.
 */

struct _ParlorPending
{
  guint max_per_network; /* 0 = no limit */
  GHashTable *queues;    /* network -> GQueue of connections, by the links in their places; none of them empty */
};

/* A browser asks for a page over up to six connections at once, and for the WebSocket over another. */
#define LEAST_PER_NETWORK 8

/* @max_per_network: of connections that are guests, 0 for no limit; as many more may be on their way in, and never less than a browser needs. */
ParlorPending *
parlor_pending_new (guint max_per_network)
{
  ParlorPending *self = g_new0 (ParlorPending, 1);

  self->max_per_network = max_per_network > 0 ? MAX (max_per_network, LEAST_PER_NETWORK) : 0;
  self->queues = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_queue_free);
  return self;
}

/* All places must have been left. */
void
parlor_pending_free (ParlorPending *self)
{
  g_hash_table_unref (self->queues);
  g_free (self);
}

/**
 * parlor_pending_join:
 * @self: all that are pending
 * @place: an empty one, for @connection
 * @network: (nullable): where it comes from, see parlor_crowd_get_network(); %NULL is not counted
 * @connection: what is returned when it has to give way
 *
 * Returns: (transfer none) (nullable): the connection that is to be closed for it; its place is left already
 */
gpointer
parlor_pending_join (ParlorPending *self, ParlorPendingPlace *place, const char *network, gpointer connection)
{
  GQueue *queue;
  gpointer oldest = NULL;

  if (network == NULL || self->max_per_network == 0)
    return NULL;

  queue = g_hash_table_lookup (self->queues, network);
  if (queue == NULL)
    {
      queue = g_queue_new ();
      g_hash_table_insert (self->queues, g_strdup (network), queue);
    }
  place->link.data = connection;
  place->queue = queue;
  place->network = g_strdup (network);
  g_queue_push_tail_link (queue, &place->link);
  if (queue->length > self->max_per_network)
    {
      GList *head = g_queue_peek_head_link (queue);

      oldest = head->data;
      parlor_pending_leave (self, (ParlorPendingPlace *) ((char *) head - G_STRUCT_OFFSET (ParlorPendingPlace, link)));
    }
  return oldest;
}

void
parlor_pending_leave (ParlorPending *self, ParlorPendingPlace *place)
{
  if (place->queue == NULL)
    return;

  g_queue_unlink (place->queue, &place->link);
  if (place->queue->length == 0)
    g_hash_table_remove (self->queues, place->network);
  place->queue = NULL;
  g_clear_pointer (&place->network, g_free);
}
