/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-frame.h"

#include <string.h>

/*
 * ParlorFrameReader: takes bytes as they come off a socket and gives back whole messages (RFC 6455, section 5).
 *
 * libsoup 3.2 makes the handshake, but not the framing: its connection bounds a frame and not a message (endless
 * fragments grow for ever), and its send queue has no bound and cannot be asked. Here a length is checked when its
 * header is complete, before any payload is kept, and an idle connection holds no buffer at all.
 */

#define HEADER_MAX 14 /* 2, at most 8 of extended length, 4 of mask */
#define CONTROL_MAX 125

struct _ParlorFrameReader
{
  gsize max_message;

  /* the frame being read */
  guint8 header[HEADER_MAX];
  guint header_length;
  guint64 remaining; /* bytes of payload still to come */
  guint8 mask[4];
  guint mask_offset;
  GByteArray *control; /* a control frame's payload, which may come between fragments */

  GByteArray *message; /* of the fragments so far; NULL = none begun */
};

static guint8
get_opcode (ParlorFrameReader *self)
{
  return self->header[0] & 0x0f;
}

static gboolean
is_control (ParlorFrameReader *self)
{
  return (self->header[0] & 0x08) != 0;
}

static gboolean
is_final (ParlorFrameReader *self)
{
  return (self->header[0] & 0x80) != 0;
}

/* How many bytes of extended length follow the first two bytes of a header. */
static guint
extended_size (guint8 second_byte)
{
  guint8 length = second_byte & 0x7f;

  if (length == 126)
    return 2;
  return length == 127 ? 8 : 0;
}

/* How long the header is, as far as the bytes in hand tell. */
static guint
header_size (ParlorFrameReader *self)
{
  return self->header_length < 2 ? 2 : 2 + extended_size (self->header[1]) + 4;
}

/* What the first two bytes allow to judge. Returns a close code, 0 when all is well. */
static guint16
check_start (ParlorFrameReader *self)
{
  /* No extension was agreed on, so no reserved bit may be set; a client must mask (section 5.1). */
  if ((self->header[0] & 0x70) != 0 || (self->header[1] & 0x80) == 0)
    return PARLOR_CLOSE_PROTOCOL_ERROR;

  switch (get_opcode (self))
    {
    case PARLOR_FRAME_CONTINUATION:
      return self->message != NULL ? 0 : PARLOR_CLOSE_PROTOCOL_ERROR;
    case PARLOR_FRAME_TEXT:
      return self->message == NULL ? 0 : PARLOR_CLOSE_PROTOCOL_ERROR;
    case 0x2: /* binary */
      return PARLOR_CLOSE_UNSUPPORTED_DATA;
    case PARLOR_FRAME_CLOSE:
    case PARLOR_FRAME_PING:
    case PARLOR_FRAME_PONG:
      if (is_final (self) && (self->header[1] & 0x7f) <= CONTROL_MAX)
        return 0;
      return PARLOR_CLOSE_PROTOCOL_ERROR;
    default:
      return PARLOR_CLOSE_PROTOCOL_ERROR;
    }
}

/* The header is whole: where its payload goes, and whether it may come. Returns a close code, 0 when all is well. */
static guint16
begin_payload (ParlorFrameReader *self)
{
  guint length = self->header[1] & 0x7f;
  guint n_extended = extended_size (self->header[1]);

  self->remaining = n_extended == 0 ? length : 0;
  for (guint i = 0; i < n_extended; i++)
    self->remaining = self->remaining << 8 | self->header[2 + i];
  memcpy (self->mask, self->header + 2 + n_extended, 4);
  self->mask_offset = 0;

  if (is_control (self))
    {
      self->control = g_byte_array_new ();
      return 0;
    }
  if (self->message == NULL)
    self->message = g_byte_array_new ();
  if (self->remaining > self->max_message - self->message->len)
    return PARLOR_CLOSE_TOO_LARGE;
  return 0;
}

static guint16
read_header (ParlorFrameReader *self, const guint8 **bytes, gsize *length)
{
  guint16 refusal;

  while (*length > 0 && self->header_length < header_size (self))
    {
      self->header[self->header_length++] = **bytes;
      (*bytes)++;
      (*length)--;
      if (self->header_length == 2 && (refusal = check_start (self)) != 0)
        return refusal;
    }
  return self->header_length == header_size (self) ? begin_payload (self) : 0;
}

/* Eight bytes at a time: a description of a call has thousands. */
static void
unmask (ParlorFrameReader *self, guint8 *bytes, gsize length)
{
  guint64 mask;
  guint8 turned[sizeof mask];
  gsize i = 0;

  for (guint n = 0; n < sizeof mask; n++)
    turned[n] = self->mask[(self->mask_offset + n) & 3];
  memcpy (&mask, turned, sizeof mask);
  for (; length - i >= sizeof mask; i += sizeof mask)
    {
      guint64 word;

      memcpy (&word, bytes + i, sizeof word);
      word ^= mask;
      memcpy (bytes + i, &word, sizeof word);
    }
  for (; i < length; i++)
    bytes[i] ^= turned[i & 7];
  self->mask_offset = (self->mask_offset + length) & 3;
}

