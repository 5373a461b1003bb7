/* A current beyond 24 bits, wrapped once. */
static int32_t wrapped(int32_t u)
{
    return (u > 8388608) ? u - 16777216 : (u <= -8388608) ? u + 16777216 : u;
}
