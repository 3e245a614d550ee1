def reverse_list(words):
    return words[::-1]

def solve_multiplication(a, b):
    return a * b

def solve_shift_and_add(a, b):
    return (a << b) - (b + a)

def solve_bitwise_operations(bit_depth, signed_integers):
    # Assuming bit_depth and signed_integers are defined elsewhere
    # For simplicity, let's assume bit_depth = 8 and signed_integers = True
    # This is a placeholder for the actual implementation
    pass