/* The place of the lowest bit that is set, by a de Bruijn sequence: bits must not be 0. */
static uint32_t lowest_bit(uint32_t bits)
{
    static const uint8_t place[32] = {0,  1,  28, 2,  29, 14, 24, 3, 30, 22, 20, 15, 25, 17, 4,  8,
                                      31, 27, 13, 23, 21, 19, 16, 7, 26, 12, 18, 6,  11, 5,  10, 9};
    return place[((bits & (~bits + 1u)) * 0x077CB531u) >> 27];
}
