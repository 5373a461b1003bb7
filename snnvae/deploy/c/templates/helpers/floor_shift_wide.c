/* x / 2^places, rounded down: no negative number is shifted, which C leaves to the compiler. */
static int64_t floor_shift_wide(int64_t x, uint32_t places)
{
    return (x < 0) ? -1 - ((-1 - x) >> places) : x >> places;
}
