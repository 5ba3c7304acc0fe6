"""HTML text parsed into a tree that always has a body."""

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

IN_HEAD = frozenset("title meta link base script style noscript template".split())


def parsed(html: str) -> HtmlElement | None:
    """The document's tree without comments, or None when there is nothing in it.

    lxml puts the text of a page that leaves out its html, head and body tags (as HTML allows) into
    the head; it is moved into a body here. Nothing is loaded from the network.
    """
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=False)
    try:
        tree = document_fromstring(html.encode("utf-8", "replace"), parser=parser, ensure_head_body=True)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None
    head, body = tree.find("head"), tree.find("body")
    if head is not None and body is not None:
        strays = next((position for position, child in enumerate(head) if child.tag not in IN_HEAD), len(head))
        for element in list(head)[strays:]:
            body.append(element)
    return tree
