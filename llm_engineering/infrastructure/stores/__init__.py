"""Where documents and vectors are kept: an embedded store and a server behind each of the two ports."""
