/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-peer"

#include "config.h"

#include "parlor-peer-reporter.h"

#include <stdio.h>

#include "parlor-base-enums.h"
#include "parlor-call-enums.h"
#include "parlor-error.h"
#include "parlor-gauge.h"
#include "parlor-report.h"
#include "parlor-wire-enums.h"

/*
 * ParlorPeerReporter: listens to a core and its calls, prints what happens as it happens, and every second the
 * call's statistics. It changes nothing. Main thread only.
 */

struct _ParlorPeerReporter
{
  ParlorCore *core;
  gboolean json;
  ParlorCall *call;
  ParlorPeer *peer;
};

static gint64
now_ms (void)
{
  return g_get_real_time () / 1000;
}

/* Prints @line, and owns it. */
static void
say (char *line)
{
  puts (line);
  fflush (stdout);
  g_free (line);
}

static const char *
nick (GType type, int value)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);
  const GEnumValue *found = g_enum_get_value (klass, value);

  return found ? found->value_nick : "unknown";
}

static char *
stats_in_words (const ParlorStats *stats)
{
  return g_strdup_printf ("Receiving %dx%d at %.0f fps, %" G_GINT64_FORMAT " pictures so far.",
                          MAX (stats->in.video.width, 0), MAX (stats->in.video.height, 0),
                          MAX (stats->in.video.fps, 0), MAX (stats->in.video.frames, 0));
}

static void
on_stats (ParlorGauge *gauge, GParamSpec *pspec, gpointer user_data)
{
  ParlorPeerReporter *self = user_data;
  const ParlorStats *stats = parlor_gauge_get_stats (gauge);

  say (self->json ? parlor_report_stats (now_ms (), stats) : stats_in_words (stats));
}

static void
on_quality (ParlorGauge *gauge, GParamSpec *pspec, gpointer user_data)
{
  ParlorPeerReporter *self = user_data;
  const char *quality = nick (PARLOR_TYPE_QUALITY, parlor_gauge_get_quality (gauge));
  const char *trouble = nick (PARLOR_TYPE_TROUBLE, parlor_gauge_get_trouble (gauge));

  say (self->json ? parlor_report_quality (now_ms (), quality, trouble) : g_strdup_printf ("Quality: %s, trouble: %s.", quality, trouble));
}

static void
on_first_frame (ParlorPeer *peer, ParlorMediaFlags kind, gpointer user_data)
{
  ParlorPeerReporter *self = user_data;
  const char *name = kind == PARLOR_MEDIA_VIDEO ? "video" : "audio";

  say (self->json ? parlor_report_first_frame (now_ms (), name) : g_strdup_printf ("First %s.", name));
}

static void
drop_peer (ParlorPeerReporter *self)
{
  if (self->peer)
    g_signal_handlers_disconnect_by_data (self->peer, self);
  g_clear_object (&self->peer);
}

static void
on_call_peer (ParlorCall *call, GParamSpec *pspec, gpointer user_data)
{
  ParlorPeerReporter *self = user_data;
  ParlorPeer *peer = parlor_call_get_peer (call);

  drop_peer (self);
  if (peer)
    {
      self->peer = g_object_ref (peer);
      g_signal_connect (peer, "first-frame", G_CALLBACK (on_first_frame), self);
    }
}

static void
tell_state (ParlorPeerReporter *self, ParlorCall *call)
{
  const char *state = nick (PARLOR_TYPE_CALL_STATE, parlor_call_get_state (call));

  say (self->json ? parlor_report_state (now_ms (), state) : g_strdup_printf ("Call: %s.", state));
}

static void
tell_ended (ParlorPeerReporter *self, ParlorCall *call)
{
  const char *reason = parlor_end_reason_to_string (parlor_call_get_end_reason (call));
  const char *details = parlor_call_get_end_message (call);

  if (self->json)
    say (parlor_report_ended (now_ms (), reason));
  else
    say (g_strdup_printf ("Ended: %s%s%s.", reason, details ? ", " : "", details ? details : ""));
}

static void
drop_call (ParlorPeerReporter *self)
{
  drop_peer (self);
  if (self->call)
    {
      g_signal_handlers_disconnect_by_data (parlor_call_get_gauge (self->call), self);
      g_signal_handlers_disconnect_by_data (self->call, self);
    }
  g_clear_object (&self->call);
}

