/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-message.h"

G_BEGIN_DECLS

/**
 * ParlorPeerMode: who begins.
 * @PARLOR_PEER_MODE_CALL: we ring whoever is in the room, or comes first
 * @PARLOR_PEER_MODE_ANSWER: we wait, and accept the first ring
 * @PARLOR_PEER_MODE_MANUAL: nothing happens but by commands
 */
typedef enum
{
  PARLOR_PEER_MODE_CALL,
  PARLOR_PEER_MODE_ANSWER,
  PARLOR_PEER_MODE_MANUAL,
} ParlorPeerMode;

/**
 * ParlorPeerArguments: the command line of `parlor-peer`, checked. Strings are owned.
 */
typedef struct
{
  char *invite; /* "-": the first line of standard input */
  char *name;
  ParlorPeerMode mode;
  ParlorMediaFlags media;
  char *video_source;
  char *audio_source;
  char *video_sink;
  char *audio_sink;
  double duration_s; /* 0: no limit */
  gboolean relay_only;
  gboolean json;
  gboolean version;
} ParlorPeerArguments;

/* %PARLOR_ERROR_BAD_USAGE with words for the user. */
gboolean parlor_peer_arguments_parse (ParlorPeerArguments *self, int *argc, char ***argv, GError **error);
void parlor_peer_arguments_clear (ParlorPeerArguments *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ParlorPeerArguments, parlor_peer_arguments_clear)

G_END_DECLS
