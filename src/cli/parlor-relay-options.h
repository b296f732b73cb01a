/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-relay.h"

G_BEGIN_DECLS

#define PARLOR_EXIT_BAD_USAGE 2

/**
 * ParlorRelayOptions: the command line of `parlor-relay` and its file of settings, checked. Everything is owned.
 *
 * Lists are never %NULL. @address and @port are those of @listen.
 */
typedef struct
{
  char *config;
  char *listen;
  char *address;
  guint16 port;
  char *certificate;
  char *key;         /* NULL: in the same file as the certificate */
  char *self_signed; /* NULL: not asked for; "": in the usual folder */
  gboolean plain_http;
  char *public_url;
  char *public_host;            /* of public_url */
  int public_port;              /* of public_url */
  GPtrArray *allowed_hosts;     /* char* */
  GPtrArray *trusted_proxies;   /* char* */
  GPtrArray *stun;              /* char* */
  GPtrArray *turn;              /* char* */
  char *turn_secret;
  char *turn_secret_file;
  gboolean seed_pages;
  gboolean no_seed_pages;
  gboolean invite;
  gboolean version;
  char *metrics; /* NULL: nobody may ask */
  char *metrics_address;
  guint16 metrics_port;
  guint drain_ms;
  char *log_format; /* NULL: "text" */
  ParlorRelayLimits limits;
} ParlorRelayOptions;

/* A %G_OPTION_ERROR that says what to write instead. */
gboolean parlor_relay_options_parse (ParlorRelayOptions *self, int argc, char **argv, GError **error);
void parlor_relay_options_clear (ParlorRelayOptions *self);
/* Listens on @socket, which somebody else opened, instead of --listen. */
gboolean parlor_relay_options_adopt (ParlorRelayOptions *self, GSocket *socket, GError **error);
/* Whether it asks for TLS, by what is said and by where it listens. */
gboolean parlor_relay_options_want_tls (const ParlorRelayOptions *self);
/* Whether they say that others come through something in front, be it that it listens on a loopback address only. */
gboolean parlor_relay_options_are_public (const ParlorRelayOptions *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ParlorRelayOptions, parlor_relay_options_clear)

G_END_DECLS