static void
on_call_state (ParlorCall *call, GParamSpec *pspec, gpointer user_data)
{
  ParlorPeerReporter *self = user_data;

  tell_state (self, call);
  if (parlor_call_get_state (call) == PARLOR_CALL_ENDED)
    {
      tell_ended (self, call);
      drop_call (self);
    }
}

static void
on_call_security (ParlorCall *call, GParamSpec *pspec, gpointer user_data)
{
  ParlorPeerReporter *self = user_data;
  const char *proof = nick (PARLOR_TYPE_PROOF_BY, parlor_call_get_proof (call));
  const guint *emoji = parlor_call_get_emoji (call);

  say (self->json ? parlor_report_security (now_ms (), proof, emoji, PARLOR_CALL_N_EMOJI)
                  : g_strdup_printf ("Proof: %s.", proof));
}

static void
on_core_call (ParlorCore *core, GParamSpec *pspec, gpointer user_data)
{
  ParlorPeerReporter *self = user_data;
  ParlorCall *call = parlor_core_get_call (core);
  ParlorGauge *gauge;

  if (!call || call == self->call)
    return;

  drop_call (self);
  self->call = g_object_ref (call);
  g_signal_connect (call, "notify::state", G_CALLBACK (on_call_state), self);
  g_signal_connect (call, "notify::security", G_CALLBACK (on_call_security), self);
  g_signal_connect (call, "notify::peer", G_CALLBACK (on_call_peer), self);
  gauge = parlor_call_get_gauge (call);
  g_signal_connect (gauge, "notify::stats", G_CALLBACK (on_stats), self);
  g_signal_connect (gauge, "notify::quality", G_CALLBACK (on_quality), self);
  if (!parlor_call_get_incoming (call))
    say (self->json ? parlor_report_calling (now_ms ()) : g_strdup ("Calling."));
  tell_state (self, call);
}

static GPtrArray *
list_peers (ParlorCore *core)
{
  GListModel *model = parlor_core_get_participants (core);
  GPtrArray *peers = g_ptr_array_new_with_free_func ((GDestroyNotify) parlor_peer_info_free);

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (ParlorParticipant) participant = g_list_model_get_item (model, i);

      g_ptr_array_add (peers, parlor_peer_info_new (parlor_participant_get_id (participant),
                                                    parlor_participant_get_name (participant),
                                                    parlor_participant_get_dialect (participant),
                                                    parlor_participant_get_in_call (participant)));
    }
  return peers;
}

static void
on_core_ready (ParlorCore *core, gpointer user_data)
{
  ParlorPeerReporter *self = user_data;
  g_autoptr (GPtrArray) peers = list_peers (core);

  say (self->json ? parlor_report_ready (now_ms (), peers)
                  : g_strdup_printf ("In the room, with %u others.", peers->len));
}

static void
on_core_failed (ParlorCore *core, const GError *error, gpointer user_data)
{
  parlor_peer_reporter_error (user_data, error);
}

static void
on_core_refused (ParlorCore *core, const char *code, const char *message, gpointer user_data)
{
  ParlorPeerReporter *self = user_data;

  if (self->json)
    say (parlor_report_error (now_ms (), code, message));
  else
    g_printerr ("parlor-peer: the relay says %s: %s\n", code, message ? message : "");
}

void
parlor_peer_reporter_error (ParlorPeerReporter *self, const GError *error)
{
  parlor_peer_report_error (self->json, error);
}

void
parlor_peer_report_error (gboolean json, const GError *error)
{
  const char *code = error->domain == PARLOR_ERROR ? nick (PARLOR_TYPE_ERROR, error->code) : "failed";

  if (json)
    say (parlor_report_error (now_ms (), code, error->message));
  else
    g_printerr ("parlor-peer: %s\n", error->message);
}

ParlorPeerReporter *
parlor_peer_reporter_new (ParlorCore *core, gboolean json)
{
  ParlorPeerReporter *self = g_new0 (ParlorPeerReporter, 1);

  self->core = g_object_ref (core);
  self->json = json;
  g_signal_connect (core, "ready", G_CALLBACK (on_core_ready), self);
  g_signal_connect (core, "notify::call", G_CALLBACK (on_core_call), self);
  g_signal_connect (core, "failed", G_CALLBACK (on_core_failed), self);
  g_signal_connect (core, "refused", G_CALLBACK (on_core_refused), self);
  return self;
}

void
parlor_peer_reporter_free (ParlorPeerReporter *self)
{
  drop_call (self);
  g_signal_handlers_disconnect_by_data (self->core, self);
  g_clear_object (&self->core);
  g_free (self);
}
