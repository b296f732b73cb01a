/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorFrameOpcode: the opcodes of RFC 6455, section 5.2. A relay has no use for binary messages.
 */
typedef enum
{
  PARLOR_FRAME_CONTINUATION = 0x0,
  PARLOR_FRAME_TEXT = 0x1,
  PARLOR_FRAME_CLOSE = 0x8,
  PARLOR_FRAME_PING = 0x9,
  PARLOR_FRAME_PONG = 0xa,
} ParlorFrameOpcode;

/* Close codes, RFC 6455 section 7.4.1 and the IANA registry. */
#define PARLOR_CLOSE_NORMAL 1000
#define PARLOR_CLOSE_PROTOCOL_ERROR 1002
#define PARLOR_CLOSE_UNSUPPORTED_DATA 1003
#define PARLOR_CLOSE_NO_STATUS 1005 /* never on the wire: a close frame without a code */
#define PARLOR_CLOSE_BAD_DATA 1007
#define PARLOR_CLOSE_POLICY 1008
#define PARLOR_CLOSE_TOO_LARGE 1009
#define PARLOR_CLOSE_SERVICE_RESTART 1012
#define PARLOR_CLOSE_TRY_AGAIN_LATER 1013
/* Our own, from the range that is left to applications. */
#define PARLOR_CLOSE_REPLACED 4001
#define PARLOR_CLOSE_GO_HOME 4002 /* ours: come again at once, by the way you came */
#define PARLOR_CLOSE_RATE 4008

/**
 * ParlorFrameResult:
 * @PARLOR_FRAME_MORE: all bytes were taken, nothing is complete yet
 * @PARLOR_FRAME_READY: a whole message or control frame; there may be bytes left to read
 * @PARLOR_FRAME_REFUSED: the other end broke the protocol or a limit; nothing more may be read
 */
typedef enum
{
  PARLOR_FRAME_MORE,
  PARLOR_FRAME_READY,
  PARLOR_FRAME_REFUSED,
} ParlorFrameResult;

/**
 * ParlorFrameReader:
 *
 * The server's reading half of the WebSocket protocol, as bytes in, messages out. Pure; one thread at a time.
 */
typedef struct _ParlorFrameReader ParlorFrameReader;

ParlorFrameReader *parlor_frame_reader_new (gsize max_message);
void parlor_frame_reader_free (ParlorFrameReader *self);
ParlorFrameResult parlor_frame_reader_read (ParlorFrameReader *self,
                                            const guint8 **bytes,
                                            gsize *length,
                                            ParlorFrameOpcode *opcode,
                                            GBytes **payload,
                                            guint16 *close_code);
GBytes *parlor_frame_new (ParlorFrameOpcode opcode, gconstpointer payload, gsize length);
GBytes *parlor_frame_new_close (guint16 close_code);
guint16 parlor_frame_get_close_code (GBytes *payload);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorFrameReader, parlor_frame_reader_free)

G_END_DECLS
