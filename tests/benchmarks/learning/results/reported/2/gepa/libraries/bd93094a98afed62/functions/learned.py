def reverse_words(words: list[str]) -> list[str]:
    return words[::-1]


def solve_arithmetic_expression(expression: str) -> int:
    try:
        result = eval(expression)
        return hex(result)[2:].upper()
    except Exception as e:
        return "Error: Invalid expression"


def multiply_numbers(a: int, b: int) -> int:
    return a * b