"""A git repository as one document: its prose and its code, byte for byte."""

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit
from urllib.request import url2pathname

from llm_engineering.application.ports import CollectedItem, Coverage, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, Outcome
from llm_engineering.domain.errors import BadInput, CollectError, FetchRefused
from llm_engineering.domain.identity import canonical_link
from llm_engineering.domain.repository_text import as_markdown, is_prose
from llm_engineering.infrastructure.sources.connections import Resolver, is_public, resolved_by_system

FORGES = frozenset({"github.com", "www.github.com", "gitlab.com", "codeberg.org", "bitbucket.org"})
SKIPPED_FOLDERS = frozenset(
    "node_modules vendor vendored third_party third-party dist build target out venv .venv site-packages "
    "bower_components __pycache__ .git .idea .vscode fixtures testdata snapshots __snapshots__".split()
)
SKIPPED_NAMES = re.compile(
    r"(?:\.lock|-lock\.(?:json|ya?ml)|\.min\.(?:js|css)|\.map|\.sum|\.svg|\.csv|\.tsv|\.jsonl?|\.ipynb|\.po|\.snap|"
    r"\.pb\.go|_pb2(?:_grpc)?\.py|\.bundle\.js)$|^(?:license|licence|copying|notice)(?:\..*)?$",
    re.IGNORECASE,
)
GENERATED = re.compile(rb"@generated|do not edit|automatically generated|auto-generated", re.IGNORECASE)
NO_REPOSITORY = re.compile(r"does not appear to be a git repository|invalid gitfile format|not a git repository")
SAFE_CONFIG = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "protocol.allow": "never",
    "protocol.https.allow": "always",
    "protocol.file.allow": "always",
    "http.followRedirects": "false",
    "credential.helper": "",
    "submodule.recurse": "false",
    "transfer.fsckObjects": "true",
}


@dataclass(frozen=True)
class _Blob:
    path: str
    id: str
    size: int


