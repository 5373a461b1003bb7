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

static const net_port net_inputs[] = {
@{inputs}
};

static const net_port net_outputs[] = {
@{outputs}
};

#ifdef NET_TRACE
static const net_layer net_layers[] = {
@{layers}
};
#endif

#endif
