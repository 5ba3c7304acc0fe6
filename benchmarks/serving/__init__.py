"""How fast the service answers, what it does under load, and what it does with garbage."""
