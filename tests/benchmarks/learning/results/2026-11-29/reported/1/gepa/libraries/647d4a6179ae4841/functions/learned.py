import math

def reverse_list(input_list):
    """Returns the input list reversed."""
    return input_list[::-1]

def multiply_numbers(a, b):
    """Returns the product of the two numbers."""
    return a * b

def compute_exponentiation(base, exponent):
    """Returns the base raised to the exponent, rounded to 3 significant figures."""
    result = math.pow(base, exponent)
    return round(result, 3)

def compute_scientific_notation(number):
    """Returns the number in scientific notation."""
    return "{:.3e}".format(number)