def multiply(a: int, b: int) -> int:
    """Multiply two integers, as in: Solve the following multiplication: … * … Give only the result as your final answer."""
    return a * b
