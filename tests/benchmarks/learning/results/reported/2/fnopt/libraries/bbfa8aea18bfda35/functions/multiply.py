from decimal import Decimal


def multiply(a: Decimal, b: Decimal) -> Decimal:
    """Multiply two Decimal numbers."""
    return a * b