static void
read_payload (ParlorFrameReader *self, const guint8 **bytes, gsize *length)
{
  GByteArray *into = is_control (self) ? self->control : self->message;
  gsize take = MIN (self->remaining, *length);
  guint start = into->len;

  if (take == 0) /* the array may have no address yet */
    return;
  g_byte_array_append (into, *bytes, take);
  unmask (self, into->data + start, take);
  self->remaining -= take;
  *bytes += take;
  *length -= take;
}

/**
 * parlor_frame_reader_new:
 * @max_message: bytes that one message may have, all its fragments together
 *
 * Returns: (transfer full): a reader at the start of a connection
 */
ParlorFrameReader *
parlor_frame_reader_new (gsize max_message)
{
  ParlorFrameReader *self = g_new0 (ParlorFrameReader, 1);

  self->max_message = max_message;
  return self;
}

void
parlor_frame_reader_free (ParlorFrameReader *self)
{
  g_clear_pointer (&self->control, g_byte_array_unref);
  g_clear_pointer (&self->message, g_byte_array_unref);
  g_free (self);
}

/**
 * parlor_frame_reader_read:
 * @self: a reader
 * @bytes: (inout): what came off the socket; moved behind what was taken
 * @length: (inout): bytes at @bytes
 * @opcode: (out): for %PARLOR_FRAME_READY: TEXT (a whole message, not checked for UTF-8), CLOSE, PING or PONG
 * @payload: (out) (transfer full): for %PARLOR_FRAME_READY: its unmasked payload
 * @close_code: (out): for %PARLOR_FRAME_REFUSED: what to close with
 *
 * Call it until it returns %PARLOR_FRAME_MORE. Keeps at most @max_message and 125 bytes, whatever comes.
 */
ParlorFrameResult
parlor_frame_reader_read (ParlorFrameReader *self,
                          const guint8 **bytes,
                          gsize *length,
                          ParlorFrameOpcode *opcode,
                          GBytes **payload,
                          guint16 *close_code)
{
  while (*length > 0)
    {
      GByteArray **into;

      if (self->header_length < header_size (self))
        {
          *close_code = read_header (self, bytes, length);
          if (*close_code != 0)
            return PARLOR_FRAME_REFUSED;
          if (self->header_length < header_size (self))
            return PARLOR_FRAME_MORE;
        }

      read_payload (self, bytes, length);
      if (self->remaining > 0)
        return PARLOR_FRAME_MORE;

      self->header_length = 0;
      if (!is_control (self) && !is_final (self))
        continue;
      *opcode = is_control (self) ? get_opcode (self) : PARLOR_FRAME_TEXT;
      into = is_control (self) ? &self->control : &self->message;
      *payload = g_byte_array_free_to_bytes (g_steal_pointer (into));
      return PARLOR_FRAME_READY;
    }
  return PARLOR_FRAME_MORE;
}

/**
 * parlor_frame_new:
 * @opcode: TEXT, PING or PONG
 * @payload: (nullable): its payload
 * @length: bytes of @payload; at most 125 for a control frame
 *
 * Returns: (transfer full): one whole frame as a server sends it: final and not masked
 */
GBytes *
parlor_frame_new (ParlorFrameOpcode opcode, gconstpointer payload, gsize length)
{
  GByteArray *frame = g_byte_array_sized_new (10 + length);
  guint8 header[10] = { 0x80 | opcode, length };
  guint n_extended;

  if (length > CONTROL_MAX)
    header[1] = length > G_MAXUINT16 ? 127 : 126;
  n_extended = extended_size (header[1]);
  for (guint i = 0; i < n_extended; i++)
    header[2 + i] = (guint64) length >> (8 * (n_extended - 1 - i));
  g_byte_array_append (frame, header, 2 + n_extended);
  if (length > 0)
    g_byte_array_append (frame, payload, length);
  return g_byte_array_free_to_bytes (frame);
}

/**
 * parlor_frame_new_close:
 * @close_code: a close code; %PARLOR_CLOSE_NO_STATUS for a frame without one
 *
 * Returns: (transfer full): a close frame
 */
GBytes *
parlor_frame_new_close (guint16 close_code)
{
  guint8 payload[2] = { close_code >> 8, close_code & 0xff };

  return parlor_frame_new (PARLOR_FRAME_CLOSE, payload, close_code == PARLOR_CLOSE_NO_STATUS ? 0 : 2);
}

/**
 * parlor_frame_get_close_code:
 * @payload: of a close frame that came in
 *
 * Returns: the code to answer with: the one that came, %PARLOR_CLOSE_NO_STATUS when there was none, and
 *   %PARLOR_CLOSE_PROTOCOL_ERROR for one that may not be sent (RFC 6455, section 7.4)
 */
guint16
parlor_frame_get_close_code (GBytes *payload)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (payload, &length);
  guint16 code;

  if (length == 0)
    return PARLOR_CLOSE_NO_STATUS;
  if (length == 1 || !g_utf8_validate_len ((const char *) data + 2, length - 2, NULL))
    return PARLOR_CLOSE_PROTOCOL_ERROR;
  code = data[0] << 8 | data[1];
  if ((code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) || (code >= 3000 && code <= 4999))
    return code;
  return PARLOR_CLOSE_PROTOCOL_ERROR;
}
