"""Every error that a user may see, in one tree.

TwinError                    one sentence: what failed, with which value, what to do next
├── BadInput                 the user can correct the call, the file or the setting
│   ├── BadSettings          an environment variable or a line of `.env` is wrong
│   ├── BadConfig            a pipeline's YAML file or parameter is wrong
│   ├── UnknownAuthor        the name is not in the warehouse
│   ├── UnknownTwin          the author has no such twin
│   └── EmptyCorpus          there is too little text for what was asked
├── MissingDependency        an optional package is not installed
├── StoreError               a database said no
│   ├── StoreUnreachable     no answer, or no permission, at that place
│   └── StoreLocked          another process holds an embedded store
├── ModelError               a model file is missing, damaged or unsuitable
│   ├── CorruptModel         a file's hash is not the one on record
│   └── PromptTooLong        what was asked is longer than the model reads
├── CollectError             an item could not be collected (kept per item in the report)
│   ├── PageGone             the server says 404 or 410
│   ├── FetchRefused         a safety rule or robots.txt forbids the request
│   └── BrowserMissing       the page needs a browser, and none can be driven here
├── BudgetReached            what may be spent on a paid model is spent
├── DatasetError             a dataset broke one of its rules, e.g. a leak
├── TrainingError            training cannot start or had to stop
├── TemplateMismatch         a twin was trained with other templates than the service's
└── ServiceError             the HTTP service cannot start or answer
    ├── ServiceBusy          as many requests as it takes are waiting already
    └── TimeLimitReached     the answer took longer than a request may

Only the command line and the API catch these; everything else lets them pass.
"""


class TwinError(Exception):
    """What failed, with which value, and what to do next, in one sentence."""


class BadInput(TwinError):
    """The user can correct the call, the file or the setting."""


class BadSettings(BadInput):
    """An environment variable or a line of `.env` has no usable value."""


class BadConfig(BadInput):
    """A pipeline's YAML file or parameter is wrong; names file, line and key where known."""


class UnknownAuthor(BadInput):
    """The name is not in the warehouse."""


class UnknownTwin(BadInput):
    """The author has no twin of that name or version."""


class EmptyCorpus(BadInput):
    """There is too little text for what was asked."""


class MissingDependency(TwinError):
    """An optional package is not installed; names the group that brings it."""


class StoreError(TwinError):
    """A database refused or failed."""


class StoreUnreachable(StoreError):
    """No answer, or no permission, at the place the settings name."""


class StoreLocked(StoreError):
    """Another process has an embedded store open."""


class ModelError(TwinError):
    """A model file is missing, damaged or unsuitable."""


class CorruptModel(ModelError):
    """The sha256 of a model file is not the one on record."""


class PromptTooLong(ModelError):
    """What was asked, with all that goes with it, is longer than the model's context."""


class CollectError(TwinError):
    """An item could not be collected. The report keeps it with its reason."""


class PageGone(CollectError):
    """The server says that there is no such page (404) or no longer (410)."""


class FetchRefused(CollectError):
    """A safety rule or the site's robots.txt forbids the request; it was not made."""


class BrowserMissing(CollectError):
    """The page needs a browser, and this machine has none that can be driven."""


class BudgetReached(TwinError):
    """A paid model has cost what it may cost; what was paid for is kept."""


class DatasetError(TwinError):
    """A dataset broke one of its own rules, such as a leak from train to test."""


class TrainingError(TwinError):
    """Training cannot start, or had to stop."""


class TemplateMismatch(TwinError):
    """A twin was trained with other prompt templates than the ones in use."""


class ServiceError(TwinError):
    """The HTTP service cannot start or answer."""


class ServiceBusy(ServiceError):
    """The service has as many requests waiting as it takes; `retry_after` says when to come again, in seconds."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TimeLimitReached(ServiceError):
    """The answer took longer than a request may."""
