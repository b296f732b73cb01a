/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-trust"

#include "config.h"

#include "parlor-call-keys.h"

#include "parlor-base64url.h"
#include "parlor-keys.h"

/*
 * ParlorCallKeys: an invite's room and keys, as far as calls need them. Nothing here changes once it is made.
 */

struct _ParlorCallKeys
{
  gatomicrefcount refs;
  char *room;
  GBytes *app;    /* nullable */
  GBytes *guest;  /* nullable */
  GBytes *ticket; /* nullable */
};

ParlorCallKeys *
parlor_call_keys_new (const char *room, GBytes *key, GBytes *guest_key)
{
  ParlorCallKeys *self = g_new0 (ParlorCallKeys, 1);
  g_autoptr (GBytes) derived = key ? parlor_keys_derive_guest_key (key) : NULL;

  g_atomic_ref_count_init (&self->refs);
  self->room = g_strdup (room);
  if (derived)
    guest_key = derived;
  self->app = key ? parlor_keys_derive (key, "parlor.1 proof") : NULL;
  self->guest = guest_key ? parlor_keys_derive (guest_key, "parlor.1 proof") : NULL;
  self->ticket = guest_key ? parlor_keys_derive (guest_key, "parlor.1 join") : NULL;
  return self;
}

ParlorCallKeys *
parlor_call_keys_ref (ParlorCallKeys *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
parlor_call_keys_unref (ParlorCallKeys *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_pointer (&self->app, g_bytes_unref);
  g_clear_pointer (&self->guest, g_bytes_unref);
  g_clear_pointer (&self->ticket, g_bytes_unref);
  g_free (self->room);
  g_free (self);
}

const char *
parlor_call_keys_get_room (const ParlorCallKeys *self)
{
  return self->room;
}

GBytes *
parlor_call_keys_get_app (const ParlorCallKeys *self)
{
  return self->app;
}

GBytes *
parlor_call_keys_get_guest (const ParlorCallKeys *self)
{
  return self->guest;
}

char *
parlor_call_keys_new_ticket (const ParlorCallKeys *self)
{
  return self->ticket ? parlor_base64url_encode (self->ticket) : NULL;
}
