/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PCP's MAP to the byte (RFC 6887, sections 7 and 11.1), what is taken for an answer, and when it is asked again. */
#include "parlor-pcp-private.h"

#include <string.h>

static const guint8 NONCE[PARLOR_PCP_NONCE_SIZE] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

/* clang-format off */
static const guint8 REQUEST_IPV4[] = {
  2, 1, 0, 0,  0, 0, 0x0e, 0x10,                                /* version, MAP; 3600 s */
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 9, 0, 2,        /* ::ffff:10.9.0.2 */
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,                        /* the nonce */
  6, 0, 0, 0,  0x0b, 0xba, 0x1f, 0x90,                          /* TCP; 3002, wants 8080 */
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0,         /* at any IPv4 address */
};
static const guint8 ANSWER_IPV4[] = {
  2, 0x81, 0, 0,  0, 0, 0x07, 0x08,                             /* MAP, success; 1800 s */
  0, 0, 0x12, 0x34,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,        /* epoch */
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
  6, 0, 0, 0,  0x0b, 0xba, 0xc3, 0x50,                          /* 3002 is 50000 outside */
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 11, 22, 33, 1,      /* at 11.22.33.1 */
};
static const guint8 REQUEST_IPV6[] = {
  2, 1, 0, 0,  0, 0, 0, 0,                                      /* 0 s: no more */
  0x2a, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7,            /* 2a02::7 */
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
  6, 0, 0, 0,  0x0b, 0xba, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,               /* at any IPv6 address */
};
/* clang-format on */

static void
write_map (guint8 *bytes, const char *client, guint16 wanted, guint lease_s)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (client);

  parlor_pcp_write_map (bytes, NONCE, address, 3002, wanted, lease_s);
}

static void
test_request (void)
{
  guint8 bytes[PARLOR_PCP_MAP_SIZE];

  write_map (bytes, "10.9.0.2", 8080, 3600);
  g_assert_cmpmem (bytes, sizeof bytes, REQUEST_IPV4, sizeof REQUEST_IPV4);
  write_map (bytes, "2a02::7", 0, 0);
  g_assert_cmpmem (bytes, sizeof bytes, REQUEST_IPV6, sizeof REQUEST_IPV6);
}

static void
test_answer (void)
{
  ParlorMapping mapping = { 0 };
  guint8 answer[PARLOR_PCP_MAP_SIZE];

  g_assert_cmpint (parlor_pcp_read_map (ANSWER_IPV4, sizeof ANSWER_IPV4, REQUEST_IPV4, &mapping), ==, PARLOR_PCP_GRANTED);
  g_assert_cmpstr (mapping.address, ==, "11.22.33.1");
  g_assert_cmpuint (mapping.port, ==, 50000);
  g_assert_cmpuint (mapping.lease_s, ==, 1800);

  memcpy (answer, ANSWER_IPV4, sizeof answer);
  memcpy (answer + 44, REQUEST_IPV6 + 8, 16);
  g_assert_cmpint (parlor_pcp_read_map (answer, sizeof answer, REQUEST_IPV4, &mapping), ==, PARLOR_PCP_GRANTED);
  g_assert_cmpstr (mapping.address, ==, "2a02::7");
}

/* What one changed byte of a good answer makes of it. */
static void
test_changed_answer (void)
{
  static const struct
  {
    guint at;
    guint8 value;
    ParlorPcpAnswer expected;
  } table[] = {
    { 0, 1, PARLOR_PCP_NOT_OURS },    /* another version that claims success */
    { 1, 0x01, PARLOR_PCP_NOT_OURS }, /* a request */
    { 1, 0x82, PARLOR_PCP_NOT_OURS }, /* of PEER */
    { 3, 1, PARLOR_PCP_UNSUPPORTED },
    { 3, 2, PARLOR_PCP_REFUSED }, /* NOT_AUTHORIZED */
    { 3, 4, PARLOR_PCP_UNSUPPORTED },
    { 3, 8, PARLOR_PCP_REFUSED },    /* NO_RESOURCES */
    { 3, 255, PARLOR_PCP_REFUSED },  /* one that is not invented yet */
    { 24, 99, PARLOR_PCP_NOT_OURS }, /* another's nonce */
    { 35, 99, PARLOR_PCP_NOT_OURS },
    { 36, 17, PARLOR_PCP_NOT_OURS }, /* UDP */
    { 41, 0, PARLOR_PCP_NOT_OURS },  /* another port of ours */
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      ParlorMapping mapping;
      guint8 answer[PARLOR_PCP_MAP_SIZE];

      memcpy (answer, ANSWER_IPV4, sizeof answer);
      answer[table[i].at] = table[i].value;
      g_test_message ("byte %u is %u", table[i].at, table[i].value);
      g_assert_cmpint (parlor_pcp_read_map (answer, sizeof answer, REQUEST_IPV4, &mapping), ==, table[i].expected);
    }
}

/* Every beginning of an answer, in memory of its own so that a sanitizer sees a byte too many; and too long ones. */
static void
test_sizes (void)
{
  ParlorMapping mapping;
  g_autofree guint8 *large = g_malloc0 (1104);

  for (gsize size = 0; size < sizeof ANSWER_IPV4; size++)
    {
      g_autofree guint8 *part = g_memdup2 (ANSWER_IPV4, size);

      g_assert_cmpint (parlor_pcp_read_map (part, size, REQUEST_IPV4, &mapping), ==, PARLOR_PCP_NOT_OURS);
    }
  memcpy (large, ANSWER_IPV4, sizeof ANSWER_IPV4);
  g_assert_cmpint (parlor_pcp_read_map (large, 1100, REQUEST_IPV4, &mapping), ==, PARLOR_PCP_GRANTED); /* with options */
  g_assert_cmpint (parlor_pcp_read_map (large, 1099, REQUEST_IPV4, &mapping), ==, PARLOR_PCP_NOT_OURS);
  g_assert_cmpint (parlor_pcp_read_map (large, 1104, REQUEST_IPV4, &mapping), ==, PARLOR_PCP_NOT_OURS);
}

/* What a router says that knows NAT-PMP only: eight bytes of version 0 (RFC 6886, section 3.5). */
static void
test_natpmp_router (void)
{
  static const guint8 complaint[] = { 0, 0x81, 0, 1, 0, 0, 0, 7 };
  ParlorMapping mapping;

  g_assert_cmpint (parlor_pcp_read_map (complaint, sizeof complaint, REQUEST_IPV4, &mapping), ==, PARLOR_PCP_UNSUPPORTED);
}

static void
test_waits (void)
{
  guint wait_ms = parlor_pcp_next_wait_ms (0, 0);

  g_assert_cmpuint (parlor_pcp_next_wait_ms (0, -0.1), ==, 2700);
  g_assert_cmpuint (parlor_pcp_next_wait_ms (0, 0.1), ==, 3300);
  g_assert_cmpuint (wait_ms, ==, 3000);
  g_assert_cmpuint (parlor_pcp_next_wait_ms (3000, 0.1), ==, 6600);
  for (guint i = 0; i < 20; i++)
    wait_ms = parlor_pcp_next_wait_ms (wait_ms, 0);
  g_assert_cmpuint (wait_ms, ==, 1024000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pcp/request", test_request);
  g_test_add_func ("/pcp/answer", test_answer);
  g_test_add_func ("/pcp/changed-answer", test_changed_answer);
  g_test_add_func ("/pcp/sizes", test_sizes);
  g_test_add_func ("/pcp/natpmp-router", test_natpmp_router);
  g_test_add_func ("/pcp/waits", test_waits);
  return g_test_run ();
}
