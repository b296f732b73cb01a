/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-wire"

#include "config.h"

#include "parlor-invite.h"

#include "parlor-base64url.h"
#include "parlor-error.h"
#include "parlor-message.h"

#include <gio/gio.h>
#include <string.h>

/*
 * ParlorInvite: the parts of a link, and the links made of them. Immutable, so any thread may hold it.
 *
 * What is pasted comes from chats, mails and hands, and decides whom the user calls: so nothing is repaired. A link
 * with a key that cannot be read is an error, because the same link without its key would mean another, weaker room.
 */

#define MAX_LENGTH 2048 /* bytes: of what is read, and of each link that is made of it */

struct _ParlorInvite
{
  gatomicrefcount refs;
  char *host;
  guint16 port;
  char *room;
  char *target; /* nullable: path and query of a foreign URL, as given */
  gboolean tls;
  GBytes *key;
  GBytes *guest_key;
  GBytes *pin;
};

G_DEFINE_BOXED_TYPE (ParlorInvite, parlor_invite, parlor_invite_ref, parlor_invite_unref)

typedef enum
{
  LINK_PARLOR,
  LINK_WEB,
  LINK_SOCKET,
} LinkKind;

static const struct
{
  const char *scheme;
  LinkKind kind;
  gboolean tls;
  guint16 port;
} schemes[] = {
  { "parlor", LINK_PARLOR, TRUE, PARLOR_DEFAULT_PORT },
  { "https", LINK_WEB, TRUE, 443 },
  { "http", LINK_WEB, FALSE, 80 },
  { "wss", LINK_SOCKET, TRUE, 443 },
  { "ws", LINK_SOCKET, FALSE, 80 },
};

static gpointer
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_BAD_INVITE, message);
  return NULL;
}

static gboolean
host_is_loopback (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  if (address)
    return g_inet_address_get_is_loopback (address);
  return g_ascii_strcasecmp (host, "localhost") == 0;
}

/* With or without a zone, which names a network interface and is therefore kept as it is (RFC 4007, section 11). */
static char *
clean_ipv6 (const char *host)
{
  gsize address_length = strcspn (host, "%");
  g_autofree char *address = g_ascii_strdown (host, address_length);

  for (const char *p = host + address_length; *p; p++)
    if (!g_ascii_isalnum (*p) && !strchr ("%-._", *p))
      return NULL;
  return g_hostname_is_ip_address (host) ? g_strconcat (address, host + address_length, NULL) : NULL;
}

/* (transfer full) (nullable): @host in small letters and ASCII, if it can be the name or address of a computer. */
static char *
clean_host (const char *host)
{
  g_autofree char *ascii = NULL;

  if (host == NULL || *host == '\0')
    return NULL;
  if (strchr (host, ':'))
    return clean_ipv6 (host);
  /* Other alphabets are shown in punycode: letters that only look like others are then seen. */
  ascii = g_hostname_to_ascii (host);
  if (ascii == NULL)
    return NULL;
  for (char *p = ascii; *p; p++)
    {
      *p = g_ascii_tolower (*p);
      if (!g_ascii_isalnum (*p) && !strchr ("-._", *p))
        return NULL;
    }
  return g_steal_pointer (&ascii);
}

static gboolean
read_key (const char *text, gsize length, GBytes **key, GError **error)
{
  *key = parlor_base64url_decode (text, length, PARLOR_INVITE_KEY_SIZE);
  if (*key)
    return TRUE;
  refuse (error, "The key in this invite (the part after #) is damaged. Copy the whole link again.");
  return FALSE;
}

