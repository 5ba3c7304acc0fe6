"""Programs around LLM Twin: the command line and the sample site."""
