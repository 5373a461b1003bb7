/* A membrane, clipped to 24 bits. */
static int64_t clipped_wide(int64_t v)
{
    return (v > 8388607) ? 8388607 : (v < -8388607) ? -8388607 : v;
}
