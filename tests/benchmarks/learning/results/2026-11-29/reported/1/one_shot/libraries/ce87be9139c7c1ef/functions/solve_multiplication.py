def solve_multiplication(a: float, b: float) -> float:
    """Solve the multiplication of two numbers."""
    return a * b
