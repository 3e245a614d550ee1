import math

def reverse_words(sentence: str) -> str:
    """Returns a string with the words in reverse order."""
    return ' '.join(sentence.split()[::-1])

def multiply_numbers(a: float, b: float) -> float:
    """Returns the product of two numbers."""
    return a * b

def compute_exponentiation(base: float, exponent: float) -> str:
    """Returns the base raised to the exponent, formatted to 3 significant figures in scientific notation."""
    result = base ** exponent
    return f"{result:.3e}"