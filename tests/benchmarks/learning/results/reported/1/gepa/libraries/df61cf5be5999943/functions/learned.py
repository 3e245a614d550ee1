def multiply_and_shift(input1, input2, shift):
    """
    Multiply two signed integers and shift the result by the specified number of bits.
    
    Args:
    input1 (int): The first signed integer.
    input2 (int): The second signed integer.
    shift (int): The number of bits to shift the result by.
    
    Returns:
    int: The result of multiplying the two integers and shifting the result by the specified number of bits.
    """
    result = (input1 * input2) << shift
    return result

def reverse_list(input_list):
    """
    Reverse the order of elements in a list.
    
    Args:
    input_list (list): The list to be reversed.
    
    Returns:
    list: The reversed list.
    """
    return input_list[::-1]