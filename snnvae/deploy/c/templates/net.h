/*
 * A spiking network as plain C99: @{title}.
 *
 * Spikes are bits: neuron n of a population is bit n % 32 of word n / 32, its neurons counted in C
 * order, the last axis of its shape fastest. Bits beyond the last neuron are ignored on the way in
 * and 0 on the way out. One instance, one thread: the state is static.
 */
#ifndef NET_H
#define NET_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of RAM that the network keeps to itself; net.c does not compile if it takes another. */
#define NET_STATE_BYTES @{state}u

/* What enters in a step. */
typedef struct {
@{input}
} net_input;

/* What comes out of a step. */
typedef struct {
@{output}
} net_output;

/* Goes back to before the first step of a sample. */
void net_reset(void);

/* One step. */
void net_step(const net_input *in, net_output *out);

#ifdef NET_TRACE
/* What a build with -DNET_TRACE calls, and whoever builds so must define. */
void net_trace_membrane(uint32_t layer, uint32_t neuron, int32_t v);
void net_trace_spikes(uint32_t layer, const uint32_t *spikes);
void net_trace_operations(uint32_t additions);
#endif

#ifdef __cplusplus
}
#endif

#endif
