/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-core.h"
#include "parlor-test-media.h"

G_BEGIN_DECLS

/*
 * Two whole Parlors without windows in one process, for tests that make calls between them, and what the process holds meanwhile.
 */

#define WAIT_S 30 /* for what takes half a second */

/* Whoever is rung accepts. */
typedef struct
{
  ParlorStudio *studio;
  ParlorCore *core;
  ParlorTestMeter *meter; /* of the pictures that come in, and of its own */
  ParlorTestSinks *sinks;
  guint frames; /* first frames of video of the current call */
  ParlorEndReason reason;
} Side;

/* @deadlines: (nullable) */
void side_init (Side *side, const char *name, const ParlorDeadlines *deadlines);
void side_clear (Side *side);
/* Only the core: the studio goes on. Asserts that it goes. */
void side_init_core (Side *side, const char *name, const ParlorDeadlines *deadlines);
void side_clear_core (Side *side);
void side_let_ring (Side *side); /* ... and does not accept */
gboolean side_is_in (Side *side, ParlorCallState state);

/* Rings, and does not wait. */
void sides_ring (Side *caller, Side *callee);
/* ... and waits until both see each other. */
void sides_connect (Side *caller, Side *callee);
/* Both are in no call any more, for these reasons. */
void sides_wait_ended (Side *one, ParlorEndReason reason, Side *other, ParlorEndReason other_reason);

/* What the process holds once it has come to rest: a peer that is being taken down still holds some megabytes. */
typedef struct
{
  guint threads, descriptors;
  long resident_kb;
} Holdings;

void holdings_read (Holdings *self);
/* Threads and descriptors did not grow at all since then, in so many calls, and memory hardly. */
void holdings_assert_kept (const Holdings *self, guint n_calls);

G_END_DECLS
