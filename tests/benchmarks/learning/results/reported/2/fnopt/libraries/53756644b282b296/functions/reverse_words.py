def reverse_words(words: list) -> str:
    """Returns the list of words reversed as a string."""
    return ' '.join(reversed(words))
