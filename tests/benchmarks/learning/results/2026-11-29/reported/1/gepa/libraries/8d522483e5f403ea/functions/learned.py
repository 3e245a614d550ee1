def solve_multiplication(a, b):
    return str(a * b)

def construct_ransom_note(ransom_note, magazine):
    from collections import Counter
    return Counter(magazine) >= Counter(ransom_note)