import math


def multiply(a: float, b: float) -> float:
    """Multiply two floats, as in: Your task is to compute an exponentiation of a number. Compute … Return your final answer correct to 3 significant figures. Provide your"""
    return math.pow(a, b)
