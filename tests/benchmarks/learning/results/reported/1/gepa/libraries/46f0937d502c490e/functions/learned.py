import math

def reverse_words(words):
    return ' '.join(reversed(words))

def compute_exponentiation(number, exponent):
    return round(math.pow(number, exponent), 3)

def compute_integer_to_hex(number):
    return hex(number)[2:]