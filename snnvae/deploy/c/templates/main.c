/*
 * Runs the network on a computer: reads .npy files or a stream, writes .npy files or a stream.
 *
 *     net [-t STEPS] [-o FOLDER] [-s SEED -n SAMPLES] [INPUT=FILE.npy ...]
 *     net -r < records of net_input > records of net_output
 *
 * An array has (samples, steps, neurons), or a map's axes in place of the last: true and false for
 * spikes, int32 for the host's currents. Without -t it says the steps.
 * Inputs that are drawn from a seed need no array where net_draws.c is part of the build. A build
 * with -DNET_TRACE also writes the spikes of each layer, its last membranes, and with -m those after
 * each step; with -l these alone, and no outputs. With -DNET_CLOCK it tells what net_clock(), a
 * counter of 24 bits that is yours, counts around all calls of net_step. This file alone uses files
 * and the heap; net.c does not.
 */
#include "net.h"
#include "net_ports.h"
#ifdef NET_DRAWN
#include "net_draws.h"
#endif

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char usage[] =
    "net [-t STEPS] [-n SAMPLES] [-s SEED] [-o FOLDER] [-m] [-l] [INPUT=FILE.npy ...], or net -r";

/* Of an array; values: of a step of a sample. */
typedef struct {
    uint64_t samples;
    uint64_t steps;
    uint64_t values;
} array_shape;

static void fail(const char *what, const char *of)
{
    (void)fprintf(stderr, "net: %s: %s\n", of, what);
    exit(2);
}

static void *memory(size_t count, size_t size)
{
    /* One more, so that none is empty; no more than the difference of two pointers tells. */
    void *found = (count < PTRDIFF_MAX / size) ? calloc(count + 1u, size) : NULL;
    if (found == NULL) {
        fail("not enough memory", "the heap");
    }
    return found;
}

/* The product of two sizes that a file states. */
static uint64_t product(uint64_t a, uint64_t b, const char *path)
{
    if ((b != 0u) && (a > UINT64_MAX / b)) {
        fail("states a shape that no file has", path);
    }
    return a * b;
}

/* ---- .npy ---------------------------------------------------------------------------------- */

/* Opens an array of bytes (width 1) or of little-endian int32 (width 4). */
static FILE *open_array(const char *path, uint32_t width, array_shape *shape)
{
    unsigned char start[12];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail(strerror(errno), path);
    }
    if ((fread(start, 1u, 10u, file) != 10u) || (memcmp(start, "\x93NUMPY", 6u) != 0)) {
        fail("not a .npy file", path);
    }
    uint32_t size = start[8] + ((uint32_t)start[9] << 8);
    if (start[6] > 1u) {
        if (fread(&start[10], 1u, 2u, file) != 2u) {
            fail("not a .npy file", path);
        }
        size += ((uint32_t)start[10] << 16) + ((uint32_t)start[11] << 24);
    }
    if (size > 65535u) {
        fail("not a .npy file", path);
    }
    char *text = memory(size + 1u, 1u);
    if (fread(text, 1u, size, file) != size) {
        fail("not a .npy file", path);
    }
    const int is_bytes = (strstr(text, "'|b1'") != NULL) || (strstr(text, "'|u1'") != NULL);
    const int is_int32 = strstr(text, "'<i4'") != NULL;
    if ((strstr(text, "'fortran_order': False") == NULL) || ((width == 1u) ? !is_bytes : !is_int32)) {
        fail((width == 1u) ? "needs true and false, in C order" : "needs int32, in C order", path);
    }
    const char *at = strchr(text, '(');
    uint64_t axes[3] = {0u, 0u, 1u};
    uint32_t count = 0u;
    at = (at == NULL) ? "" : &at[1];
    while ((*at >= '0') && (*at <= '9')) {
        char *end = NULL;
        errno = 0;
        const uint64_t next = strtoull(at, &end, 10);
        if (errno != 0) {
            fail("states a shape that no file has", path);
        }
        axes[(count < 2u) ? count : 2u] = (count < 2u) ? next : product(axes[2], next, path);
        count++;
        at = &end[strspn(end, ", ")];
    }
    if ((*at != ')') || (count < 2u)) {
        fail("is not of the shape (samples, steps, neurons)", path);
    }
    (void)product(product(product(axes[0], axes[1], path), axes[2], path), width, path);
    shape->samples = axes[0];
    shape->steps = axes[1];
    shape->values = axes[2];
    free(text);
    return file;
}

