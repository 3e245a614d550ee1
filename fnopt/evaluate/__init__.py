"""How good is it? Trials, evaluations and the gate."""
