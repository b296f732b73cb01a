/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

/* A relay as small as a test needs it: it does what it is told, in the test's own main loop. */

typedef enum
{
  STUB_WELCOMES,        /* parlor.1; hello -> welcome */
  STUB_SILENT,          /* parlor.1; no welcome */
  STUB_REFUSES,         /* parlor.1; hello -> the text in `refusal`, then a close */
  STUB_CLOSES,          /* parlor.1; closes on hello */
  STUB_DROPS,           /* parlor.1; drops the TCP connection on hello */
  STUB_SEED,            /* no subprotocol; forwards nothing */
} StubMode;

typedef struct
{
  SoupServer *server;
  guint port;
  StubMode mode;
  const char *refusal;
  const char *welcome; /* NULL = STUB_WELCOME */
  GPtrArray *connections; /* SoupWebsocketConnection, open ones */
  GPtrArray *received;    /* texts, in order */
  guint n_connected;
  guint n_closed;
  gushort last_close_code;
} StubRelay;

#define STUB_WELCOME "{\"type\":\"welcome\",\"id\":\"a1\",\"room\":\"room\",\"peers\":[],\"ice_servers\":[]}"

StubRelay *stub_relay_new (StubMode mode, GTlsCertificate *certificate);
void stub_relay_free (StubRelay *self);
/* To every connection. */
void stub_relay_send (StubRelay *self, const char *text);
void stub_relay_send_binary (StubRelay *self, GBytes *bytes);
void stub_relay_close (StubRelay *self, gushort code);
/* Without a goodbye. */
void stub_relay_drop (StubRelay *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StubRelay, stub_relay_free)
