def reverse_list(text: str) -> str:
    """Reverse this list of words."""
    return ' '.join(text.split()[::-1])
