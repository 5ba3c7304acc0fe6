"""The parts of retrieval: whom and what a question asks for, ranking, and joining. `retrieving` puts them together."""
