"""Adapters: what the ports of `application.ports` are made of. Each takes plain values, never Settings."""
