"""How fast features are made, and in how much memory."""
