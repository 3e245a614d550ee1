import ast
import operator


def solve_hex(text: str) -> str:
    """Solves an arithmetic expression and returns the final hexadecimal value, as in: (ex., -0x3), not the two's-compliment form. Reply only with the final hexidecimal value. …"""
    result = _evaluate(text)
    return hex(result)


def _evaluate(expression: str) -> int | float | complex:
    """Return what an arithmetic expression comes to; ValueError for what is none."""
    known = {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
        ast.FloorDiv: operator.floordiv,
        ast.Mod: operator.mod,
        ast.Pow: operator.pow,
        ast.LShift: operator.lshift,
        ast.RShift: operator.rshift,
        ast.BitAnd: operator.and_,
        ast.BitOr: operator.or_,
        ast.BitXor: operator.xor,
        ast.USub: operator.neg,
        ast.UAdd: operator.pos,
        ast.Invert: operator.invert,
    }

    def value(node: ast.expr) -> int | float | complex:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float | complex):
            return node.value
        if isinstance(node, ast.BinOp) and type(node.op) in known:
            return known[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.UnaryOp) and type(node.op) in known:
            return known[type(node.op)](value(node.operand))
        raise ValueError(f"no arithmetic: {ast.unparse(node)}")

    return value(ast.parse(expression.strip(), mode="eval").body)
