/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-call"

#include "config.h"

#include "parlor-gauge.h"

#include "parlor-call-enums.h"

/*
 * ParlorGauge: one timer, one question at a time to the peer that is in use, and what ParlorQualityJudge makes of the answers.
 */

#define INTERVAL_S 1

enum
{
  PROP_0,
  PROP_STATS,
  PROP_QUALITY,
  PROP_TROUBLE,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorGauge
{
  GObject parent_instance;

  ParlorCall *call; /* (nullable) not owned: an answer may still be on its way to us when it is gone */
  GCancellable *cancellable;
  guint source;
  ParlorStats *stats;
  ParlorQualityJudge judge;
};

G_DEFINE_FINAL_TYPE (ParlorGauge, parlor_gauge, G_TYPE_OBJECT)

static void
judge (ParlorGauge *self)
{
  ParlorQualityJudge old = self->judge;

  parlor_quality_judge_add (&self->judge, self->stats);
  if (self->judge.quality != old.quality || self->judge.trouble != old.trouble)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_QUALITY]);
  if (self->judge.trouble != old.trouble)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TROUBLE]);
}

static void
on_stats (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ParlorGauge) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ParlorStats) stats = parlor_peer_collect_stats_finish (PARLOR_PEER (source), result, &error);

  if (!stats)
    g_debug ("no statistics: %s", error->message);
  if (!stats || !self->source)
    return;
  g_clear_pointer (&self->stats, parlor_stats_free);
  self->stats = g_steal_pointer (&stats);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATS]);
  judge (self);
}

static gboolean
look (gpointer user_data)
{
  ParlorGauge *self = user_data;
  ParlorPeer *peer = self->call ? parlor_call_get_peer (self->call) : NULL;

  if (peer)
    parlor_peer_collect_stats_async (peer, self->cancellable, on_stats, g_object_ref (self));
  return G_SOURCE_CONTINUE;
}

/* Another peer begins to count anew: what the one before may still answer is not heard. */
static void
on_peer (ParlorCall *call, GParamSpec *pspec, gpointer user_data)
{
  ParlorGauge *self = user_data;

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
}

static void
on_state (ParlorCall *call, GParamSpec *pspec, gpointer user_data)
{
  ParlorGauge *self = user_data;
  ParlorCallState state = parlor_call_get_state (call);

  if (state == PARLOR_CALL_ACTIVE && !self->source)
    self->source = g_timeout_add_seconds (INTERVAL_S, look, self);
  else if (state == PARLOR_CALL_ENDED)
    g_clear_handle_id (&self->source, g_source_remove);
}

static void
parlor_gauge_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorGauge *self = PARLOR_GAUGE (object);

  switch (id)
    {
    case PROP_STATS:
      g_value_set_boxed (value, self->stats);
      break;
    case PROP_QUALITY:
      g_value_set_enum (value, self->judge.quality);
      break;
    case PROP_TROUBLE:
      g_value_set_enum (value, self->judge.trouble);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_gauge_dispose (GObject *object)
{
  ParlorGauge *self = PARLOR_GAUGE (object);

  g_clear_handle_id (&self->source, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  G_OBJECT_CLASS (parlor_gauge_parent_class)->dispose (object);
}

static void
parlor_gauge_finalize (GObject *object)
{
  ParlorGauge *self = PARLOR_GAUGE (object);

  g_clear_weak_pointer (&self->call);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->stats, parlor_stats_free);
  G_OBJECT_CLASS (parlor_gauge_parent_class)->finalize (object);
}

static void
parlor_gauge_class_init (ParlorGaugeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = parlor_gauge_get_property;
  object_class->dispose = parlor_gauge_dispose;
  object_class->finalize = parlor_gauge_finalize;

  props[PROP_STATS] = g_param_spec_boxed ("stats", NULL, NULL, PARLOR_TYPE_STATS, flags);
  props[PROP_QUALITY] = g_param_spec_enum ("quality", NULL, NULL, PARLOR_TYPE_QUALITY, PARLOR_QUALITY_UNKNOWN, flags);
  props[PROP_TROUBLE] = g_param_spec_enum ("trouble", NULL, NULL, PARLOR_TYPE_TROUBLE, PARLOR_TROUBLE_NONE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
parlor_gauge_init (ParlorGauge *self)
{
  self->cancellable = g_cancellable_new ();
}

ParlorGauge *
parlor_gauge_new (ParlorCall *call)
{
  ParlorGauge *self = g_object_new (PARLOR_TYPE_GAUGE, NULL);

  g_set_weak_pointer (&self->call, call);
  g_signal_connect_object (call, "notify::peer", G_CALLBACK (on_peer), self, 0);
  g_signal_connect_object (call, "notify::state", G_CALLBACK (on_state), self, 0);
  return self;
}

const ParlorStats *
parlor_gauge_get_stats (ParlorGauge *self)
{
  return self->stats;
}

ParlorQuality
parlor_gauge_get_quality (ParlorGauge *self)
{
  return self->judge.quality;
}

ParlorTrouble
parlor_gauge_get_trouble (ParlorGauge *self)
{
  return self->judge.trouble;
}
