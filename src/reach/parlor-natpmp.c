/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-reach"

#include "config.h"

#include "parlor-port-map-private.h"

#include <arpa/inet.h>
#include <natpmp.h>

/*
 * NAT-PMP (RFC 6886) by libnatpmp, whose answers are waited for here: its own way would try for two minutes, and could not be cancelled.
 */

#define PATIENCE_US (4 * G_USEC_PER_SEC) /* its tries at 0, 0.25, 0.75 and 1.75 s, and time to answer the last */

/* One step of waiting; FALSE when there is no more patience or nobody wants to know any more. */
static gboolean
wait_a_little (natpmp_t *natpmp, gint64 deadline, GCancellable *cancellable)
{
  GPollFD fds[2] = { { .fd = natpmp->s, .events = G_IO_IN } };
  struct timeval until_retry = { 0 };
  gint64 left_ms = (deadline - g_get_monotonic_time ()) / 1000;
  gboolean with_cancellable = cancellable && g_cancellable_make_pollfd (cancellable, &fds[1]);

  if (left_ms <= 0 || g_cancellable_is_cancelled (cancellable))
    {
      if (with_cancellable)
        g_cancellable_release_fd (cancellable);
      return FALSE;
    }

  getnatpmprequesttimeout (natpmp, &until_retry);
  left_ms = CLAMP (until_retry.tv_sec * 1000 + until_retry.tv_usec / 1000 + 1, 1, left_ms);
  g_poll (fds, with_cancellable ? 2 : 1, (int) left_ms);
  if (with_cancellable)
    g_cancellable_release_fd (cancellable);
  return TRUE;
}

static int
wait_for_answer (natpmp_t *natpmp, natpmpresp_t *answer, GCancellable *cancellable)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE_US;
  int status;

  do
    status = wait_a_little (natpmp, deadline, cancellable) ? readnatpmpresponseorretry (natpmp, answer) : NATPMP_ERR_NOGATEWAYSUPPORT;
  while (status == NATPMP_TRYAGAIN);
  return status;
}

static ParlorRouterAnswer
answer_for (int status)
{
  /* What the router itself said, against what says that there is none who speaks this. */
  return status == NATPMP_ERR_NOTAUTHORIZED || status == NATPMP_ERR_NETWORKFAILURE || status == NATPMP_ERR_OUTOFRESOURCES
           ? PARLOR_ROUTER_REFUSED
           : PARLOR_ROUTER_ABSENT;
}

static int
ask (natpmp_t *natpmp, guint16 port, guint16 wanted, guint lease_s, GCancellable *cancellable, ParlorMapping *mapping)
{
  natpmpresp_t answer = { 0 };
  int status = sendpublicaddressrequest (natpmp);

  status = status < 0 ? status : wait_for_answer (natpmp, &answer, cancellable);
  if (status < 0)
    return status;
  inet_ntop (AF_INET, &answer.pnu.publicaddress.addr, mapping->address, sizeof mapping->address);

  status = sendnewportmappingrequest (natpmp, NATPMP_PROTOCOL_TCP, port, wanted, lease_s);
  status = status < 0 ? status : wait_for_answer (natpmp, &answer, cancellable);
  if (status < 0)
    return status;
  mapping->port = answer.pnu.newportmapping.mappedpublicport;
  mapping->lease_s = answer.pnu.newportmapping.lifetime;
  return 0;
}

ParlorRouterAnswer
parlor_natpmp_map (guint16 port, guint16 wanted, guint lease_s, GCancellable *cancellable, ParlorMapping *mapping)
{
  natpmp_t natpmp;
  int status;

  if (initnatpmp (&natpmp, 0, 0) < 0)
    return PARLOR_ROUTER_ABSENT;

  status = ask (&natpmp, port, wanted, lease_s, cancellable, mapping);
  closenatpmp (&natpmp);
  g_debug ("NAT-PMP: %d", status);
  return status < 0 ? answer_for (status) : PARLOR_ROUTER_MAPPED;
}

void
parlor_natpmp_unmap (guint16 port)
{
  natpmp_t natpmp;
  natpmpresp_t answer;

  if (initnatpmp (&natpmp, 0, 0) < 0)
    return;
  if (sendnewportmappingrequest (&natpmp, NATPMP_PROTOCOL_TCP, port, 0, 0) >= 0)
    wait_for_answer (&natpmp, &answer, NULL);
  closenatpmp (&natpmp);
}
