"""Small sums in a question bank: ``batch * 1000``, ``[batch, classes]``.

A parameter of a question is drawn, so everything that depends on it must be computed. These expressions are a bank's
text, and a bank may come from anybody: only arithmetic on numbers, texts and lists is known here, nothing else runs.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

LARGEST = 10**12  # no power or product of a question needs more; a bank cannot stall the kernel with 9**9**9
_HOLE = re.compile(r"\{\{(.+?)\}\}")
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "exp": math.exp,
    "float": float,
    "int": int,
    "log": math.log,
    "max": max,
    "min": min,
    "round": round,
    "sqrt": math.sqrt,
    "sum": sum,
}


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """The value of an expression.

    Raises:
        ValueError: if it cannot be read, uses an unknown name, or has no value (a division by zero).
    """
    try:
        tree = ast.parse(expression.strip(), mode="eval")
        found = _value(tree.body, names)
    except ValueError:
        raise
    except (SyntaxError, TypeError, ArithmeticError, IndexError, KeyError, RecursionError, MemoryError) as error:
        raise ValueError(f"{expression!r} has no value: {error}") from error
    if isinstance(found, float) and not math.isfinite(found):
        raise ValueError(f"{expression!r} has no value: it is {found}")
    return found


def fill(text: str, names: Mapping[str, Any]) -> str:
    """``text`` with each ``{{expression}}`` replaced by its value."""
    return _HOLE.sub(lambda hole: written(evaluate(hole[1], names)), text)


def written(value: Any) -> str:
    """A value as a person writes it: ``0.3`` instead of ``0.30000000000000004``."""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=int() | float() | str() | bool()):
            return node.value
        case ast.Name() if node.id in names:
            return names[node.id]
        case ast.Name():
            raise ValueError(f"there is no parameter {node.id!r}; there are: {', '.join(sorted(names)) or 'none'}")
        case ast.List() | ast.Tuple():
            return [_value(one, names) for one in node.elts]
        case ast.UnaryOp(op=ast.USub()):
            return -_value(node.operand, names)
        case ast.UnaryOp(op=ast.Not()):
            return not _value(node.operand, names)
        case ast.BinOp() if type(node.op) in _BINARY:
            left, right = _value(node.left, names), _value(node.right, names)
            _refuse_huge(node.op, left, right)
            return _BINARY[type(node.op)](left, right)
        case ast.BoolOp():
            values = [_value(one, names) for one in node.values]
            return all(values) if isinstance(node.op, ast.And) else any(values)
        case ast.Compare(ops=[op], comparators=[other]) if type(op) in _COMPARE:
            return _COMPARE[type(op)](_value(node.left, names), _value(other, names))
        case ast.IfExp():
            return _value(node.body if _value(node.test, names) else node.orelse, names)
        case ast.Subscript():
            return _value(node.value, names)[_value(node.slice, names)]
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](*[_value(one, names) for one in node.args])
    raise ValueError(f"{ast.unparse(node)!r} is more than the arithmetic that a bank may use")


def _refuse_huge(op: ast.operator, left: Any, right: Any) -> None:
    numbers = [one for one in (left, right) if isinstance(one, int | float)]
    if len(numbers) < 2:
        if isinstance(op, ast.Add) and isinstance(left, str | list) and len(left) < 10_000:
            return
        raise ValueError("only numbers are multiplied and divided")
    too_large = any(abs(one) > LARGEST for one in numbers)
    if too_large or (isinstance(op, ast.Pow) and (abs(right) > 64 or abs(left) > 10_000)):
        raise ValueError("the numbers are too large for a question")
