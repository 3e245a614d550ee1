import math

def compute_exponentiation(num, exponent):
    return round(num ** exponent, 3)

def solve_multiplication(num1, num2):
    return num1 * num2

def can_construct_ransom_note(ransom, magazine):
    magazine_dict = {}
    for char in magazine:
        if char in magazine_dict:
            magazine_dict[char] += 1
        else:
            magazine_dict[char] = 1
    
    for char in ransom:
        if char not in magazine_dict or magazine_dict[char] == 0:
            return False
        magazine_dict[char] -= 1
    
    return True

def compute_exponentiation_with_negative_base(num, exponent):
    if exponent == 0:
        return 1
    elif exponent < 0:
        return 1 / compute_exponentiation_with_negative_base(num, -exponent)
    else:
        result = 1
        base = num
        for _ in range(exponent):
            result *= base
        return result

def compute_exponentiation_with_negative_exponent(num, exponent):
    if exponent == 0:
        return 1
    elif exponent < 0:
        return 1 / compute_exponentiation_with_negative_exponent(num, -exponent)
    else:
        result = 1
        base = num
        for _ in range(exponent):
            result *= base
        return result