/* KEY[.tls=SHA256] behind the # of an app link. */
static gboolean
read_app_fragment (ParlorInvite *self, const char *fragment, GError **error)
{
  const char *dot = strchr (fragment, '.');

  if (!read_key (fragment, dot ? (gsize) (dot - fragment) : strlen (fragment), &self->key, error))
    return FALSE;
  if (dot == NULL)
    return TRUE;
  if (g_str_has_prefix (dot, ".tls="))
    self->pin = parlor_base64url_decode (dot + 5, strlen (dot + 5), PARLOR_INVITE_PIN_SIZE);
  if (self->pin)
    return TRUE;
  refuse (error, "The certificate in this invite (the part after .tls=) is damaged. Copy the whole link again.");
  return FALSE;
}

static gboolean
read_fragment (ParlorInvite *self, LinkKind kind, const char *fragment, GError **error)
{
  if (fragment == NULL)
    return TRUE;
  if (kind == LINK_PARLOR)
    return read_app_fragment (self, fragment, error);
  if (kind == LINK_WEB)
    return read_key (fragment, strlen (fragment), &self->guest_key, error);
  refuse (error, "A WebSocket address has no part after #. Leave it out, or ask for an invite.");
  return FALSE;
}

/* (transfer full): what a URL may hold stays as it was given; anything else could turn or break the line it is shown in. */
static char *
escape (const char *part)
{
  static const char kept[] = "%" G_URI_RESERVED_CHARS_GENERIC_DELIMITERS G_URI_RESERVED_CHARS_SUBCOMPONENT_DELIMITERS;

  return g_uri_escape_string (part, kept, FALSE);
}

/*
 * A path that a relay of ours would have is a room. Any other belongs to a foreign relay, which speaks no parlor.1
 * and has no rooms of ours, so a link with a key cannot mean it.
 */
static gboolean
read_path (ParlorInvite *self, LinkKind kind, const char *path, const char *query, GError **error)
{
  const char *room = *path == '/' ? path + 1 : path;
  g_autofree char *escaped_query = NULL;

  self->room = escape (room);
  if (query == NULL && (*room == '\0' || parlor_wire_room_is_valid (room)))
    return TRUE;
  if (kind == LINK_PARLOR || self->key || self->guest_key)
    {
      refuse (error, "The room in this invite is not one: it has up to 64 of the characters a-z, 0-9 and -. "
                     "Copy the whole link again.");
      return FALSE;
    }
  escaped_query = query ? escape (query) : NULL;
  self->target = g_strdup_printf ("/%s%s%s", self->room, query ? "?" : "", query ? escaped_query : "");
  return TRUE;
}

static ParlorInvite *
read_uri (GUri *uri, GError **error)
{
  g_autoptr (ParlorInvite) self = g_new0 (ParlorInvite, 1);
  gsize i = 0;

  g_atomic_ref_count_init (&self->refs);
  while (i < G_N_ELEMENTS (schemes) && !g_str_equal (schemes[i].scheme, g_uri_get_scheme (uri)))
    i++;
  if (i == G_N_ELEMENTS (schemes))
    return refuse (error, "This kind of link is not known here. An invite begins with parlor:// or https://.");
  if (g_uri_get_userinfo (uri))
    return refuse (error, "An invite has no user name or password in it. Leave out what stands before @.");
  self->host = clean_host (g_uri_get_host (uri));
  if (self->host == NULL)
    return refuse (error, "There is no usable host in this address. It should look like HOST:PORT or parlor://HOST:PORT/ROOM#KEY.");
  if (g_uri_get_port (uri) == 0)
    return refuse (error, "Port 0 cannot be called. Give the port that the relay listens on.");
  self->port = g_uri_get_port (uri) > 0 ? g_uri_get_port (uri) : schemes[i].port;

  if (!read_fragment (self, schemes[i].kind, g_uri_get_fragment (uri), error)
      || !read_path (self, schemes[i].kind, g_uri_get_path (uri), g_uri_get_query (uri), error))
    return NULL;
  self->tls = schemes[i].tls;
  if (schemes[i].kind == LINK_PARLOR && parlor_invite_is_loopback (self))
    self->tls = self->pin != NULL;
  return g_steal_pointer (&self);
}

