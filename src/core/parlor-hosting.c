/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-core"

#include "config.h"

#include "parlor-hosting.h"

#include "parlor-error.h"
#include "parlor-kept-certificate.h"
#include "parlor-keys.h"
#include "parlor-relay.h"

/*
 * ParlorHosting: the thread around a relay. The relay is made, used and freed on that thread only; the owner's thread waits for it
 * twice, for the moment it takes to read its certificate and bind a socket at the start, and to close its connections at the end.
 */

struct _ParlorHosting
{
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;

  GMutex mutex;
  GCond started_cond;
  gboolean started; /* under mutex: listening, or failed with error */
  GError *error;    /* under mutex until started */

  /* set before the thread starts or on it, read after started */
  char *folder;
  char *host_token;
  guint16 port;
  GBytes *pin;
};

static void
say_started (ParlorHosting *self)
{
  g_mutex_lock (&self->mutex);
  self->started = TRUE;
  g_cond_signal (&self->started_cond);
  g_mutex_unlock (&self->mutex);
}

/* All IPv6 addresses, which are all of IPv4, too; those alone on a machine without IPv6. */
static gboolean
listen_everywhere (ParlorRelay *relay, guint16 port, GError **error)
{
  g_autoptr (GError) first = NULL;

  if (parlor_relay_listen (relay, "::", port, &first))
    return TRUE;
  if (!g_error_matches (first, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    return parlor_relay_listen (relay, "0.0.0.0", port, error);
  g_propagate_error (error, g_steal_pointer (&first));
  return FALSE;
}

static gboolean
give_certificate (ParlorHosting *self, ParlorRelay *relay, GError **error)
{
  g_autofree char *pem = parlor_kept_certificate_load (self->folder, NULL, error);
  g_autoptr (GTlsCertificate) certificate = pem ? g_tls_certificate_new_from_pem (pem, -1, error) : NULL;

  if (!certificate)
    return FALSE;
  self->pin = parlor_kept_certificate_get_pin (pem, error);
  parlor_relay_set_certificate (relay, certificate);
  return self->pin != NULL;
}

static gboolean
start_relay (ParlorHosting *self, ParlorRelay *relay)
{
  g_autoptr (GError) error = NULL;

  if (!give_certificate (self, relay, &error))
    {
      /* Our own, not that of somebody we went to: another matter than PARLOR_ERROR_TLS. */
      g_set_error_literal (&self->error, PARLOR_ERROR, PARLOR_ERROR_FAILED, error->message);
      return FALSE;
    }
  if (!listen_everywhere (relay, self->port, &self->error))
    return FALSE;
  self->port = parlor_relay_get_port (relay);
  return TRUE;
}

static gpointer
run_relay (gpointer user_data)
{
  ParlorHosting *self = user_data;
  g_autoptr (ParlorRelay) relay = NULL;

  g_main_context_push_thread_default (self->context);
  relay = parlor_relay_new (NULL);
  parlor_relay_set_host_token (relay, self->host_token);
  if (start_relay (self, relay))
    {
      say_started (self);
      g_main_loop_run (self->loop);
    }
  else
    {
      say_started (self);
    }

  parlor_relay_close (relay);
  g_clear_object (&relay);
  /* What the relay left to do (closing handshakes, idle sources) ends here. */
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static gboolean
quit_loop (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

/**
 * parlor_hosting_start:
 * @folder: where the relay's certificate is kept, see parlor_kept_certificate_load()
 * @port: 0 for any
 * @error: as parlor_relay_listen(); PARLOR_ERROR_FAILED when there is no certificate
 *
 * Returns once the relay listens. Any thread, but the same one for all calls.
 *
 * Returns: (transfer full) (nullable): free with parlor_hosting_stop()
 */
ParlorHosting *
parlor_hosting_start (const char *folder, guint16 port, GError **error)
{
  ParlorHosting *self = g_new0 (ParlorHosting, 1);

  g_mutex_init (&self->mutex);
  g_cond_init (&self->started_cond);
  self->folder = g_strdup (folder);
  self->host_token = parlor_keys_new_call_id ();
  self->port = port;
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->thread = g_thread_new ("parlor-relay", run_relay, self);

  g_mutex_lock (&self->mutex);
  while (!self->started)
    g_cond_wait (&self->started_cond, &self->mutex);
  g_mutex_unlock (&self->mutex);

  if (self->error)
    {
      g_propagate_error (error, g_steal_pointer (&self->error));
      parlor_hosting_stop (self);
      return NULL;
    }
  return self;
}

guint16
parlor_hosting_get_port (ParlorHosting *self)
{
  return self->port;
}

GBytes *
parlor_hosting_get_pin (ParlorHosting *self)
{
  return self->pin;
}

const char *
parlor_hosting_get_host_token (ParlorHosting *self)
{
  return self->host_token;
}

/**
 * parlor_hosting_stop:
 * @self: (transfer full): a relay's thread
 *
 * Closes every connection and waits for the thread.
 */
void
parlor_hosting_stop (ParlorHosting *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, quit_loop, self->loop, NULL);
  g_source_attach (source, self->context);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->started_cond);
  g_clear_error (&self->error);
  g_clear_pointer (&self->pin, g_bytes_unref);
  g_free (self->folder);
  g_free (self->host_token);
  g_free (self);
}
