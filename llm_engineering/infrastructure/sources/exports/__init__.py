"""What platforms hand their authors: the zip, or the folder it unpacks to. One module a platform."""
