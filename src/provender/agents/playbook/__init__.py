"""The playbook: an agent without an LLM. It composes published methods into readable loaders."""
