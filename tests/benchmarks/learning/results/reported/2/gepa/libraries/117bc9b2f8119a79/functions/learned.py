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