def solve_arithmetic(num1: int, num2: int, shift: int) -> int:
    """Subtracts the sum of two numbers, then shifts the result left by a given number of bits."""
    return (num1 - (num2 + (num2 >> shift))) << shift
