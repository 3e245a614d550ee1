"""Who thinks? Model endpoints, with retries, a meter and a reply cache.

Nothing heavy is imported here: openai, genai-prices and xllamacpp wait until they are used.
"""

from fnopt.models.client import Client, Reply, Request, ToolCall

__all__ = ["Client", "Reply", "Request", "ToolCall"]
