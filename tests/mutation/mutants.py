"""From a source to its mutants: one small change each, by place in the text."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitAnd, ast.Pow: ast.Mult,
}  # fmt: skip
NOT_CODE = (ast.JoinedStr, ast.FormattedValue)
"""Texts with places in them: where their parts stand is not told reliably."""


@dataclass(frozen=True)
class Mutant:
    """One change of one source: `old` at an offset of the text becomes `new`."""

    file: str
    line: int
    offset: int
    old: str
    new: str

    def of(self, source: str) -> str:
        """The source with the change."""
        end = self.offset + len(self.old)
        assert source[self.offset : end] == self.old
        return source[: self.offset] + self.new + source[end:]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {_line(self.old)} -> {_line(self.new)}"


def _line(text: str) -> str:
    return " ".join(text.split())


def mutants(file: str, source: str) -> list[Mutant]:
    """Every mutant of a source, in the order of the text."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    lines = source.splitlines(keepends=True)

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    found = []
    for node, new in _changes(ast.parse(source)):
        start = offset(node.lineno, node.col_offset)
        old = source[start : offset(node.end_lineno or 0, node.end_col_offset or 0)]
        text = new if isinstance(new, str) else ast.unparse(new)
        whole = f"({text})" if isinstance(new, ast.expr) else text
        found.append(Mutant(file, node.lineno, start, old, whole))
    return sorted(dict.fromkeys(found), key=lambda m: (m.offset, m.old, m.new))


Change = tuple[ast.expr | ast.stmt, ast.expr | str]


def _changes(tree: ast.Module) -> Iterator[Change]:
    for node in _code(tree):
        match node:
            case ast.Compare(left, [operator], [right]) if type(operator) in COMPARISONS:
                yield node, ast.Compare(left, [COMPARISONS[type(operator)]()], [right])
            case ast.BinOp(left, operator, right) if type(operator) in ARITHMETIC:
                yield node, ast.BinOp(left, ARITHMETIC[type(operator)](), right)
            case ast.BoolOp(operator, values):
                other = ast.Or() if isinstance(operator, ast.And) else ast.And()
                yield node, ast.BoolOp(other, values)
            case ast.UnaryOp(ast.Not() | ast.USub(), operand):
                yield node, operand
            case ast.Constant(value):
                yield from ((node, ast.Constant(other)) for other in _other_values(value))
            case ast.If(test) | ast.While(test) | ast.IfExp(test):
                yield test, ast.UnaryOp(ast.Not(), test)
            case ast.AugAssign() | ast.Expr(ast.Call()):
                yield node, "pass"
            case ast.Continue():
                yield node, "break"
            case ast.Break():
                yield node, "continue"


def _other_values(value: object) -> Iterator[object]:
    match value:
        case bool():
            yield not value
        case int():
            yield value + 1
        case float():
            yield 2 * value if value else 1.0


def _code(node: ast.AST) -> Iterator[ast.AST]:
    """All below a node that runs: no annotations, decorators, docstrings or imports for types."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, NOT_CODE) or not isinstance(child, ast.AST) or _is_idle(child):
                continue
            yield child
            yield from _code(child)


def _is_idle(node: ast.AST) -> bool:
    match node:
        case ast.Expr(ast.Constant()) | ast.If(ast.Name("TYPE_CHECKING")) | ast.Import():
            return True
        case ast.ImportFrom() | ast.Assign([ast.Name("__all__")]):
            return True
        case ast.Assign([ast.Tuple()], ast.Call(ast.Name("range"))):
            return True  # names of kinds: any numbers do that differ
        case ast.Assign([ast.Tuple()], ast.Tuple(values)):
            return all(isinstance(value, ast.Constant) for value in values)
    return False
