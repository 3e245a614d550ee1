import math

def exp(base: float, exponent: float) -> float:
    """Compute the exponentiation of a number, as in: Your task is to compute an exponentiation of a number. Compute … Return your final answer correct to 3 significant figures. Provide your"""
    return math.pow(base, exponent)
