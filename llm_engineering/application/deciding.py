"""A person's word on what was quarantined: it outlives the next collection of the same link."""

from collections.abc import Iterable
from datetime import UTC, datetime

from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Decision, Outcome, QuarantinedPage
from llm_engineering.domain.errors import BadInput


def chosen(pages: Iterable[QuarantinedPage], wanted: str) -> QuarantinedPage:
    """The one page with that link, or whose id starts so. Raises BadInput when there is none, or several."""
    found = [page for page in pages if page.link == wanted or (len(wanted) >= 4 and str(page.id).startswith(wanted))]
    if not found:
        raise BadInput(f"Nothing in quarantine has the link or id {wanted}; ./poe quarantine list --all shows all.")
    if len(found) > 1:
        raise BadInput(f"{wanted} stands for {len(found)} entries of the quarantine; give more of the id.")
    return found[0]


def accept(page: QuarantinedPage, warehouse: Warehouse) -> Outcome:
    """Store what was held back, and let it pass from now on. Again changes nothing.

    Raises BadInput when its text was not kept (an entry of an older version).
    """
    if page.document is None:
        raise BadInput(f"The text of {page.link} was not kept; collect the link again, then accept it.")
    warehouse.add_author(Author.named(page.document.author_full_name))
    outcome = warehouse.save(page.document)
    _decide(page, Decision.ACCEPTED, warehouse)
    return outcome


def reject(page: QuarantinedPage, warehouse: Warehouse) -> bool:
    """Keep it out and off the list; one that was accepted before leaves the warehouse. True if it did."""
    was_stored = page.decision is Decision.ACCEPTED and warehouse.tombstone(page.id)
    _decide(page, Decision.REJECTED, warehouse)
    return was_stored


def _decide(page: QuarantinedPage, decision: Decision, warehouse: Warehouse) -> None:
    if page.decision is not decision:
        warehouse.quarantine(page.model_copy(update={"decision": decision, "decided_at": datetime.now(UTC)}))
