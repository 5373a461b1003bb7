/* x * kept / 4096, rounded toward zero, for kept <= 4096: the product is made in two halves. */
static int64_t decayed_wide(int64_t x, uint32_t kept)
{
    const uint64_t size = (x < 0) ? 0u - (uint64_t)x : (uint64_t)x;
    const uint64_t left = (size >> 12) * kept + (((size & 4095u) * kept) >> 12);
    return (x < 0) ? -(int64_t)left : (int64_t)left;
}
