/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-tls.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <sys/socket.h>

/*
 * TLS by GnuTLS itself, and not by GIO over it: GIO shakes hands in a thread of a pool that all of GLib shares, and a few
 * clients that begin and then say nothing keep everybody waiting. Here a handshake is a few calls, each as far as the
 * socket goes, and ParlorPoll says when to go on.
 */

/* TLS 1.2 or later of what the administrator of the system allows (the default priority). */
#define PRIORITY "-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define MAX_HANDSHAKE_MESSAGE 16384 /* a ClientHello has 2 kB with a post-quantum key; GnuTLS would keep 128 kB */

struct _ParlorTls
{
  gnutls_certificate_credentials_t credentials;
  gnutls_priority_t priority;
};

struct _ParlorTlsSession
{
  gnutls_session_t session;
  ParlorTls *tls; /* the session needs the certificate as long as it lives */
  int fd;
  gboolean blocked; /* the socket had or took no more since this was last cleared */
};

/* The certificate, those that it is signed by as far as they are given, and its key, each in PEM. */
static int
set_certificate (ParlorTls *self, GTlsCertificate *certificate)
{
  g_autoptr (GString) chain = g_string_new (NULL);
  g_autofree char *key = NULL;
  gnutls_datum_t chain_datum;
  gnutls_datum_t key_datum;

  for (GTlsCertificate *link = certificate; link != NULL; link = g_tls_certificate_get_issuer (link))
    {
      g_autofree char *pem = NULL;

      g_object_get (link, "certificate-pem", &pem, NULL);
      g_string_append (chain, pem ? pem : "");
    }
  g_object_get (certificate, "private-key-pem", &key, NULL);
  if (key == NULL)
    return GNUTLS_E_NO_CERTIFICATE_FOUND;
  chain_datum = (gnutls_datum_t){ (guchar *) chain->str, chain->len };
  key_datum = (gnutls_datum_t){ (guchar *) key, strlen (key) };
  return gnutls_certificate_set_x509_key_mem (self->credentials, &chain_datum, &key_datum, GNUTLS_X509_FMT_PEM);
}

static void
tls_clear (ParlorTls *self)
{
  gnutls_certificate_free_credentials (self->credentials);
  gnutls_priority_deinit (self->priority);
}

/**
 * parlor_tls_new:
 * @certificate: with its private key, and with its chain as its issuers
 *
 * One that cannot be used is warned of, and every handshake will fail: a relay that was given a certificate must not speak without.
 *
 * Returns: (transfer full): what sessions are made of
 */
ParlorTls *
parlor_tls_new (GTlsCertificate *certificate)
{
  ParlorTls *self = g_rc_box_new0 (ParlorTls);
  int rc = gnutls_certificate_allocate_credentials (&self->credentials);

  if (rc >= 0)
    rc = gnutls_priority_init2 (&self->priority, PRIORITY, NULL, GNUTLS_PRIORITY_INIT_DEF_APPEND);
  if (rc >= 0)
    rc = set_certificate (self, certificate);
  if (rc < 0)
    g_warning ("The certificate cannot be used for TLS: %s", gnutls_strerror (rc));
  return self;
}

ParlorTls *
parlor_tls_ref (ParlorTls *self)
{
  return g_rc_box_acquire (self);
}

void
parlor_tls_unref (ParlorTls *self)
{
  g_rc_box_release_full (self, (GDestroyNotify) tls_clear);
}

static ssize_t
pull (gnutls_transport_ptr_t data, void *bytes, size_t length)
{
  ParlorTlsSession *self = data;
  ssize_t n = recv (self->fd, bytes, length, 0);

  self->blocked |= n < 0 && errno == EAGAIN;
  return n;
}

/* All that GnuTLS has ready in one packet, where it fits. */
static ssize_t
push (gnutls_transport_ptr_t data, const giovec_t *parts, int n_parts)
{
  ParlorTlsSession *self = data;
  struct msghdr message = { .msg_iov = (struct iovec *) parts, .msg_iovlen = n_parts };
  ssize_t n = sendmsg (self->fd, &message, MSG_NOSIGNAL);

  self->blocked |= n < 0 && errno == EAGAIN;
  return n;
}

