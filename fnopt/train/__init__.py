"""How does it get better? Optimizer, screen, step and loop."""
