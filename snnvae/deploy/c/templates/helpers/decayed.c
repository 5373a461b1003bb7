/* x * kept / 4096, rounded toward zero, for kept <= 4096: the product is made in two halves. */
static int32_t decayed(int32_t x, uint32_t kept)
{
    const uint32_t size = (x < 0) ? 0u - (uint32_t)x : (uint32_t)x;
    const uint32_t left = (size >> 12) * kept + (((size & 4095u) * kept) >> 12);
    return (x < 0) ? -(int32_t)left : (int32_t)left;
}
