"""What a model is called where others read it."""

ON_A_SERVER = "a model on a server"
"""Of an address that names no model."""


def public_name(model: str) -> str:
    """The model without the place where it is: no directory of this machine, no server's address.

    Of a file its name, of http(s)://HOST/v1#MODEL the MODEL; `PROVIDER:MODEL`, `account/model` and a twin's
    `name/version` stay as they are.
    """
    name = model.strip().rpartition("#")[2].replace("\\", "/").rstrip("/")
    if "://" in name or not name:
        return ON_A_SERVER
    is_path = name.count("/") > 1 or name.startswith(("/", ".", "~")) or ":/" in name or name.lower().endswith(".gguf")
    return name.rpartition("/")[2] if is_path else name
