import decimal


def multiply(a: decimal.Decimal, b: decimal.Decimal) -> decimal.Decimal:
    """Multiply two decimal numbers."""
    return a * b
