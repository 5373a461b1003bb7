/* A membrane, clipped to 24 bits. */
static int32_t clipped(int32_t v)
{
    return (v > 8388607) ? 8388607 : (v < -8388607) ? -8388607 : v;
}