class GitRepository:
    """A shallow copy of the default branch of an https or file URL, read without checking it out.

    Nothing of it is run or written outside a temporary folder: no hooks, submodules, filters or
    symbolic links. Cloning ends after `timeout_seconds` or at `max_bytes` on disk. `commit_author`
    (part of a name or e-mail address) keeps the files of which that person wrote at least half the
    lines; this takes the branch's whole history.
    """

    coverage = Coverage.PART

    def __init__(
        self,
        url: str,
        *,
        commit_author: str = "",
        timeout_seconds: float = 120.0,
        max_bytes: int = 300 * 1024 * 1024,
        max_file_bytes: int = 200 * 1024,
        max_text_bytes: int = 5 * 1024 * 1024,
        resolve: Resolver = resolved_by_system,
    ) -> None:
        self._url = checked_url(url)
        self._commit_author = commit_author.casefold()
        self._timeout = timeout_seconds
        self._max_bytes = max_bytes
        self._max_file = max_file_bytes
        self._max_text = max_text_bytes
        self._resolve = resolve
        self.notes: list[str] = []

    @property
    def origin(self) -> str:
        """The repository's link."""
        return f"git:{repository_link(self._url)}"

    def items(self, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """One document, or why there is none."""
        link = repository_link(self._url)
        try:
            self._check_address()
            with tempfile.TemporaryDirectory(prefix="llm-twin-git-") as folder:
                yield self._item(link, Path(folder))
        except CollectError as error:
            yield RefusedItem(link, Outcome.FAILED, str(error))

    def _check_address(self) -> None:
        parts = urlsplit(self._url)
        if parts.scheme != "https":
            return
        host = parts.hostname or ""
        try:
            addresses = self._resolve(host, parts.port or 443)
        except OSError as error:
            raise CollectError(f"No address is known for {host} ({error.strerror or error}).") from error
        if not all(is_public(address) for address in addresses):
            raise FetchRefused(f"{host} leads to a private address; clone it yourself and give its file:// URL.")

    def _item(self, link: str, folder: Path) -> CollectedItem:
        copy = folder / "copy.git"
        depth = [] if self._commit_author else ["--depth=1"]
        flags = ["--bare", *depth, "--single-branch", "--no-tags", "--no-recurse-submodules", "--template="]
        self._git(["clone", "--quiet", *flags, "--", self._url, str(copy)], folder)
        commit = self._git(["rev-parse", "HEAD"], folder, copy).decode().strip()
        blobs = [blob for blob in self._blobs(folder, copy) if self._is_wanted(blob)]
        if self._commit_author:
            theirs = self._mostly_theirs(folder, copy)
            self.notes.append(f"{link}: {sum(blob.path not in theirs for blob in blobs)} files of others left out.")
            blobs = [blob for blob in blobs if blob.path in theirs]
        files: list[tuple[str, str]] = []
        left = self._max_text
        for blob in sorted(blobs, key=lambda blob: (not is_prose(blob.path), blob.path.count("/"), blob.path)):
            text = _readable(self._git(["cat-file", "blob", blob.id], folder, copy))
            if text is None:
                continue
            if blob.size > left:
                self.notes.append(f"{link}: only the first {self._max_text:,} bytes of text were taken.")
                break
            left -= blob.size
            files.append((blob.path, text))
        if not files:
            raise CollectError(f"{link} holds no text that could be read.")
        content, spans = as_markdown(files)
        return CollectedItem(
            link=link,
            category=Category.REPOSITORIES,
            platform=(urlsplit(link).hostname or "git").removeprefix("www."),
            title=PurePosixPath(urlsplit(link).path).name,
            content=content,
            extra={"commit": commit, "spans": spans},
            evidence=content[:6000],
        )

    def _blobs(self, folder: Path, copy: Path) -> Iterator[_Blob]:
        listed = self._git(["ls-tree", "-r", "-l", "-z", "--full-tree", "HEAD"], folder, copy)
        for entry in listed.decode("utf-8", "replace").split("\0"):
            facts, _, path = entry.partition("\t")
            if facts.startswith(("100644 blob", "100755 blob")):  # no symbolic links, no submodules
                _, _, id, size = facts.split()
                yield _Blob(path, id, int(size))

    def _mostly_theirs(self, folder: Path, copy: Path) -> set[str]:
        """The paths to which the wanted person added at least half of all lines ever added."""
        log = ["log", "--no-renames", "--no-merges", "--numstat", "-z", "--format=@%aN <%aE>", "HEAD"]
        added: dict[str, list[int]] = {}
        is_theirs = False
        for entry in self._git(log, folder, copy).decode("utf-8", "replace").split("\0"):
            entry = entry.lstrip("\n")
            if entry.startswith("@"):
                is_theirs = self._commit_author in entry.casefold()
            elif match := re.match(r"(\d+|-)\t[\d-]+\t(.+)", entry, re.DOTALL):  # "-": binary
                counts = added.setdefault(match.group(2), [0, 0])
                counts[is_theirs] += 1 if match.group(1) == "-" else int(match.group(1))
        return {path for path, (others, theirs) in added.items() if theirs and theirs >= others}

    def _is_wanted(self, blob: _Blob) -> bool:
        path = PurePosixPath(blob.path)
        if any(part in SKIPPED_FOLDERS or part.startswith(".") for part in path.parts[:-1]):
            return False
        return 0 < blob.size <= self._max_file and not SKIPPED_NAMES.search(path.name)

    def _git(self, arguments: list[str], folder: Path, repository: Path | None = None) -> bytes:
        """The output of one git command, in an environment that knows no user, no system and no prompt."""
        command = ["git", *(part for key, value in SAFE_CONFIG.items() for part in ("-c", f"{key}={value}"))]
        command += [f"--git-dir={repository}"] if repository else []
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "GIT_ALLOW_PROTOCOL": "https:file",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
        }
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            try:
                process = subprocess.Popen(
                    [*command, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    cwd=folder,
                    env=environment,
                    start_new_session=True,
                )
            except FileNotFoundError as error:
                raise CollectError("git is not installed; install it to collect repositories.") from error
            try:
                self._wait(process, folder)
            finally:
                _end(process)
            out.seek(0)
            err.seek(0)
            if process.returncode != 0:
                raise CollectError(self._refusal(arguments[0], err.read(2000).decode("utf-8", "replace")))
            return out.read()

    def _refusal(self, command: str, said: str) -> str:
        """Why git failed: its first line that says "fatal:"; what follows is advice for other cases."""
        if self._url.startswith("file:") and NO_REPOSITORY.search(said):
            return f"{url2pathname(urlsplit(self._url).path)} holds no git repository; correct the path."
        lines = [line.strip() for line in said.splitlines() if line.strip()] or ["it gave no reason"]
        reason = next((line for line in lines if line.startswith("fatal: ")), lines[-1])
        return f"git {command} of {self._url} failed: {reason.removeprefix('fatal: ').rstrip('.')}."

    def _wait(self, process: "subprocess.Popen[bytes]", folder: Path) -> None:
        end = time.monotonic() + self._timeout
        pause = 0.005
        while process.poll() is None:
            if time.monotonic() > end:
                raise CollectError(f"git took longer than {self._timeout:.0f} seconds for {self._url}.")
            if _bytes_below(folder) > self._max_bytes:
                raise CollectError(f"{self._url} is larger than {self._max_bytes:,} bytes.")
            time.sleep(pause)
            pause = min(0.2, pause * 1.5)
        if _bytes_below(folder) > self._max_bytes:
            raise CollectError(f"{self._url} is larger than {self._max_bytes:,} bytes.")


def is_repository_url(url: str) -> bool:
    """Whether a link names a repository: OWNER/NAME at a known forge, matched as a host, or *.git."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return False
    segments = [part for part in parts.path.split("/") if part]
    if parts.scheme == "file":
        return True
    if parts.scheme != "https":
        return False
    return parts.path.endswith(".git") or (
        host in FORGES and len(segments) == 2 and segments[0] not in ("orgs", "users")
    )


def checked_url(url: str) -> str:
    """The URL, when git may be given it. Raises BadInput for anything but https and file URLs."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "file") or "::" in url.split("://")[0] or any(ord(c) < 33 for c in url):
        raise BadInput(f"{url!r} is no repository that can be collected: only https:// and file:// URLs are.")
    if "@" in parts.netloc:
        raise BadInput(f"The repository's URL at {parts.hostname} holds a user name; take the part before the @ away.")
    if parts.scheme == "file" and (parts.netloc or not parts.path.startswith("/")):
        raise BadInput(f"{url!r} is no file URL; it has the form file:///FOLDER.")
    if parts.scheme == "https" and (not parts.hostname or parts.hostname.startswith("-")):
        raise BadInput(f"{url!r} names no host.")
    return url


def repository_link(url: str) -> str:
    """One link for every spelling of a repository's URL: no .git, no trailing slash."""
    return canonical_link(url).rstrip("/").removesuffix(".git") if url.startswith("https") else url.rstrip("/")


def _readable(data: bytes) -> str | None:
    if b"\0" in data[:8000] or GENERATED.search(data[:400]):
        return None
    if max((len(line) for line in data.split(b"\n")), default=0) > 5000:  # minified
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _bytes_below(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:  # git renames its files while we look
                continue
    return total


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
