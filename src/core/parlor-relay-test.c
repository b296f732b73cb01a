/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-core"

#include "config.h"

#include "parlor-relay-test.h"

#include "parlor-error.h"
#include "parlor-new-room.h"
#include "parlor-ws-channel.h"

/* The task's data is the channel, whose own deadline ends the test at the latest. */

static void
finish (GTask *task, GError *error)
{
  ParlorChannel *channel = g_task_get_task_data (task);

  g_signal_handlers_disconnect_by_data (channel, task);
  if (error)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
  parlor_channel_close (channel);
  g_object_unref (task);
}

static void
on_state (ParlorChannel *channel, GParamSpec *pspec, gpointer user_data)
{
  const GError *error = parlor_channel_get_error (channel);

  if (parlor_channel_get_state (channel) == PARLOR_CHANNEL_OPEN)
    finish (user_data, NULL);
  else if (parlor_channel_get_state (channel) == PARLOR_CHANNEL_CLOSED)
    finish (user_data, error ? g_error_copy (error) : g_error_new_literal (PARLOR_ERROR, PARLOR_ERROR_CLOSED, "The relay closed the connection."));
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;

  /* Finished already: the source is only kept by the cancellable. */
  if (!g_task_get_completed (task) && g_cancellable_set_error_if_cancelled (cancellable, &error))
    finish (task, error);
  return G_SOURCE_REMOVE;
}

void
parlor_relay_test_async (const char *url, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (ParlorInvite) invite = NULL;
  ParlorWsChannel *channel;
  GError *error = NULL;

  g_task_set_source_tag (task, parlor_relay_test_async);
  invite = parlor_new_room_at (url, &error);
  if (!invite)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }

  channel = parlor_ws_channel_new (invite, "Parlor");
  g_task_set_task_data (task, channel, g_object_unref);
  g_signal_connect (channel, "notify::state", G_CALLBACK (on_state), task);
  if (cancellable)
    {
      g_autoptr (GSource) source = g_cancellable_source_new (cancellable);

      g_task_attach_source (task, source, G_SOURCE_FUNC (on_cancelled));
    }
  parlor_ws_channel_connect (channel);
}

gboolean
parlor_relay_test_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
