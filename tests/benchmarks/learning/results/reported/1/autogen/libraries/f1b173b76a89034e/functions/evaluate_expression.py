from sympy import sympify, SympifyError

def evaluate_expression(expression: str):
    """Evaluate arithmetic or mathematical expressions provided as strings."""
    try:
        result = sympify(expression)
        if result.is_number:
            result = float(result)
        else:
            result = str(result)
        return result
    except SympifyError as e:
        return str(e)
