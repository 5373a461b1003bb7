/* Starts newlib's program with semihosting on a bare Cortex-M: the vectors, and data from flash. */
#include <stdint.h>
#include <string.h>

#define SYST_CSR (*(volatile uint32_t *)0xE000E010u)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014u)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018u)

uint32_t net_clock(void);

/* Ticks of the processor's clock, 24 bits. */
uint32_t net_clock(void)
{
    if (SYST_CSR == 0u) {
        SYST_RVR = 0xFFFFFFu;
        SYST_CVR = 0u;
        SYST_CSR = 5u;
    }
    return 0xFFFFFFu - SYST_CVR;
}

extern uint32_t __stack, __data_start, __data_size, __data_load;
void _start(void);
void reset(void);

void reset(void)
{
    memcpy(&__data_start, &__data_load, (uintptr_t)&__data_size);
    _start();
}

static void stuck(void)
{
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    &__stack, (void *)reset, (void *)stuck, (void *)stuck, (void *)stuck, (void *)stuck,
    (void *)stuck, 0, 0, 0, 0, (void *)stuck, (void *)stuck, 0, (void *)stuck, (void *)stuck,
};
