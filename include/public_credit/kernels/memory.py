"""Loads and stores at an address, for text that lies in buffers of several owners.

Little-endian, no alignment needed, no bounds checked: the caller guarantees that the bytes belong to a live buffer.
"""

from __future__ import annotations

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _load(bits: int, result: types.Type):
    @intrinsic
    def load(typingctx, address):
        def generate(context, builder, signature, arguments):
            pointer = builder.inttoptr(arguments[0], ir.IntType(bits).as_pointer())
            return builder.load(pointer, align=1)

        return result(types.uint64), generate

    return load


def _store(bits: int, kind: types.Type):
    @intrinsic
    def store(typingctx, address, value):
        def generate(context, builder, signature, arguments):
            pointer = builder.inttoptr(arguments[0], ir.IntType(bits).as_pointer())
            builder.store(arguments[1], pointer, align=1)
            return context.get_dummy_value()

        return types.none(types.uint64, kind), generate

    return store


load8, load32, load64 = _load(8, types.uint8), _load(32, types.uint32), _load(64, types.uint64)
store8, store16 = _store(8, types.uint8), _store(16, types.uint16)
store32, store64 = _store(32, types.uint32), _store(64, types.uint64)


@intrinsic
def trailing_zeros(typingctx, value):
    """Number of zero bits below the lowest one bit; 64 for zero."""

    def generate(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


@intrinsic
def prefetch(typingctx, address):
    """Ask for the cache line at an address, which need not be valid; nothing waits for it."""

    def generate(context, builder, signature, arguments):
        pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        function = builder.module.declare_intrinsic(
            "llvm.prefetch", (pointer,), ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        )
        builder.call(function, [builder.inttoptr(arguments[0], pointer), number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.none(types.uint64), generate


@numba.njit(inline="always")
def copy(source, target, length):
    """Copy bytes; neither buffer is touched outside of them. Source and target do not overlap."""
    if length >= 8:
        done = numba.uint64(0)
        last = length - numba.uint64(8)
        while done < last:
            store64(target + done, load64(source + done))
            done += numba.uint64(8)
        store64(target + last, load64(source + last))
    else:
        for place in range(length):
            store8(target + numba.uint64(place), load8(source + numba.uint64(place)))
