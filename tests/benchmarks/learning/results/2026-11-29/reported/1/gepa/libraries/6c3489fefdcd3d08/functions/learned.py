def reverse_list(words):
    """
    Reverse the given list of words.
    
    :param words: List of words to reverse
    :return: Reversed list of words
    """
    return words[::-1]

def compute_ransom_note(ransom_note, magazine):
    """
    Determine if the ransom note can be constructed using the letters in the magazine.
    
    :param ransom_note: String representing the ransom note
    :param magazine: String representing the magazine
    :return: True if the ransom note can be constructed, False otherwise
    """
    from collections import Counter
    magazine_counter = Counter(magazine)
    ransom_note_counter = Counter(ransom_note)
    
    for char, count in ransom_note_counter.items():
        if magazine_counter[char] < count:
            return False
    
    return True

def solve_question(question):
    """
    Solve the given question and return the answer in the expected format.
    
    :param question: The question to solve
    :return: The answer in the expected format
    """
    if question.startswith("Reverse this list of words:"):
        words = question.split(":")[1].strip().split(", ")
        return reverse_list(words)
    elif question.startswith("Given two strings representing a ransom note and a magazine, return True if you can construct the ransom note using the letters in the magazine, and False otherwise."):
        ransom_note = question.split(":")[1].strip()
        magazine = question.split(":")[2].strip()
        return compute_ransom_note(ransom_note, magazine)
    else:
        return "Unknown question"

# Example usage:
# print(solve_question("Reverse this list of words: do, repeated, lets, Literary, by"))
# print(solve_question("Given two strings representing a ransom note and a magazine, return True if you can construct the ransom note using the letters in the magazine, and False otherwise."))
# print(solve_question("What is the sum of 1+2+3+4+5?"))