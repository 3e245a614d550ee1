def solve_reverse_list_with_scientific(text: str) -> str:
    """Reverse this list of words and return the result in scientific notation."""
    return ' '.join(text.split()[::-1]).replace('e', 'e+')
