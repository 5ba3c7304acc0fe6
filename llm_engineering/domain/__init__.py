"""What the system talks about. Standard library and pydantic only."""
