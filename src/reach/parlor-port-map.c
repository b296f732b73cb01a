/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-reach"

#include "config.h"

#include "parlor-port-map.h"

#include "parlor-interfaces.h"
#include "parlor-mailbox.h"
#include "parlor-port-map-private.h"
#include "parlor-reach-enums.h"

/*
 * ParlorPortMap: one thread that asks the router, and an object on the main thread that hears of it by a mailbox.
 *
 * Nobody waits for the thread: stopping only tells it, and it takes the mapping back before it ends. So that a mapping that was
 * just made is not taken back by the one before it, a new thread asks nothing while an old one still has something to take back.
 */

#define RETRY_S 600 /* after a router that was not there or said no: it may have been started or set up meanwhile */

enum
{
  PROP_0,
  PROP_STATE,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

typedef struct
{
  ParlorPortMapState state;
  ParlorMapping mapping;
} Report;

typedef enum
{
  NO_WAY,
  BY_PCP,
  BY_NATPMP,
  BY_UPNP,
} Way;

typedef struct
{
  gatomicrefcount refs; /* the object's and the thread's */
  GSocketFamily family;
  guint16 port;
  guint lease_s;
  GCancellable *cancellable;
  ParlorMailbox *mailbox;

  GMutex mutex;
  GCond cond;
  gboolean stopped; /* under mutex, like asked_again */
  gboolean asked_again;

  /* the thread's own */
  Way way; /* by which the mapping came */
  guint8 nonce[PARLOR_PCP_NONCE_SIZE];
  ParlorUpnp *upnp; /* (nullable) */
  ParlorMapping mapping;
} Worker;

struct _ParlorPortMap
{
  GObject parent_instance;