/* HOST:PORT[/ROOM], or a URL. */
static GUri *
parse_uri (const char *text, GError **error)
{
  const GUriFlags flags = G_URI_FLAGS_ENCODED_PATH | G_URI_FLAGS_ENCODED_QUERY | G_URI_FLAGS_ENCODED_FRAGMENT;
  gboolean bare = strstr (text, "://") == NULL;
  g_autofree char *url = bare ? g_strconcat ("http://", text, NULL) : g_strdup (text);
  g_autoptr (GUri) uri = g_uri_parse (url, flags, NULL);

  if (uri == NULL)
    return refuse (error, "This is not an address. It should look like HOST:PORT or parlor://HOST:PORT/ROOM#KEY.");
  if (bare && g_uri_get_port (uri) < 0)
    return refuse (error, "The port is missing. An address looks like HOST:PORT, an invite like parlor://HOST:PORT/ROOM#KEY.");
  if (bare && g_uri_get_fragment (uri))
    return refuse (error, "The beginning of this invite is missing: parlor:// or https://. Copy the whole link again.");
  return g_steal_pointer (&uri);
}

/* Letters of other alphabets grow when they are escaped, and what was left out of a link is written into the one that is made of
 * it. One that could not be read again is nothing to hand on. */
static gboolean
has_long_links (const ParlorInvite *self)
{
  g_autofree char *web = parlor_invite_to_web_link (self);
  g_autofree char *app = parlor_invite_to_app_link (self);

  return strlen (web) > MAX_LENGTH || (app != NULL && strlen (app) > MAX_LENGTH);
}

ParlorInvite *
parlor_invite_parse (const char *text, GError **error)
{
  g_autofree char *trimmed = g_strstrip (g_strdup (text));
  g_autoptr (GUri) uri = NULL;
  g_autoptr (ParlorInvite) invite = NULL;

  if (*trimmed == '\0')
    return refuse (error, "There is no address. Paste an invite, or type HOST:PORT.");
  if (strlen (trimmed) > MAX_LENGTH)
    return refuse (error, "This is too long to be an invite.");
  if (!g_utf8_validate (trimmed, -1, NULL))
    return refuse (error, "This is not text. Copy the whole link again.");
  for (const char *p = trimmed; *p; p++)
    if (g_ascii_iscntrl (*p) || *p == ' ')
      return refuse (error, "An invite has no spaces or line breaks in it. Copy only the link.");

  uri = parse_uri (trimmed, error);
  invite = uri ? read_uri (uri, error) : NULL;
  if (invite != NULL && has_long_links (invite))
    return refuse (error, "This is too long to be an invite.");
  return g_steal_pointer (&invite);
}

ParlorInvite *
parlor_invite_new (const char *host,
                   guint16 port,
                   const char *room,
                   gboolean tls,
                   GBytes *key,
                   GBytes *guest_key,
                   GBytes *pin)
{
  ParlorInvite *self;

  g_return_val_if_fail (host != NULL && port != 0, NULL);
  g_return_val_if_fail (room == NULL || *room == '\0' || parlor_wire_room_is_valid (room), NULL);
  g_return_val_if_fail (key == NULL || g_bytes_get_size (key) == PARLOR_INVITE_KEY_SIZE, NULL);
  g_return_val_if_fail (guest_key == NULL || g_bytes_get_size (guest_key) == PARLOR_INVITE_KEY_SIZE, NULL);
  g_return_val_if_fail (pin == NULL || g_bytes_get_size (pin) == PARLOR_INVITE_PIN_SIZE, NULL);

  self = g_new0 (ParlorInvite, 1);
  g_atomic_ref_count_init (&self->refs);
  self->host = g_ascii_strdown (host, -1);
  self->port = port;
  self->room = g_strdup (room ? room : "");
  self->tls = tls;
  self->key = key ? g_bytes_ref (key) : NULL;
  self->guest_key = guest_key ? g_bytes_ref (guest_key) : NULL;
  self->pin = pin ? g_bytes_ref (pin) : NULL;
  return self;
}

