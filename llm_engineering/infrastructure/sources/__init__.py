"""Where an author's words come from: sites, feeds, folders, exports and repositories."""
