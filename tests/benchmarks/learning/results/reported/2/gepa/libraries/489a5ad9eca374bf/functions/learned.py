from typing import *
from collections import *

def solve_arithmetic_expression(expression: str) -> str:
    """
    Given an arithmetic expression in the form of a string, return its result as a hexadecimal string.
    The expression can include addition (+), subtraction (-), multiplication (*), and division (/).
    """
    result = eval(expression)
    return hex(result)

def reverse_list_of_words(words: List[str]) -> str:
    """
    Given a list of words, return the list in reverse order.
    """
    return words[::-1]

def multiply_numbers(num1: int, num2: int) -> str:
    """
    Given two integers, return their product as a hexadecimal string.
    """
    result = num1 * num2
    return hex(result)