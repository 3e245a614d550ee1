"""Who answers? Agents that solve one task with a library of functions."""
