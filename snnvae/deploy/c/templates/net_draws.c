/* The streams that the host draws: integers only, the bits of NumPy's generator. */
#include "net_draws.h"

@{philox}
@{tables}
#ifdef NET_PHILOX
/* The numbers of one purpose: how many were drawn, and the block of four that the next is from. */
typedef struct {
    uint64_t drawn;
    uint64_t block[4];
} numbers;
#endif

static struct {
    uint64_t seed;
    uint64_t sample;
    uint32_t label;
    uint32_t step;
@{state}} D;

#ifdef NET_PHILOX
/* The upper 64 bits of a product. */
static uint64_t high(uint64_t a, uint64_t b)
{
    const uint64_t al = a & 0xFFFFFFFFu, ah = a >> 32, bl = b & 0xFFFFFFFFu, bh = b >> 32;
    const uint64_t low = al * bl, cross = ah * bl + (low >> 32), other = al * bh + (cross & 0xFFFFFFFFu);
    return ah * bh + (cross >> 32) + (other >> 32);
}

/*
 * Philox 4x64 with 10 rounds (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011), as
 * NumPy counts: the seed is the key, purpose and sample are the upper half of the counter.
 */
static void next_block(numbers *of, uint64_t purpose)
{
    uint64_t c[4] = {of->drawn / 4u + 1u, 0u, purpose, D.sample};
    uint64_t key[2] = {D.seed, 0u};
    for (uint32_t turn = 0u; turn < 10u; turn++) {
        const uint64_t high0 = high(0xD2E7470EE14C6C93u, c[0]), low0 = 0xD2E7470EE14C6C93u * c[0];
        const uint64_t high1 = high(0xCA5A826395121157u, c[2]), low1 = 0xCA5A826395121157u * c[2];
        c[0] = high1 ^ c[1] ^ key[0];
        c[1] = low1;
        c[2] = high0 ^ c[3] ^ key[1];
        c[3] = low0;
        key[0] += 0x9E3779B97F4A7C15u;
        key[1] += 0xBB67AE8584CAA73Bu;
    }
    for (uint32_t i = 0u; i < 4u; i++) {
        of->block[i] = c[i];
    }
}

/* 53 random bits: NumPy's uniform number times 2^53. */
static uint64_t next_number(numbers *of, uint64_t purpose)
{
    if (of->drawn % 4u == 0u) {
        next_block(of, purpose);
    }
    const uint64_t found = of->block[of->drawn % 4u] >> 11;
    of->drawn++;
    return found;
}
#endif

void net_draws_begin(uint64_t seed, uint64_t sample, uint32_t label)
{
    D.seed = seed;
    D.sample = sample;
    D.label = (label < @{classes}u) ? label : 0u;
    D.step = 0u;
@{begin}}

void net_draw(net_input *in)
{
@{draw}
    D.step++;
}
