def subtract_hex(x: int, y: int) -> int:
    """Subtracts two hexadecimal integers and returns the result as a hexadecimal integer."""
    return int(f"{x}{y}", 16) - int(f"{y}{x}", 16)
