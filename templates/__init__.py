"""The texts that fnopt writes: prompts, messages, scaffolds. Jinja2 files, overridable by name."""
