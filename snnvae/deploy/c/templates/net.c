/*
 * A spiking network as plain C99: @{title}.
 *
 * Each layer adds up the weights of the spikes that reach it, then updates its neurons. Weights and
 * thresholds count weight units, membranes and currents 64 of a weight unit (Loihi's arithmetic):
 *
 *     u = wrap24(u * kept / 4096 + 64 * sum)              beyond 24 bits, 2^24 is added or subtracted
 *     v = clip24(v * kept / 4096 + u + bias), spike where v > threshold, then v = 0
 *
 * No call but memcpy, no allocation, no floating point, no recursion; every loop has a bound.
 */
#include "net.h"

#include <string.h>

#include "net_tables.h"

#ifdef NET_TRACE
#define TRACE_MEMBRANE(layer, neuron, v) net_trace_membrane(layer, neuron, (int32_t)(v))
#define TRACE_SPIKES(layer, spikes) net_trace_spikes(layer, spikes)
#define TRACE_OPERATIONS(additions) net_trace_operations(additions)
#else
#define TRACE_MEMBRANE(layer, neuron, v) ((void)(v))
#define TRACE_SPIKES(layer, spikes) ((void)0)
#define TRACE_OPERATIONS(additions) ((void)0)
#endif

/* Of an input position of a kernel: its first tap, how many it has, the output of the first. */
enum { TAP = 0, COUNT = 1, OUTPUT = 2 };

/* All that is remembered from step to step, and the sums of the layer that is at work. */
struct state {
@{state}
};

static struct state S;

/* An array of -1 elements does not compile. */
typedef char state_is_as_large_as_told[(sizeof(struct state) == NET_STATE_BYTES) ? 1 : -1];

@{helpers}
@{layers}
void net_reset(void)
{
    uint8_t *const bytes = (uint8_t *)&S;
    for (uint32_t i = 0u; i < NET_STATE_BYTES; i++) {
        bytes[i] = 0u;
    }
@{reset}}

void net_step(const net_input *in, net_output *out)
{
@{step}
}
