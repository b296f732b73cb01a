/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <netinet/in.h>

#include "parlor-agenda.h"
#include "parlor-pending.h"
#include "parlor-poll.h"
#include "parlor-response.h"
#include "parlor-stream.h"

G_BEGIN_DECLS

/**
 * ParlorVisitor:
 *
 * A connection from its first moment until it has become a guest, or got its answer and gone. It is used in one thread.
 */
typedef struct _ParlorVisitor ParlorVisitor;

/* Where it comes from. */
typedef union
{
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} ParlorVisitorAddress;

/**
 * ParlorVisitorHost: what visitors need, and what is heard of them; one for all.
 */
typedef struct
{
  ParlorPoll *poll;
  ParlorAgenda *agenda;
  ParlorPending *pending;
  guint request_ms; /* connected -> answered and gone, or taken away */
  ParlorTls *tls;   /* for those who come from now on; NULL = plain */
  gpointer user_data;

  /* It asks for something: parlor_visitor_answer() or parlor_visitor_steal(), at once. */
  void (*request) (ParlorVisitor *visitor, const ParlorRequest *request, gpointer user_data);
  /* Once, and last: its connection was stolen, or is to be closed by parlor_visitor_free(). */
  void (*over) (ParlorVisitor *visitor, gpointer user_data);
} ParlorVisitorHost;

GInetAddress *parlor_visitor_address_to_inet (const ParlorVisitorAddress *address);
ParlorVisitor *parlor_visitor_new (int fd, const ParlorVisitorAddress *address, const char *network, const ParlorVisitorHost *host);
gboolean parlor_visitor_is_stolen (ParlorVisitor *self);
void parlor_visitor_free (ParlorVisitor *self);
void parlor_visitor_answer (ParlorVisitor *self, const ParlorRequest *request, const ParlorResponse *response);
ParlorStream parlor_visitor_steal (ParlorVisitor *self);

G_END_DECLS
