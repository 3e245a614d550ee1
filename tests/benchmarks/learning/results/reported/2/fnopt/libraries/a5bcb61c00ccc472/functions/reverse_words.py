def reverse_words(words: list) -> str:
    """Reverse the order of the words in a list."""
    return ' '.join(reversed(words))
