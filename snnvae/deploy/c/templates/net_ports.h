/* The inputs, outputs and layers by name: for main.c, which no chip needs. */
#ifndef NET_PORTS_H
#define NET_PORTS_H

#include "net.h"

#include <stddef.h>

/* Steps of a sample, where nothing else says it; classes that the model knows, at least 1. */
#define NET_STEPS @{steps}u
#define NET_CLASSES @{classes}u
@{drawn}
typedef struct {
    const char *name;
    size_t offset;
    uint32_t values;
    int spikes;
    int drawn;
} net_port;

typedef struct {
    uint32_t neurons;
    int spiking;
} net_layer;

/* Each ends with a row without a name. */
static const net_port net_inputs[] = {
@{inputs}    {NULL, 0u, 0u, 0, 0},
};

static const net_port net_outputs[] = {
@{outputs}    {NULL, 0u, 0u, 0, 0},
};

#ifdef NET_TRACE
static const net_layer net_layers[] = {
@{layers}
};
#endif

#endif
