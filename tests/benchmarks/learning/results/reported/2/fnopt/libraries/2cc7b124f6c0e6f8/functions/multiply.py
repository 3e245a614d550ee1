from decimal import Decimal


def multiply(a: Decimal, b: Decimal) -> Decimal:
    """Multiply two decimal numbers."""
    return a * b
