/*
 * Weights and parameters, for flash: @{size} bytes.
 * @{title}.
 */
#ifndef NET_TABLES_H
#define NET_TABLES_H

#include <stdint.h>

@{tables}
#endif
