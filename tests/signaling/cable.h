/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

/* The way between a channel and a relay, with what can go wrong on it: TCP from a port of its own to another, in the
 * test's main context. */
typedef struct
{
  GSocketService *service;
  guint16 port;
  guint16 target;
  GPtrArray *links; /* private: open connections */
  gboolean unplugged;
} Cable;

Cable *cable_new (guint16 target);
void cable_free (Cable *self);
/* Ends every connection at both ends, without a goodbye. */
void cable_cut (Cable *self);
/* ... and whoever connects from now on is hung up on, until FALSE. */
void cable_set_unplugged (Cable *self, gboolean unplugged);
/* Nothing passes any more on the connections that are open, and neither end is told. */
void cable_freeze (Cable *self);
/* The same, but what the relay is told still arrives. */
void cable_freeze_answers (Cable *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Cable, cable_free)
