/* SPDX-License-Identifier: Apache-2.0 */
/* kube/quantity.h — pure: resource quantities by value ("1000m" is "1", "1Gi" is "1024Mi"). */
#ifndef KRYPTON_KUBE_QUANTITY_H
#define KRYPTON_KUBE_QUANTITY_H

#include <stdbool.h>

/* Equal by value; texts that are no quantities are equal where they are the same text. */
bool kube_quantity_equal(const char *a, const char *b);

#endif
