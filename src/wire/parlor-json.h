/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  PARLOR_JSON_NULL,
  PARLOR_JSON_BOOLEAN,
  PARLOR_JSON_WHOLE, /* a number without a fraction or an exponent */
  PARLOR_JSON_NUMBER,
  PARLOR_JSON_TEXT,
  PARLOR_JSON_ARRAY,
  PARLOR_JSON_OBJECT,
} ParlorJsonKind;

/**
 * ParlorJson: one value; those inside of it follow in the order of the text. The first is at this + 1, the one after a
 * value at that + its size, and this + this->size is behind the last.
 */
typedef struct
{
  ParlorJsonKind kind;
  guint size; /* how many values it is, with itself */
  guint key_hash;
  const char *key; /* unescaped; NULL in an array, and outside */
  union
  {
    gboolean boolean;
    gint64 whole;
    const char *text; /* unescaped */
  };
} ParlorJson;

/**
 * ParlorJsonText: a text that was read, and all its values.
 */
typedef struct
{
  GArray *values; /* (element-type ParlorJson): the outermost object first */
  char *strings;  /* what keys and texts point into */
  char *compact;  /* the text without white space between tokens and without the member to leave out */
} ParlorJsonText;

/**
 * parlor_json_read:
 * @text: what came from the network; need not be NUL-terminated
 * @length: bytes of @text
 * @leave_out: (nullable): a member of the outermost object to leave out of the compact text
 * @error: %PARLOR_ERROR_BAD_MESSAGE, with a message that says what and where
 *
 * Reads strictly RFC 8259 with an object outside, valid UTF-8, no NUL and no lone surrogate, at most
 * %PARLOR_WIRE_MAX_DEPTH deep, at most %PARLOR_JSON_MAX_MEMBERS members an object and none twice (compared after
 * unescaping), numbers that a double or an int64 can hold. In the compact text tokens are spelled as they came.
 * Does not recurse; linear in @length but for the keys of one object. Pure; any thread.
 *
 * Returns: (transfer full) (nullable): the text
 */
ParlorJsonText *parlor_json_read (const char *text, gsize length, const char *leave_out, GError **error);
void parlor_json_text_free (ParlorJsonText *self);
const ParlorJson *parlor_json_text_get_root (const ParlorJsonText *self);

/* (nullable): a member of @object. */
const ParlorJson *parlor_json_get (const ParlorJson *object, const char *key);

/* Bounds the cost of looking for the same key twice. No message comes near it. */
#define PARLOR_JSON_MAX_MEMBERS 256

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorJsonText, parlor_json_text_free)

G_END_DECLS
