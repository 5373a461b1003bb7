"""The one operation that the fast engine is made of: add up chosen rows of a weight matrix.

``out[lane] += Σ_k w[index[k], lane]``, int32 or int64, with the sums held in vector registers. It
is written in LLVM's own vectors, which numba compiles to AVX-512, AVX2 or NEON, whatever the
machine has; plain loops load and store the sums again for each row, which costs half the speed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

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


@numba.njit(nogil=True, cache=True)
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


@numba.njit(nogil=True, cache=True)
def listed(spikes, index):  # type: ignore[no-untyped-def]
    """Positions of the spikes (n,) uint8, into `index` (n + SLACK,) int32; how many there are.

    Eight neurons at a time, and those that are all silent not at all.
    """
    n = len(spikes)
    words = spikes[: n // 8 * 8].view(np.uint64)
    count = 0
    for w in range(len(words)):
        if words[w] != 0:
            mask = np.int64((words[w] * _GATHER) >> np.uint64(56))
            for i in range(8):
                index[count + i] = 8 * w + _ORDER[mask, i]
            count += _COUNTS[mask]
    for i in range(8 * len(words), n):
        index[count] = i
        count += spikes[i]
    return count
