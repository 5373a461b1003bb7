"""Event-driven sums: what the spikes of a population add to a layer's currents.

All kernels walk spikes, so that their cost follows the synaptic operations. They are made of one
operation: add up chosen rows of a weight matrix,

    out[lane] += Σ_k w[index[k], lane],

int32 or int64, with the sums held in vector registers. It is written in LLVM's own vectors, which
numba compiles to AVX-512, AVX2 or NEON, whatever the machine has; plain loops load and store the
sums again for each row, which costs half the speed.

Spikes are uint8 (B, H + T, n); `first` is the row at which the window begins; currents (B, T, m)
are integers. (All in one file: numba's cache of a function does not notice changes in another.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from snnvae.compiled import njit

VECTOR_BYTES = 64
"""Of one vector: an AVX-512 register, and a cache line."""
LANES = 16
"""Widths are multiples of this: whole vectors of int32 and of int64."""


def _adder(vectors: int) -> Callable[..., Any]:
    """An intrinsic that sums `vectors` vectors of each row side by side.

    out and index are addresses; a row of `weights` begins `offset + index·row_bytes` bytes into it.
    """

    @intrinsic
    def add(  # type: ignore[no-untyped-def]
        typingctx, out, weights, offset, row_bytes, index, count
    ):
        bits: int = weights.dtype.bitwidth
        word, address, short = ir.IntType(bits), ir.IntType(64), ir.IntType(32)
        vector = ir.VectorType(word, 8 * VECTOR_BYTES // bits)
        signature = types.void(types.intp, weights, types.intp, types.intp, types.intp, types.intp)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            out, array, offset, row_bytes, index, count = args
            data = context.make_array(weights)(context, builder, array).data
            first_row = builder.add(builder.ptrtoint(data, address), offset)

            def at(base: Any, v: int) -> Any:
                place = builder.add(base, ir.Constant(address, v * VECTOR_BYTES))
                return builder.inttoptr(place, vector.as_pointer())

            def load(base: Any, v: int) -> Any:
                value = builder.load(at(base, v))
                value.align = bits // 8
                return value

            zero, one = ir.Constant(address, 0), ir.Constant(address, 1)
            before = builder.basic_block
            started = [load(out, v) for v in range(vectors)]
            loop = builder.append_basic_block("rows")
            after = builder.append_basic_block("summed")
            builder.cbranch(builder.icmp_signed(">", count, zero), loop, after)

            builder.position_at_end(loop)
            k = builder.phi(address)
            running = [builder.phi(vector) for _ in range(vectors)]
            place = builder.add(index, builder.shl(k, ir.Constant(address, 2)))
            chosen = builder.load(builder.inttoptr(place, short.as_pointer()))
            row = builder.add(first_row, builder.mul(builder.sext(chosen, address), row_bytes))
            added = [builder.add(running[v], load(row, v)) for v in range(vectors)]
            following = builder.add(k, one)
            builder.cbranch(builder.icmp_signed("<", following, count), loop, after)
            k.add_incoming(zero, before)
            k.add_incoming(following, loop)
            for v in range(vectors):
                running[v].add_incoming(started[v], before)
                running[v].add_incoming(added[v], loop)

            builder.position_at_end(after)
            sums = [builder.phi(vector) for _ in range(vectors)]
            for v in range(vectors):
                sums[v].add_incoming(started[v], before)
                sums[v].add_incoming(added[v], loop)
            for v in range(vectors):
                stored = builder.store(sums[v], at(out, v))
                stored.align = bits // 8
            return context.get_dummy_value()

        return signature, codegen

    adder: Callable[..., Any] = add
    return adder


_add_8, _add_4, _add_2, _add_1 = (_adder(vectors) for vectors in (8, 4, 2, 1))


@njit(inline="always")
def add_rows(out, weights, offset, row_bytes, index, count, row):  # type: ignore[no-untyped-def]
    """Add `count` rows to the `row` bytes at address `out`, a multiple of 64.

    As many vectors side by side as there are: an addition then need not wait for the one before it.
    """
    at = 0
    while at + 512 <= row:
        _add_8(out + at, weights, offset + at, row_bytes, index, count)
        at += 512
    if at + 256 <= row:
        _add_4(out + at, weights, offset + at, row_bytes, index, count)
        at += 256
    if at + 128 <= row:
        _add_2(out + at, weights, offset + at, row_bytes, index, count)
        at += 128
    if at + 64 <= row:
        _add_1(out + at, weights, offset + at, row_bytes, index, count)


_MASKS = np.arange(256)[:, None] >> np.arange(8) & 1
_COUNTS = _MASKS.sum(axis=1)
# Of each eight neurons: the numbers of those that fire, first.
_ORDER = np.argsort(1 - _MASKS, axis=1, kind="stable").astype(np.int32)
# Gathers the lowest bits of eight bytes in the highest byte.
_GATHER = np.uint64(0x0102040810204080)
SLACK = 8
"""Entries beyond the number of neurons that `listed` may write."""
INDEX_BYTES = 4
"""Of an entry of such a list."""


@njit(inline="always")
def listed(row, words, at, n, index, place):  # type: ignore[no-untyped-def]
    """Lists which of the n neurons from `at` on fire: numbers from 0, into `index` from `place` on.

    row: spikes, uint8; words: the same bytes, eight in each. Eight neurons are looked at together,
    and passed over where they are silent; so `at` is a multiple of 8, unless n is less. index:
    int32, with SLACK entries more than n. Returns how many fire.
    """
    count, first = place, at >> 3
    for w in range(n >> 3):
        word = words[first + w]
        if word != 0:
            mask = np.int64((word * _GATHER) >> np.uint64(56))
            for i in range(8):
                index[count + i] = 8 * w + _ORDER[mask, i]
            count += _COUNTS[mask]
    for i in range(n & ~7, n):
        index[count] = i
        count += row[at + i]
    return count - place


@njit(inline="always")
def listed_short(row, words, at, n, index, place, complement):  # type: ignore[no-untyped-def]
    """Lists those that fire, or where most do, those that do not.

    If there is a `complement`, weights by which the sum over those that fire is ``Σ_all w −
    Σ_silent w`` (the total is their row n, the others are negative), then the list of the silent,
    and n at its end, may be the shorter one: its length is given as a negative number.
    """
    count = listed(row, words, at, n, index, place)
    if not complement or 2 * count <= n + 1:
        return count
    silent = place
    for i in range(n):
        index[silent] = i
        silent += 1 - row[at + i]
    index[silent] = n
    return place - silent - 1


SLACK_LANES = LANES
"""Currents that `add_kernel` may write, always by 0, behind those that it is given."""
STRIP_BYTES = 512
"""Of a row of a matrix: as much as is summed side by side in registers."""


@njit()
def add_linear(spikes, first, weights, complement, currents):  # type: ignore[no-untyped-def]
    """Rows of the sources that fire; weights (strips, n + 1, lanes) hold m columns in strips.

    One strip serves all samples and steps before the next: it stays in the cache. complement: see
    `listed_short`, or empty.
    """
    samples, steps, width = currents.shape
    strips, n = weights.shape[0], weights.shape[1] - 1
    entries = n + SLACK
    index = np.empty(samples * steps * entries, np.int32)
    counts = np.empty(samples * steps, np.int64)
    for b in range(samples):
        for t in range(steps):
            row, k = spikes[b, first + t], b * steps + t
            counts[k] = listed_short(
                row, row.view(np.uint64), 0, n, index, k * entries, len(complement) > 0
            )
    row_bytes = width * weights.itemsize
    for strip in range(strips):
        here = min(STRIP_BYTES, row_bytes - strip * STRIP_BYTES)
        offset = strip * (n + 1) * STRIP_BYTES
        for k in range(samples * steps):
            out = currents.ctypes.data + k * row_bytes + strip * STRIP_BYTES
            place = index.ctypes.data + k * entries * 4
            if counts[k] >= 0:
                add_rows(out, weights, offset, STRIP_BYTES, place, counts[k], here)
            else:
                add_rows(out, complement, offset, STRIP_BYTES, place, -counts[k], here)


@njit()
def add_kernel(spikes, first, weights, complement, y_taps, x_runs, shape, currents):  # type: ignore[no-untyped-def]
    """A kernel over maps, run by run: outputs side by side that a source reaches by a row of taps.

    weights: (…, taps_y, C_in + 1, a row of taps), see `KernelWire`. y_taps: by input row (begin,
    tap, target row). x_runs: by input column (begin, first target column, where the run's weights
    begin, its bytes). shape: (columns of the input, columns of the output, bytes of an output).
    complement: see `listed_short`, or empty. Whole vectors are written: currents have SLACK_LANES
    more behind them.
    """
    y_begin, y_tap, y_to = y_taps
    x_begin, x_to, x_offset, x_bytes = x_runs
    width_in, width_out, out_bytes = shape
    c_in, row_bytes = weights.shape[2] - 1, weights.shape[3] * weights.itemsize
    samples, steps, size = currents.shape
    index = np.empty(c_in + SLACK, np.int32)
    place = index.ctypes.data
    for b in range(samples):
        for t in range(steps):
            out = currents.ctypes.data + (b * steps + t) * size * weights.itemsize
            row = spikes[b, first + t]
            words = row.view(np.uint64)
            for y in range(len(y_begin) - 1):
                for x in range(width_in):
                    at = (y * width_in + x) * c_in
                    count = listed_short(row, words, at, c_in, index, 0, len(complement) > 0)
                    if count == 0:
                        continue
                    for i in range(y_begin[y], y_begin[y + 1]):
                        line = out + y_to[i] * width_out * out_bytes
                        taps = y_tap[i] * (c_in + 1) * row_bytes
                        for j in range(x_begin[x], x_begin[x + 1]):
                            to, offset = line + x_to[j] * out_bytes, taps + x_offset[j]
                            if count > 0:
                                add_rows(to, weights, offset, row_bytes, place, count, x_bytes[j])
                            else:
                                add_rows(
                                    to, complement, offset, row_bytes, place, -count, x_bytes[j]
                                )


@njit()
def add_synapses(spikes, first, begin, targets, weights, currents):  # type: ignore[no-untyped-def]
    """Compressed sparse columns: the synapses of source i are begin[i] … begin[i + 1]."""
    samples, steps, size = currents.shape
    n = spikes.shape[2]
    index = np.empty(n + SLACK, np.int32)
    flat = currents.reshape(-1)
    for b in range(samples):
        for t in range(steps):
            out = (b * steps + t) * size
            row = spikes[b, first + t]
            count = listed(row, row.view(np.uint64), 0, n, index, 0)
            for k in range(count):
                i = index[k]
                for s in range(begin[i], begin[i + 1]):
                    flat[out + targets[s]] += weights[s]


@njit()
def exact_current(spikes, first, begin, sources, weights, targets, currents):  # type: ignore[no-untyped-def]
    """Sums the currents of few neurons, in float64:
    spikes (H + T, n) of one sample → currents (T, len(targets)).

    Compressed sparse rows: the synapses of target i are begin[i] … begin[i + 1].
    """
    for t in range(currents.shape[0]):
        row = spikes[first + t]
        for k in range(len(targets)):
            total = 0.0
            for s in range(begin[k], begin[k + 1]):
                total += weights[s] * row[sources[s]]
            currents[t, k] += total