  GSocketFamily family;
  guint16 port;
  guint lease_s;
  Worker *worker; /* (nullable): while it is not stopped */
  ParlorMailbox *mailbox;
  Report report;
};

G_DEFINE_FINAL_TYPE (ParlorPortMap, parlor_port_map, G_TYPE_OBJECT)

/* How many threads were stopped and have yet to take their mapping back. */
static GMutex releasing_mutex;
static GCond releasing_cond;
static guint releasing;

static void
post (Worker *worker, ParlorPortMapState state)
{
  Report *report = g_new0 (Report, 1);

  report->state = state;
  report->mapping = worker->mapping;
  parlor_mailbox_post (worker->mailbox, report);
}

static void
release (Worker *worker)
{
  switch (worker->way)
    {
    case BY_PCP:
      parlor_pcp_unmap (worker->nonce, worker->family, worker->port);
      break;
    case BY_NATPMP:
      parlor_natpmp_unmap (worker->port);
      break;
    case BY_UPNP:
      parlor_upnp_unmap (worker->upnp, worker->mapping.port);
      break;
    case NO_WAY:
      break;
    }
  worker->way = NO_WAY;
  g_clear_pointer (&worker->upnp, parlor_upnp_free);
  worker->mapping = (ParlorMapping){ 0 };
}

/* Without it nobody has to be looked for. */
static gboolean
has_ipv6 (void)
{
  g_autoptr (GInetAddress) own = parlor_interfaces_get_own (G_SOCKET_FAMILY_IPV6);

  return own != NULL;
}

static ParlorRouterAnswer
ask_by_upnp (Worker *worker, guint16 wanted)
{
  /* A router that took the mapping before is asked again without looking for it. */
  if (worker->upnp && parlor_upnp_map (worker->upnp, worker->port, wanted, worker->lease_s, &worker->mapping) == PARLOR_ROUTER_MAPPED)
    return PARLOR_ROUTER_MAPPED;
  g_clear_pointer (&worker->upnp, parlor_upnp_free);
  if (worker->family == G_SOCKET_FAMILY_IPV4 || has_ipv6 ())
    worker->upnp = parlor_upnp_open (worker->family);
  return worker->upnp ? parlor_upnp_map (worker->upnp, worker->port, wanted, worker->lease_s, &worker->mapping) : PARLOR_ROUTER_ABSENT;
}

static ParlorRouterAnswer
ask_by (Worker *worker, Way way, guint16 wanted)
{
  switch (way)
    {
    case BY_PCP:
      return parlor_pcp_map (worker->nonce, worker->family, worker->port, wanted, worker->lease_s, worker->cancellable, &worker->mapping);
    case BY_NATPMP:
      return parlor_natpmp_map (worker->port, wanted, worker->lease_s, worker->cancellable, &worker->mapping);
    case BY_UPNP:
      return ask_by_upnp (worker, wanted);
    case NO_WAY:
      break;
    }
  return PARLOR_ROUTER_ABSENT;
}

/* From the newest protocol on, which RFC 6887, appendix A, wants. */
static ParlorRouterAnswer
ask_all_ways (Worker *worker)
{
  guint16 wanted = worker->mapping.port ? worker->mapping.port : worker->port;
  Way way = worker->way == BY_UPNP ? BY_UPNP : BY_PCP;
  gboolean refused = FALSE;

  for (; way <= BY_UPNP && !g_cancellable_is_cancelled (worker->cancellable); way++)
    {
      ParlorRouterAnswer answer;

      /* NAT-PMP is PCP's older language: of the same program, and without IPv6. */
      if (way == BY_NATPMP && (refused || worker->family == G_SOCKET_FAMILY_IPV6))
        continue;
      answer = ask_by (worker, way, wanted);
      refused = refused || answer == PARLOR_ROUTER_REFUSED;
      if (answer == PARLOR_ROUTER_MAPPED)
        {
          worker->way = way;
          return PARLOR_ROUTER_MAPPED;
        }
    }
  return refused ? PARLOR_ROUTER_REFUSED : PARLOR_ROUTER_ABSENT;
}

static gboolean
is_public (Worker *worker)
{
  return worker->family == G_SOCKET_FAMILY_IPV6 || parlor_interfaces_is_public (worker->mapping.address);
}

static ParlorPortMapState
ask_router (Worker *worker)
{
  ParlorRouterAnswer answer = ask_all_ways (worker);

  if (answer == PARLOR_ROUTER_MAPPED && is_public (worker))
    return PARLOR_PORT_MAP_MAPPED;
  if (answer == PARLOR_ROUTER_MAPPED)
    {
      release (worker);
      return PARLOR_PORT_MAP_NOT_PUBLIC;
    }
  /* What was mapped before a renewal that nobody wants any more has still to be taken back. */
  if (g_cancellable_is_cancelled (worker->cancellable))
    return PARLOR_PORT_MAP_NO_ROUTER;
  worker->way = NO_WAY;
  worker->mapping = (ParlorMapping){ 0 };
  return answer == PARLOR_ROUTER_REFUSED ? PARLOR_PORT_MAP_REFUSED : PARLOR_PORT_MAP_NO_ROUTER;
}

/* FALSE when it was stopped; else it is time to ask (again). */
static gboolean
rest (Worker *worker, gint64 seconds)
{
  gint64 end = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  gboolean stopped;

  g_mutex_lock (&worker->mutex);
  while (!worker->stopped && !worker->asked_again)
    if (!g_cond_wait_until (&worker->cond, &worker->mutex, end))
      break;
  worker->asked_again = FALSE;
  stopped = worker->stopped;
  g_mutex_unlock (&worker->mutex);
  return !stopped;
}

static void
wait_for_older_ones (Worker *worker)
{
  g_mutex_lock (&releasing_mutex);
  while (releasing > 0 && !g_cancellable_is_cancelled (worker->cancellable))
    g_cond_wait (&releasing_cond, &releasing_mutex);
  g_mutex_unlock (&releasing_mutex);
}

static void
say_released (void)
{
  g_mutex_lock (&releasing_mutex);
  releasing--;
  g_cond_broadcast (&releasing_cond);
  g_mutex_unlock (&releasing_mutex);
}

static void
worker_unref (Worker *worker)
{
  if (!g_atomic_ref_count_dec (&worker->refs))
    return;

  g_object_unref (worker->cancellable);
  parlor_mailbox_unref (worker->mailbox);
  g_mutex_clear (&worker->mutex);
  g_cond_clear (&worker->cond);
  g_free (worker);
}

static gpointer
run_worker (gpointer user_data)
{
  Worker *worker = user_data;
  gint64 until_next = 0;

  wait_for_older_ones (worker);
  while (rest (worker, until_next))
    {
      ParlorPortMapState state = ask_router (worker);

      post (worker, state);
      /* Half of a lease is left when it is renewed (RFC 6886, section 3.3; RFC 6887, section 11.2.1). */
      until_next = state == PARLOR_PORT_MAP_MAPPED && worker->mapping.lease_s ? MAX (worker->mapping.lease_s / 2, 1) : RETRY_S;
    }

  release (worker);
  worker_unref (worker);
  say_released ();
  return NULL;
}

static void
on_report (gpointer letter, gpointer user_data)
{
  ParlorPortMap *self = user_data;
  g_autofree Report *report = letter;

  self->report = *report;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

static void
parlor_port_map_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_STATE)
    g_value_set_enum (value, PARLOR_PORT_MAP (object)->report.state);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
parlor_port_map_dispose (GObject *object)
{
  parlor_port_map_stop (PARLOR_PORT_MAP (object));
  G_OBJECT_CLASS (parlor_port_map_parent_class)->dispose (object);
}

static void
parlor_port_map_class_init (ParlorPortMapClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = parlor_port_map_get_property;
  object_class->dispose = parlor_port_map_dispose;

  props[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, PARLOR_TYPE_PORT_MAP_STATE, PARLOR_PORT_MAP_OFF,
                                         G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
parlor_port_map_init (ParlorPortMap *self)
{
}

/**
 * parlor_port_map_new:
 * @family: %G_SOCKET_FAMILY_IPV4 for a port of the router's own address; %G_SOCKET_FAMILY_IPV6 for ours to be let through its firewall
 * @port: on which this computer listens, and which is asked for outside, too
 * @lease_s: for how long the router is asked to pass it on, in seconds, each time
 *
 * Returns: (transfer full): a mapping that nobody was asked for yet
 */
ParlorPortMap *
parlor_port_map_new (GSocketFamily family, guint16 port, guint lease_s)
{
  ParlorPortMap *self = g_object_new (PARLOR_TYPE_PORT_MAP, NULL);

  self->family = family;
  self->port = port;
  self->lease_s = lease_s;
  return self;
}

ParlorPortMapState
parlor_port_map_get_state (ParlorPortMap *self)
{
  return self->report.state;
}

const char *
parlor_port_map_get_address (ParlorPortMap *self)
{
  return self->report.state == PARLOR_PORT_MAP_MAPPED ? self->report.mapping.address : NULL;
}

guint16
parlor_port_map_get_port (ParlorPortMap *self)
{
  return self->report.mapping.port;
}

/**
 * parlor_port_map_start:
 * @self: a mapping
 *
 * Asks the router from now on. When it was started before: asks again at once, as after a change of networks.
 */
void
parlor_port_map_start (ParlorPortMap *self)
{
  Worker *worker = self->worker;

  if (worker)
    {
      g_mutex_lock (&worker->mutex);
      worker->asked_again = TRUE;
      g_cond_signal (&worker->cond);
      g_mutex_unlock (&worker->mutex);
      return;
    }

  self->mailbox = parlor_mailbox_new (g_main_context_get_thread_default (), on_report, self, g_free);
  self->worker = worker = g_new0 (Worker, 1);
  g_atomic_ref_count_init (&worker->refs);
  g_atomic_ref_count_inc (&worker->refs);
  worker->family = self->family;
  worker->port = self->port;
  worker->lease_s = self->lease_s;
  worker->cancellable = g_cancellable_new ();
  parlor_pcp_make_nonce (worker->nonce);
  worker->mailbox = parlor_mailbox_ref (self->mailbox);
  g_mutex_init (&worker->mutex);
  g_cond_init (&worker->cond);
  self->report.state = PARLOR_PORT_MAP_SEARCHING;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
  g_thread_unref (g_thread_new ("parlor-port-map", run_worker, worker));
}

/**
 * parlor_port_map_stop:
 * @self: a mapping
 *
 * Takes back what the router was asked for, in the background. Idempotent.
 */
void
parlor_port_map_stop (ParlorPortMap *self)
{
  Worker *worker = g_steal_pointer (&self->worker);

  if (!worker)
    return;

  parlor_mailbox_close (self->mailbox);
  g_clear_pointer (&self->mailbox, parlor_mailbox_unref);
  g_cancellable_cancel (worker->cancellable);
  g_mutex_lock (&releasing_mutex);
  releasing++;
  g_cond_broadcast (&releasing_cond); /* it may be waiting for one before it */
  g_mutex_unlock (&releasing_mutex);

  g_mutex_lock (&worker->mutex);
  worker->stopped = TRUE;
  g_cond_signal (&worker->cond);
  g_mutex_unlock (&worker->mutex);
  worker_unref (worker);

  self->report = (Report){ .state = PARLOR_PORT_MAP_OFF };
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

gboolean
parlor_port_map_wait_released (guint timeout_ms)
{
  gint64 end = g_get_monotonic_time () + timeout_ms * (gint64) 1000;
  gboolean done;

  g_mutex_lock (&releasing_mutex);
  while (releasing > 0)
    if (!g_cond_wait_until (&releasing_cond, &releasing_mutex, end))
      break;
  done = releasing == 0;
  g_mutex_unlock (&releasing_mutex);
  return done;
}
