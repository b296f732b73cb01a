/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

/* (transfer full): a new self-signed certificate for 127.0.0.1; @pin gets its SHA-256. */
GTlsCertificate *test_certificate_new (GBytes **pin);
