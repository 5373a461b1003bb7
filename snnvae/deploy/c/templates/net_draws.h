/* The random numbers and other streams of the host: one seed gives the spikes that snnvae draws. */
#ifndef NET_DRAWS_H
#define NET_DRAWS_H

#include "net.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Begins a sample: its number and its class name it, whatever was drawn before. A class that the
   model does not know is 0. */
void net_draws_begin(uint64_t seed, uint64_t sample, uint32_t label);

/* The next step's spikes, into the inputs that are drawn; all others are left alone. */
void net_draw(net_input *in);

#ifdef __cplusplus
}
#endif

#endif
