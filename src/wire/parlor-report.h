/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-stats.h"

G_BEGIN_DECLS

/*
 * The lines that `parlor-peer --json` prints: one JSON object a line, each with `event` and `t` (Unix time, ms).
 * Each function returns (transfer full) one line without the line feed. Pure; any thread.
 */
char *parlor_report_ready (gint64 t_ms, GPtrArray *peers); /* (element-type ParlorPeerInfo) */
char *parlor_report_calling (gint64 t_ms);
char *parlor_report_state (gint64 t_ms, const char *state);
/* @emoji: (nullable): @n_emoji indices */
char *parlor_report_security (gint64 t_ms, const char *proof, const guint *emoji, guint n_emoji);
char *parlor_report_first_frame (gint64 t_ms, const char *kind); /* "video" or "audio" */
char *parlor_report_stats (gint64 t_ms, const ParlorStats *stats);
char *parlor_report_quality (gint64 t_ms, const char *quality, const char *trouble);
char *parlor_report_ended (gint64 t_ms, const char *reason);
char *parlor_report_error (gint64 t_ms, const char *code, const char *message);
/* A line of the log of `parlor-relay --log-format=json`: event `log`, level, message. */
char *parlor_report_log (gint64 t_ms, const char *level, const char *message);

G_END_DECLS
