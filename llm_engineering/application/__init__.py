"""What the system does: one module a verb, on ports, with libraries that only compute."""