ParlorInvite *
parlor_invite_ref (ParlorInvite *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
parlor_invite_unref (ParlorInvite *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_free (self->host);
  g_free (self->room);
  g_free (self->target);
  g_clear_pointer (&self->key, g_bytes_unref);
  g_clear_pointer (&self->guest_key, g_bytes_unref);
  g_clear_pointer (&self->pin, g_bytes_unref);
  g_free (self);
}

const char *
parlor_invite_get_host (const ParlorInvite *self)
{
  return self->host;
}

guint16
parlor_invite_get_port (const ParlorInvite *self)
{
  return self->port;
}

const char *
parlor_invite_get_room (const ParlorInvite *self)
{
  return self->room;
}

gboolean
parlor_invite_get_tls (const ParlorInvite *self)
{
  return self->tls;
}

GBytes *
parlor_invite_get_key (const ParlorInvite *self)
{
  return self->key;
}

GBytes *
parlor_invite_get_guest_key (const ParlorInvite *self)
{
  return self->guest_key;
}

GBytes *
parlor_invite_get_pin (const ParlorInvite *self)
{
  return self->pin;
}

gboolean
parlor_invite_is_loopback (const ParlorInvite *self)
{
  return host_is_loopback (self->host);
}

/* (transfer full): HOST:PORT, IPv6 in brackets, without the port when it is @default_port. */
static char *
authority (const ParlorInvite *self, guint16 default_port)
{
  gboolean brackets = strchr (self->host, ':') != NULL;
  g_auto (GStrv) zone = g_strsplit (self->host, "%", -1);
  g_autofree char *escaped = g_strjoinv ("%25", zone); /* RFC 6874 */
  g_autofree char *host = g_strdup_printf (brackets ? "[%s]" : "%s", escaped);

  return self->port == default_port ? g_steal_pointer (&host) : g_strdup_printf ("%s:%u", host, self->port);
}

/* (transfer full): SCHEME://HOST:PORT/ROOM, or with the path and query of a foreign URL. */
static char *
url (const ParlorInvite *self, const char *scheme)
{
  g_autofree char *where = authority (self, self->tls ? 443 : 80);

  if (self->target)
    return g_strdup_printf ("%s%s://%s%s", scheme, self->tls ? "s" : "", where, self->target);
  return g_strdup_printf ("%s%s://%s/%s", scheme, self->tls ? "s" : "", where, self->room);
}

char *
parlor_invite_to_websocket_url (const ParlorInvite *self)
{
  return url (self, "ws");
}

char *
parlor_invite_to_app_link (const ParlorInvite *self)
{
  g_autofree char *where = authority (self, 0);
  g_autofree char *key = self->key ? parlor_base64url_encode (self->key) : NULL;
  g_autofree char *pin = self->pin ? parlor_base64url_encode (self->pin) : NULL;
  gboolean tls_when_read = !parlor_invite_is_loopback (self) || self->pin != NULL;

  /* What the link would not bring back: a guest's key, a pin without a key, another answer to "TLS?". */
  if (self->target || self->tls != tls_when_read || (key == NULL && (self->guest_key || pin)))
    return NULL;
  return g_strdup_printf ("parlor://%s/%s%s%s%s%s", where, self->room, key ? "#" : "", key ? key : "",
                          pin ? ".tls=" : "", pin ? pin : "");
}

char *
parlor_invite_to_web_link (const ParlorInvite *self)
{
  g_autofree char *page = url (self, "http");
  g_autofree char *key = self->guest_key ? parlor_base64url_encode (self->guest_key) : NULL;

  return key ? g_strdup_printf ("%s#%s", page, key) : g_steal_pointer (&page);
}

char *
parlor_invite_to_display (const ParlorInvite *self)
{
  g_autofree char *where = authority (self, 0);

  return *self->room ? g_strdup_printf ("%s/%s", where, self->room) : g_steal_pointer (&where);
}
