"""How much a twin learns, how fast, and whether it stays the same when it is exported."""
