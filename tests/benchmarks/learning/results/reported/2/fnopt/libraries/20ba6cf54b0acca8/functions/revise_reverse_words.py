def revise_reverse_words(words: list[str]) -> str:
    """Reverse a list of words."""
    return ", ".join(map(str, words[::-1]))