/**
 * parlor_tls_session_new:
 * @tls: the server
 * @fd: a nonblocking socket; it stays the caller's, and open for as long as the session
 *
 * Returns: (transfer full) (nullable): a session whose handshake has not begun; %NULL when there is no memory for it
 */
ParlorTlsSession *
parlor_tls_session_new (ParlorTls *tls, int fd)
{
  ParlorTlsSession *self;
  gnutls_session_t session;

  if (gnutls_init (&session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0)
    return NULL;
  self = g_new0 (ParlorTlsSession, 1);
  self->session = session;
  self->tls = parlor_tls_ref (tls);
  self->fd = fd;
  gnutls_priority_set (session, tls->priority);
  gnutls_credentials_set (session, GNUTLS_CRD_CERTIFICATE, tls->credentials);
  gnutls_certificate_server_set_request (session, GNUTLS_CERT_IGNORE);
  gnutls_handshake_set_max_packet_length (session, MAX_HANDSHAKE_MESSAGE);
  gnutls_transport_set_ptr (session, self);
  gnutls_transport_set_pull_function (session, pull);
  gnutls_transport_set_vec_push_function (session, push);
  return self;
}

void
parlor_tls_session_free (ParlorTlsSession *self)
{
  gnutls_deinit (self->session);
  parlor_tls_unref (self->tls);
  g_free (self);
}

/*
 * What @rc means to the caller. GnuTLS says "again" not only when the socket blocks, but also after a message of its own (a
 * KeyUpdate of TLS 1.3); the poll would not tell of what may lie behind that. *@again: call it once more now.
 */
static gssize
judge (ParlorTlsSession *self, gssize rc, gboolean *again)
{
  *again = rc == GNUTLS_E_INTERRUPTED || (rc == GNUTLS_E_AGAIN && !self->blocked);
  if (rc >= 0)
    return rc;
  if (rc == GNUTLS_E_AGAIN)
    return PARLOR_STREAM_BLOCKED;
  if (!*again)
    g_debug ("TLS ended: %s", gnutls_strerror (rc));
  return PARLOR_STREAM_BROKEN;
}

/**
 * parlor_tls_session_shake_hands:
 * @self: a session
 *
 * Goes on with the handshake as far as the socket goes.
 *
 * Returns: 0 when it is done, else %PARLOR_STREAM_BLOCKED or %PARLOR_STREAM_BROKEN
 */
int
parlor_tls_session_shake_hands (ParlorTlsSession *self)
{
  gboolean again;
  gssize answer;
  int rc;

  do
    {
      self->blocked = FALSE;
      rc = gnutls_handshake (self->session);
      answer = judge (self, rc, &again);
    }
  while (again);
  /* So that the other end can say what is wrong: a version that is too old, for one. */
  if (answer == PARLOR_STREAM_BROKEN)
    gnutls_alert_send_appropriate (self->session, rc);
  return answer;
}

/* As parlor_stream_read(), once hands are shaken. */
gssize
parlor_tls_session_read (ParlorTlsSession *self, void *bytes, gsize length)
{
  gboolean again;
  gssize n;

  do
    {
      self->blocked = FALSE;
      n = judge (self, gnutls_record_recv (self->session, bytes, length), &again);
    }
  while (again);
  return n;
}

/* As parlor_stream_write(). What was blocked must be given again, from the same byte. */
gssize
parlor_tls_session_write (ParlorTlsSession *self, const void *bytes, gsize length)
{
  gboolean again;
  gssize n;

  do
    {
      self->blocked = FALSE;
      n = judge (self, gnutls_record_send (self->session, bytes, length), &again);
    }
  while (again);
  return n;
}

/* Tells the other end that nothing more will come (close_notify), if the socket takes it: nobody waits for that. */
void
parlor_tls_session_say_goodbye (ParlorTlsSession *self)
{
  gnutls_bye (self->session, GNUTLS_SHUT_WR);
}
