from decimal import Decimal


def multiply(a: Decimal, b: Decimal) -> Decimal:
    """Multiply two Decimals."""
    return a * b
