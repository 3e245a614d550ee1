# This module has a function to reverse a list of words.
def reverse_list(words: list) -> str:
    """Return the list of words in reverse order."""
    return ' '.join(reversed(words))