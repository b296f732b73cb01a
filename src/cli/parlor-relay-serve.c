/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-relay-serve.h"

#include "parlor-relay-certificate.h"
#include "parlor-relay-ice.h"
#include "parlor-relay-invite.h"
#include "parlor-relay-service.h"

#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

/*
 * A ParlorRelay in the main context of a process of its own, from its options to the signal that ends it.
 *
 * SIGINT ends at once. SIGTERM does too when there is nobody to lose; else new rooms are refused for --drain-ms, so
 * that a load balancer sends them elsewhere and calls can end by themselves, and then all are told that the relay closes.
 */

#define LOOK_MS 200          /* how often a relay that drains looks whether all have left */
#define OTHER_DESCRIPTORS 64 /* besides those of connections: listening, metrics, GLib's own */

typedef struct
{
  const ParlorRelayOptions *options;
  ParlorRelay *relay;
  GMainLoop *loop;
  GBytes *pin;       /* of a self-signed certificate */
  gint64 drained_at; /* monotonic time; 0 = not draining */
} Server;

static void
server_clear (Server *self)
{
  g_clear_object (&self->relay);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_pointer (&self->pin, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Server, server_clear)

static gboolean
on_end_signal (gpointer user_data)
{
  Server *self = user_data;

  g_main_loop_quit (self->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_look (gpointer user_data)
{
  Server *self = user_data;

  if (parlor_relay_get_n_connections (self->relay) == 0 || g_get_monotonic_time () >= self->drained_at)
    g_main_loop_quit (self->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_term_signal (gpointer user_data)
{
  Server *self = user_data;

  if (self->drained_at != 0 || self->options->drain_ms == 0 || parlor_relay_get_n_connections (self->relay) == 0)
    {
      g_main_loop_quit (self->loop);
      return G_SOURCE_CONTINUE;
    }
  g_message ("Draining for up to %u ms", self->options->drain_ms);
  parlor_relay_service_notify ("STOPPING=1");
  parlor_relay_drain (self->relay);
  self->drained_at = g_get_monotonic_time () + self->options->drain_ms * G_TIME_SPAN_MILLISECOND;
  g_timeout_add (MIN (LOOK_MS, self->options->drain_ms), on_look, self);
  return G_SOURCE_CONTINUE;
}

static gboolean
load_certificate (Server *self, GError **error)
{
  g_autoptr (GBytes) pin = NULL;
  g_autoptr (GTlsCertificate) certificate = parlor_relay_certificate_load (self->options, &pin, error);

  if (certificate == NULL)
    return FALSE;
  g_clear_pointer (&self->pin, g_bytes_unref);
  self->pin = g_steal_pointer (&pin);
  parlor_relay_set_certificate (self->relay, certificate);
  return TRUE;
}

/* Certificates are renewed under a running relay, and calls go on. */
static gboolean
on_reload_signal (gpointer user_data)
{
  Server *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!parlor_relay_options_want_tls (self->options))
    g_message ("There is no certificate to read again");
  else if (load_certificate (self, &error))
    g_message ("The certificate was read again");
  else
    g_warning ("The old certificate stays: %s", error->message);
  return G_SOURCE_CONTINUE;
}

/* As many descriptors as the system lets this process have; the soft limit is for programs that use select(). */
static gboolean
raise_descriptor_limit (const ParlorRelayLimits *limits, GError **error)
{
  const gint64 others = limits->spare_connections + OTHER_DESCRIPTORS;
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return TRUE;
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
  if (limit.rlim_max >= (rlim_t) (limits->max_connections + others))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "--max-connections can be up to %" G_GINT64_FORMAT " here; more descriptors are to be had by "
               "'ulimit -Hn' or systemd's LimitNOFILE",
               MAX ((gint64) limit.rlim_max - others, 0));
  return FALSE;
}

static gboolean
listen_all (Server *self, GSocket *socket, GError **error)
{
  const ParlorRelayOptions *options = self->options;

  if (socket ? !parlor_relay_listen_socket (self->relay, socket, error)
             : !parlor_relay_listen (self->relay, options->address, options->port, error))
    return FALSE;
  return options->metrics == NULL
         || parlor_relay_listen_metrics (self->relay, options->metrics_address, options->metrics_port, error);
}

static gboolean
set_up (Server *self, GSocket *socket, GError **error)
{
  const ParlorRelayOptions *options = self->options;

  for (guint i = 0; i < options->allowed_hosts->len; i++)
    parlor_relay_allow_host (self->relay, options->allowed_hosts->pdata[i]);
  if (options->public_host)
    parlor_relay_allow_host (self->relay, options->public_host);
  for (guint i = 0; i < options->trusted_proxies->len; i++)
    if (!parlor_relay_trust_proxy (self->relay, options->trusted_proxies->pdata[i], error))
      return FALSE;
  if (options->seed_pages || options->no_seed_pages || parlor_relay_options_are_public (options))
    parlor_relay_set_seed_pages (self->relay, options->seed_pages);
  /* A self-signed certificate is one that browsers may leave again for plain HTTP. */
  parlor_relay_set_strict_transport (self->relay, options->certificate || options->public_url);
  return raise_descriptor_limit (&options->limits, error)
         && parlor_relay_ice_set_up (self->relay, options, error)
         && (!parlor_relay_options_want_tls (options) || load_certificate (self, error))
         && listen_all (self, socket, error);
}

/* Guests who are refused for each other's number are found out late. */
static void
warn_of_one_address (const ParlorRelayOptions *options)
{
  if (options->public_url && options->trusted_proxies->len == 0 && options->limits.max_per_address > 0)
    g_warning ("All guests who come by %s have the address of the server in front, and no more than %u get in: "
               "name it with --trusted-proxy ADDRESS, or use --max-per-address 0",
               options->public_url, options->limits.max_per_address);
}

static void
announce (Server *self)
{
  g_autofree char *url = parlor_relay_get_url (self->relay);

  g_print ("Listening on %s\n", url);
  if (self->options->invite)
    {
      g_autofree char *invite = parlor_relay_invite_new (self->options, parlor_relay_get_port (self->relay), self->pin);

      g_print ("%s\n", invite);
    }
  if (self->options->metrics)
    g_print ("Metrics on port %u\n", parlor_relay_get_metrics_port (self->relay));
  fflush (stdout);
}

int
parlor_relay_serve (const ParlorRelayOptions *options, GSocket *socket)
{
  g_auto (Server) self = { .options = options };
  g_autoptr (GError) error = NULL;

  self.relay = parlor_relay_new (&options->limits);
  self.loop = g_main_loop_new (NULL, FALSE);
  if (!set_up (&self, socket, &error))
    {
      g_printerr ("parlor-relay: %s\n", error->message);
      return g_error_matches (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE) ? PARLOR_EXIT_BAD_USAGE : EXIT_FAILURE;
    }

  g_unix_signal_add (SIGINT, on_end_signal, &self);
  g_unix_signal_add (SIGTERM, on_term_signal, &self);
  g_unix_signal_add (SIGHUP, on_reload_signal, &self);
  warn_of_one_address (options);
  announce (&self);
  parlor_relay_service_notify ("READY=1");
  g_main_loop_run (self.loop);
  parlor_relay_service_notify ("STOPPING=1");
  parlor_relay_close (self.relay);
  return EXIT_SUCCESS;
}
