/* SPDX-License-Identifier: Apache-2.0 */
/* net/h1_status.h — pure: the words that stand behind a status code (RFC 9110 section 15). */
#ifndef KRYPTON_NET_H1_STATUS_H
#define KRYPTON_NET_H1_STATUS_H

const char *h1_status_reason(int status); /* "Not Found"; "Unknown" for one without a name */

#endif