/* Begins an array (samples, steps, neurons), or (samples, neurons) for no steps. */
static FILE *begin_array(const char *folder, const char *name, const char *kind, uint64_t samples,
                         uint64_t steps, uint32_t neurons)
{
    char path[4096];
    char text[160];
    char shape[80];
    if (snprintf(path, sizeof path, "%s/%s.npy", folder, name) >= (int)sizeof path) {
        fail("too long a name", folder);
    }
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        fail("cannot be written", path);
    }
    if (steps == 0u) {
        (void)snprintf(shape, sizeof shape, "(%llu, %lu)", (unsigned long long)samples,
                       (unsigned long)neurons);
    } else {
        (void)snprintf(shape, sizeof shape, "(%llu, %llu, %lu)", (unsigned long long)samples,
                       (unsigned long long)steps, (unsigned long)neurons);
    }
    (void)snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", kind,
                   shape);
    (void)fprintf(file, "\x93NUMPY\x01%c%c%c%-117s\n", 0, 118, 0, text);
    return file;
}

static void put(const void *values, size_t size, size_t count, FILE *file)
{
    if (fwrite(values, size, count, file) != count) {
        fail("cannot be written", "the output");
    }
}

static void put_spikes(const uint32_t *spikes, uint32_t neurons, FILE *file)
{
    for (uint32_t n = 0u; n < neurons; n++) {
        const unsigned char bit = (unsigned char)((spikes[n / 32u] >> (n % 32u)) & 1u);
        put(&bit, 1u, 1u, file);
    }
}

/* ---- what a trace keeps ---------------------------------------------------------------------- */

#ifdef NET_TRACE
static int32_t *membranes[COUNT(net_layers)];
static FILE *traced_spikes[COUNT(net_layers)];
static FILE *traced_membranes[COUNT(net_layers)];
static FILE *traced_ends[COUNT(net_layers)];
static uint64_t additions;

void net_trace_membrane(uint32_t layer, uint32_t neuron, int32_t v)
{
    if (membranes[layer] != NULL) {
        membranes[layer][neuron] = v;
    }
}

void net_trace_spikes(uint32_t layer, const uint32_t *spikes)
{
    if (traced_spikes[layer] != NULL) {
        put_spikes(spikes, net_layers[layer].neurons, traced_spikes[layer]);
    }
}

void net_trace_operations(uint32_t count)
{
    additions += count;
}

static void begin_trace(const char *folder, int every, uint64_t samples, uint64_t steps)
{
    for (size_t i = 0u; i < COUNT(net_layers); i++) {
        char name[32];
        membranes[i] = memory(net_layers[i].neurons, sizeof(int32_t));
        if (folder == NULL) {
            continue;
        }
        if (net_layers[i].spiking) {
            (void)snprintf(name, sizeof name, "layer_%lu_spikes", (unsigned long)i);
            traced_spikes[i] = begin_array(folder, name, "|b1", samples, steps, net_layers[i].neurons);
        } else {
            (void)snprintf(name, sizeof name, "layer_%lu_final", (unsigned long)i);
            traced_ends[i] = begin_array(folder, name, "<i4", samples, 0u, net_layers[i].neurons);
        }
        if (every) {
            (void)snprintf(name, sizeof name, "layer_%lu_membrane", (unsigned long)i);
            traced_membranes[i] =
                begin_array(folder, name, "<i4", samples, steps, net_layers[i].neurons);
        }
    }
}

static void put_trace(FILE *const *files)
{
    for (size_t i = 0u; i < COUNT(net_layers); i++) {
        if (files[i] != NULL) {
            put(membranes[i], sizeof(int32_t), net_layers[i].neurons, files[i]);
        }
    }
}

