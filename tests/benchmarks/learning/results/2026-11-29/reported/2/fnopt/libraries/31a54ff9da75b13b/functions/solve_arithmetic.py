def solve_arithmetic(a: int, b: int, shift: int) -> int:
    """Subtract b shifted left by shift bits from a and return the result as a negative value in hexadecimal format."""
    result = a - (b << shift)
    return f"-0x{result:X}"
