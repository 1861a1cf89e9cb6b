"""Loads and stores at an address, for text that lies in buffers of several owners.

Little-endian, no alignment needed, no bounds checked: the caller guarantees that the bytes belong to a live buffer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

Number: TypeAlias = Any  # an integer or truth value of the machine, of the width and sign that numba finds for it
Array: TypeAlias = np.ndarray


def _instruction(function: Callable[..., Any]) -> Callable[..., Any]:
    """numba's ``intrinsic``, typed as kernels call it: without the typing context."""
    return intrinsic(function)


def _load(bits: int, result: types.Type) -> Callable[[Number], Number]:
    @_instruction
    def load(typingctx: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointer = builder.inttoptr(arguments[0], ir.IntType(bits).as_pointer())
            return builder.load(pointer, align=1)

        return result(types.uint64), generate

    return load


def _store(bits: int, kind: types.Type) -> Callable[[Number, Number], None]:
    @_instruction
    def store(typingctx: Any, address: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointer = builder.inttoptr(arguments[0], ir.IntType(bits).as_pointer())
            builder.store(arguments[1], pointer, align=1)
            return context.get_dummy_value()

        return types.none(types.uint64, kind), generate

    return store


load8, load32, load64 = _load(8, types.uint8), _load(32, types.uint32), _load(64, types.uint64)
store8 = _store(8, types.uint8)
store32, store64 = _store(32, types.uint32), _store(64, types.uint64)


@_instruction
def prefetch(typingctx: Any, address: Any) -> Any:
    """Ask for the cache line at an address, which need not be valid; nothing waits for it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        function = builder.module.declare_intrinsic(
            "llvm.prefetch", (pointer,), ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        )
        builder.call(function, [builder.inttoptr(arguments[0], pointer), number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.none(types.uint64), generate


@numba.njit(inline="always")
def copy(source: Number, target: Number, length: Number) -> None:
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