static void end_trace(void)
{
    for (size_t i = 0u; i < COUNT(net_layers); i++) {
        FILE *const files[3] = {traced_spikes[i], traced_membranes[i], traced_ends[i]};
        for (size_t k = 0u; k < 3u; k++) {
            if ((files[k] != NULL) && (fclose(files[k]) != 0)) {
                fail("cannot be written", "the output");
            }
        }
        free(membranes[i]);
    }
    (void)printf("%llu additions of weights\n", (unsigned long long)additions);
}
#endif

/* ---- a run ------------------------------------------------------------------------------------ */

/* The next row of an array into an input. */
static void take(const net_port *port, FILE *file, unsigned char *row, net_input *in)
{
    void *const to = (unsigned char *)in + port->offset;
    const size_t width = port->spikes ? 1u : sizeof(int32_t);
    if (fread(row, width, port->values, file) != port->values) {
        fail("ends too early", port->name);
    }
    if (!port->spikes) {
        (void)memcpy(to, row, port->values * sizeof(int32_t));
        return;
    }
    uint32_t *const words = to;
    for (uint32_t w = 0u; w < (port->values + 31u) / 32u; w++) {
        words[w] = 0u;
    }
    for (uint32_t n = 0u; n < port->values; n++) {
        words[n / 32u] |= (uint32_t)(row[n] != 0u) << (n % 32u);
    }
}

static void give(const net_port *port, FILE *file, const net_output *out)
{
    const void *const from = (const unsigned char *)out + port->offset;
    if (port->spikes) {
        put_spikes(from, port->values, file);
    } else {
        put(from, sizeof(int32_t), port->values, file);
    }
}

static net_input in;
static net_output out;
static uint64_t ticks;

#ifdef NET_CLOCK
uint32_t net_clock(void);
#endif

static void timed_step(void)
{
#ifdef NET_CLOCK
    const uint32_t began = net_clock();
    net_step(&in, &out);
    ticks += (net_clock() - began) & 0xFFFFFFu;
#else
    net_step(&in, &out);
#endif
}

static int run_stream(void)
{
    net_reset();
    size_t held = fread(&in, 1u, sizeof in, stdin);
    while (held == sizeof in) {
        net_step(&in, &out);
        put(&out, sizeof out, 1u, stdout);
        held = fread(&in, 1u, sizeof in, stdin);
    }
    if (held != 0u) {
        fail("ends within a step", "standard input");
    }
    if (fflush(stdout) != 0) {
        fail("cannot be written", "standard output");
    }
    return 0;
}

static uint64_t number(const char *text)
{
    char *end = NULL;
    const unsigned long long found = strtoull((text == NULL) ? "" : text, &end, 10);
    if ((text == NULL) || (end == text) || (*end != '\0') || (*text < '0') || (*text > '9') ||
        (found == ~0ull)) {
        fail("write a whole number", (text == NULL) ? "an option" : text);
    }
    return found;
}

