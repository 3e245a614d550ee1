def multiply(a: int, b: int) -> int:
    """Multiply two integers."""
    return a * b
