"""fnopt trains the functions that an LLM agent can call, as commits in your own git repository."""

__version__ = "0.1.0"