int main(int argc, char **argv)
{
    FILE *given[COUNT(net_inputs)] = {NULL};
    FILE *written[COUNT(net_outputs)] = {NULL};
    unsigned char *rows[COUNT(net_inputs)] = {NULL};
    const char *folder = NULL;
    uint64_t steps = NET_STEPS, samples = 1u, seed = 0u, from_arrays = 0u;
    int every = 0, layers_alone = 0, steps_said = 0;
    array_shape shapes[COUNT(net_inputs)] = {{0u, 0u, 0u}};

    for (int i = 1; i < argc; i++) {
        char *const equals = strchr(argv[i], '=');
        if (strcmp(argv[i], "-h") == 0) {
            (void)printf("%s\n", usage);
            for (size_t k = 0u; net_inputs[k].name != NULL; k++) {
                (void)printf("%s: %lu %s%s\n", net_inputs[k].name,
                             (unsigned long)net_inputs[k].values,
                             net_inputs[k].spikes ? "spikes a step" : "currents a step, int32",
                             net_inputs[k].drawn ? ", drawn where no file is given" : "");
            }
            return 0;
        } else if (strcmp(argv[i], "-r") == 0) {
            return run_stream();
        } else if (strcmp(argv[i], "-m") == 0) {
            every = 1;
        } else if (strcmp(argv[i], "-l") == 0) {
            layers_alone = 1;
        } else if ((strcmp(argv[i], "-t") == 0) && (i + 1 < argc)) {
            steps = number(argv[++i]);
            steps_said = 1;
        } else if ((strcmp(argv[i], "-n") == 0) && (i + 1 < argc)) {
            samples = number(argv[++i]);
        } else if ((strcmp(argv[i], "-s") == 0) && (i + 1 < argc)) {
            seed = number(argv[++i]);
        } else if ((strcmp(argv[i], "-o") == 0) && (i + 1 < argc)) {
            folder = argv[++i];
        } else if (equals != NULL) {
            size_t k = 0u;
            *equals = '\0';
            while ((net_inputs[k].name != NULL) && (strcmp(net_inputs[k].name, argv[i]) != 0)) {
                k++;
            }
            if (net_inputs[k].name == NULL) {
                fail("no input of that name; net.h lists them", argv[i]);
            }
            if (given[k] != NULL) {
                fail("is given twice", net_inputs[k].name);
            }
            given[k] = open_array(&equals[1], net_inputs[k].spikes ? 1u : 4u, &shapes[k]);
            if (!steps_said) {
                steps = shapes[k].steps;
                steps_said = 1;
            }
        } else {
            fail(usage, argv[i]);
        }
    }
    if (steps == 0u) {
        fail("give at least 1", "-t");
    }
    for (size_t k = 0u; net_inputs[k].name != NULL; k++) {
        rows[k] = memory(net_inputs[k].values, sizeof(int32_t));
        if (given[k] != NULL) {
            const array_shape held = shapes[k];
            if ((held.samples == 0u) || (held.steps != steps) ||
                (held.values != net_inputs[k].values) ||
                ((from_arrays != 0u) && (held.samples != from_arrays))) {
                fail("is not of the shape (samples, steps, neurons)", net_inputs[k].name);
            }
            from_arrays = held.samples;
        } else if (!net_inputs[k].drawn) {
            fail("needs an array: INPUT=FILE.npy", net_inputs[k].name);
        }
    }
    samples = (from_arrays != 0u) ? from_arrays : samples;
    for (size_t k = 0u; (folder != NULL) && !layers_alone && (net_outputs[k].name != NULL); k++) {
        const char *const kind = net_outputs[k].spikes ? "|b1" : "<i4";
        written[k] =
            begin_array(folder, net_outputs[k].name, kind, samples, steps, net_outputs[k].values);
    }
#ifdef NET_TRACE
    begin_trace(folder, every, samples, steps);
#else
    (void)every;
#endif
    for (uint64_t sample = 0u; sample < samples; sample++) {
        net_reset();
#ifdef NET_DRAWN
        net_draws_begin(seed, sample, (uint32_t)(sample % NET_CLASSES));
#else
        (void)seed;
#endif
        for (uint64_t step = 0u; step < steps; step++) {
#ifdef NET_DRAWN
            net_draw(&in);
#endif
            for (size_t k = 0u; net_inputs[k].name != NULL; k++) {
                if (given[k] != NULL) {
                    take(&net_inputs[k], given[k], rows[k], &in);
                }
            }
            timed_step();
            for (size_t k = 0u; net_outputs[k].name != NULL; k++) {
                if (written[k] != NULL) {
                    give(&net_outputs[k], written[k], &out);
                }
            }
#ifdef NET_TRACE
            put_trace(traced_membranes);
#endif
        }
#ifdef NET_TRACE
        put_trace(traced_ends);
#endif
    }
    (void)printf("%llu samples of %llu steps; state %lu bytes, input %lu, output %lu\n",
                 (unsigned long long)samples, (unsigned long long)steps,
                 (unsigned long)NET_STATE_BYTES, (unsigned long)sizeof in,
                 (unsigned long)sizeof out);
#ifdef NET_TRACE
    end_trace();
#endif
    if (ticks != 0u) {
        (void)printf("%llu ticks\n", (unsigned long long)ticks);
    }
    for (size_t k = 0u; net_outputs[k].name != NULL; k++) {
        if ((written[k] != NULL) && (fclose(written[k]) != 0)) {
            fail("cannot be written", net_outputs[k].name);
        }
    }
    for (size_t k = 0u; net_inputs[k].name != NULL; k++) {
        if (given[k] != NULL) {
            (void)fclose(given[k]);
        }
        free(rows[k]);
    }
    return 0;
}
