/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-call"

#include "config.h"

#include "parlor-participant.h"
#include "parlor-participant-private.h"

#include "parlor-wire-enums.h"

/*
 * ParlorParticipant: somebody else in the room, as the relay announced them and as they describe themselves over the data channel.
 * Main thread only.
 */

enum
{
  PROP_0,
  PROP_ID,
  PROP_NAME,
  PROP_DIALECT,
  PROP_IN_CALL,
  PROP_AWAY,
  PROP_AUDIO,
  PROP_VIDEO,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorParticipant
{
  GObject parent_instance;

  char *id;
  char *name;
  ParlorDialect dialect;
  gboolean in_call;
  gboolean away;
  gboolean audio;
  gboolean video;
};

G_DEFINE_FINAL_TYPE (ParlorParticipant, parlor_participant, G_TYPE_OBJECT)

static void
parlor_participant_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorParticipant *self = PARLOR_PARTICIPANT (object);

  switch (id)
    {
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_DIALECT:
      g_value_set_enum (value, self->dialect);
      break;
    case PROP_IN_CALL:
      g_value_set_boolean (value, self->in_call);
      break;
    case PROP_AWAY:
      g_value_set_boolean (value, self->away);
      break;
    case PROP_AUDIO:
      g_value_set_boolean (value, self->audio);
      break;
    case PROP_VIDEO:
      g_value_set_boolean (value, self->video);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_participant_finalize (GObject *object)
{
  ParlorParticipant *self = PARLOR_PARTICIPANT (object);

  g_free (self->id);
  g_free (self->name);
  G_OBJECT_CLASS (parlor_participant_parent_class)->finalize (object);
}

static void
parlor_participant_class_init (ParlorParticipantClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = parlor_participant_get_property;
  object_class->finalize = parlor_participant_finalize;

  props[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  props[PROP_DIALECT] = g_param_spec_enum ("dialect", NULL, NULL, PARLOR_TYPE_DIALECT,
                                           PARLOR_DIALECT_PARLOR, flags);
  props[PROP_IN_CALL] = g_param_spec_boolean ("in-call", NULL, NULL, FALSE, flags);
  props[PROP_AWAY] = g_param_spec_boolean ("away", NULL, NULL, FALSE, flags);
  props[PROP_AUDIO] = g_param_spec_boolean ("audio", NULL, NULL, TRUE, flags);
  props[PROP_VIDEO] = g_param_spec_boolean ("video", NULL, NULL, TRUE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
parlor_participant_init (ParlorParticipant *self)
{
  self->audio = TRUE;
  self->video = TRUE;
}

/**
 * parlor_participant_new:
 * @id: (nullable): as the relay stamped it; %NULL on a relay that has no ids
 * @name: (nullable): what they call themselves
 * @dialect: how they speak
 *
 * Returns: (transfer full): a participant who is in no call
 */
ParlorParticipant *
parlor_participant_new (const char *id, const char *name, ParlorDialect dialect)
{
  ParlorParticipant *self = g_object_new (PARLOR_TYPE_PARTICIPANT, NULL);

  self->id = g_strdup (id);
  self->name = g_strdup (name);
  self->dialect = dialect;
  return self;
}

const char *
parlor_participant_get_id (ParlorParticipant *self)
{
  g_return_val_if_fail (PARLOR_IS_PARTICIPANT (self), NULL);

  return self->id;
}

const char *
parlor_participant_get_name (ParlorParticipant *self)
{
  g_return_val_if_fail (PARLOR_IS_PARTICIPANT (self), NULL);

  return self->name;
}

ParlorDialect
parlor_participant_get_dialect (ParlorParticipant *self)
{
  g_return_val_if_fail (PARLOR_IS_PARTICIPANT (self), PARLOR_DIALECT_PARLOR);

  return self->dialect;
}

gboolean
parlor_participant_get_in_call (ParlorParticipant *self)
{
  g_return_val_if_fail (PARLOR_IS_PARTICIPANT (self), FALSE);

  return self->in_call;
}

gboolean
parlor_participant_get_away (ParlorParticipant *self)
{
  g_return_val_if_fail (PARLOR_IS_PARTICIPANT (self), FALSE);

  return self->away;
}

gboolean
parlor_participant_get_audio (ParlorParticipant *self)
{
  g_return_val_if_fail (PARLOR_IS_PARTICIPANT (self), FALSE);

  return self->audio;
}

gboolean
parlor_participant_get_video (ParlorParticipant *self)
{
  g_return_val_if_fail (PARLOR_IS_PARTICIPANT (self), FALSE);

  return self->video;
}

static void
set_flag (ParlorParticipant *self, gboolean *flag, gboolean value, guint prop)
{
  if (*flag == !!value)
    return;

  *flag = !!value;
  g_object_notify_by_pspec (G_OBJECT (self), props[prop]);
}

void
parlor_participant_set_id (ParlorParticipant *self, const char *id)
{
  if (g_strcmp0 (self->id, id) == 0)
    return;

  g_free (self->id);
  self->id = g_strdup (id);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ID]);
}

void
parlor_participant_set_in_call (ParlorParticipant *self, gboolean in_call)
{
  set_flag (self, &self->in_call, in_call, PROP_IN_CALL);
}

void
parlor_participant_set_away (ParlorParticipant *self, gboolean away)
{
  set_flag (self, &self->away, away, PROP_AWAY);
}

void
parlor_participant_set_media (ParlorParticipant *self, gboolean audio, gboolean video)
{
  set_flag (self, &self->audio, audio, PROP_AUDIO);
  set_flag (self, &self->video, video, PROP_VIDEO);
}
