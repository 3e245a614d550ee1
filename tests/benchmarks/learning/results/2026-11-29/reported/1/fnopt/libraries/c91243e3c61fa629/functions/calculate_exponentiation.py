def calculate_exponentiation(base: float, exponent: float) -> str:
    """Compute the exponentiation of a number."""
    result = base ** exponent
    formatted_result = "{:.3e}".format(result)
    return formatted_result
