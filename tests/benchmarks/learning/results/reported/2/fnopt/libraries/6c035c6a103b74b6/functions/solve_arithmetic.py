def solve_arithmetic(a: int, b: int, shift: int) -> int:
    """Solves the arithmetic expression (a << shift) - b, returning the result in hexadecimal form."""
    result = (a << shift) - b
    return hex(result)[2:].lstrip('0x')
