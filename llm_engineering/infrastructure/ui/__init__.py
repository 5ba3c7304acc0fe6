"""The page to talk to a twin, and the page that describes the API."""
