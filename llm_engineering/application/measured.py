"""All measures of one evaluation, made ready once and put to each candidate's answers."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np

from llm_engineering.application import contenders, style
from llm_engineering.application.contenders import Answers
from llm_engineering.application.copying import CopyIndex
from llm_engineering.application.fluency import fluency, repetition
from llm_engineering.application.judging import Judge
from llm_engineering.application.ports import DocumentStore, Embedder, Progress
from llm_engineering.application.style.refusing import auc_error
from llm_engineering.application.truth import citation_scores, supported, supported_share
from llm_engineering.application.truth_judging import Grounded, relabelled
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Retrieved
from llm_engineering.domain.datasets import InstructDataset, InstructSample
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.errors import EmptyCorpus
from llm_engineering.domain.evaluation import Candidate, Sample, SampleAnswer, Score, StyleScores, TruthScores
from llm_engineering.domain.measures import Fluency, HeldOutLoss, Interval, SentenceSupport

HELD_OUT_SHARE_OF_IMPOSTORS = 0.3
AUTHOR, OTHERS = "author_held_out", "other_author"
"""What the anchors are called among the candidates."""


@dataclass
class Measure:
    """Made by `Measure.of`. Results for the same answers are computed once."""

    verifier: style.Verifier
    own: "Pieces"
    others: "Pieces"
    stranger_documents: Sequence[Hashable]
    """Of each of the verifier's strangers' pieces, in their order."""
    favourites: dict[str, list[str]]
    """Kind (words, openings) → the author's favourites, the most telling first."""
    copies: CopyIndex
    author: str
    prompt_documents: Sequence[UUID]
    """Where each prompt's passage is from: answers to prompts of one document are alike."""
    embedder: Embedder
    seed: int
    _values: dict[str, np.ndarray] = field(default_factory=dict)
    _support: dict[str, list[list[SentenceSupport]]] = field(default_factory=dict)
    _labelled: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Candidate → the judge that labelled its sentences, and the answers that kept their labels."""

    @classmethod
    def of(
        cls,
        author: Author,
        dataset: InstructDataset,
        documents: Sequence[CleanedDocument],
        impostors: Mapping[str, Sequence[str]],
        embedder: Embedder,
        *,
        prompts: Sequence[InstructSample],
        also_read: Collection[UUID],
        seed: int,
    ) -> "Measure":
        """Fit the verifier on training documents and prove it on held-out ones. Raises EmptyCorpus."""
        texts = {document.id: document.style_text for document in documents}
        training = [texts[id] for id in dataset.metadata.train_documents if id in texts]
        held_out = [texts[id] for id in dataset.metadata.test_documents if id in texts]
        read_elsewhere = [texts[id] for id in also_read if id in texts]
        own = Pieces.of(training, held_out)
        others = {name: _split(some) for name, some in sorted(impostors.items())}
        theirs = Pieces.of(*(flattened(one[side] for one in others.values()) for side in (0, 1)))
        impostor_pieces = {name: Pieces.of(*some) for name, some in others.items()}
        groups = {name: some.train for name, some in impostor_pieces.items()}
        if not theirs.train:
            raise EmptyCorpus(
                "Style needs other authors to compare with, and the warehouse has none; collect a second author "
                "(the sample site has two: ./poe quickstart)."
            )
        verifier = style.fitted(style.Sides(own.train, groups, own.held_out, theirs.held_out), seed)
        other_texts = flattened(one[0] for one in others.values())
        return cls(
            verifier=verifier,
            own=own,
            others=theirs,
            stranger_documents=[
                (name, number) for name in verifier.strangers for number in impostor_pieces[name].train_documents
            ],
            favourites={
                "words": list(style.favourite_words(training, other_texts)),
                "openings": list(style.favourite_openings(training, other_texts)),
            },
            # Whole documents: a twin may have read them all, whatever passages became samples.
            # And the samples themselves, should a document have changed or gone since.
            copies=CopyIndex([*training, *read_elsewhere, *(sample.answer for sample in dataset.train)]),
            author=author.full_name,
            prompt_documents=[sample.document_id for sample in prompts],
            embedder=embedder,
            seed=seed,
        )

    @property
    def members(self) -> dict[str, float]:
        """Measure → AUC on held-out pieces."""
        return {name: scale.auc for name, scale in self.verifier.members.items()}

    @property
    def member_intervals(self) -> dict[str, Interval]:
        """Measure → 95 % interval of its AUC."""
        return {name: self._auc_interval(auc) for name, auc in self.members.items()}

    def _auc_interval(self, auc: float) -> Interval:
        return auc_interval(auc, self.verifier.author_held_out, self.verifier.impostors_held_out)

    def candidate(self, answers: Answers, base: Answers, loss: HeldOutLoss | None) -> Candidate:
        """Everything about one candidate; `base` answered the same prompts, `loss` is the model's own."""
        values = self.values(answers)
        compared = self.values(base)[list(answers.places)]
        documents = self._documents(answers.places)
        return Candidate(
            name=answers.name,
            label=answers.label,
            model=answers.contender.model.partition("@")[0],
            style=style.score_of(values, self.seed, documents),
            per_prompt=[float(value) for value in values],
            gain=None if answers is base else style.difference_of(values, compared, self.seed, documents),
            copying=self.copies.scores(answers.texts, self.seed),
            fluency=self.fluency(answers.texts, answers.places),
            loss=loss,
            leaks=self.copies.leaks(answers.texts),
            truth=self._truth(answers) if answers.found else None,
        )

    def _documents(self, places: Iterable[int]) -> list[UUID]:
        return [self.prompt_documents[at] for at in places]

    def fluency(self, texts: Sequence[str], places: Iterable[int]) -> Fluency:
        """Of texts for the prompts at `places`, with the interval of their repetition."""
        repeats = style.score_of([repetition(text) for text in texts], self.seed, self._documents(places))
        return fluency(texts).model_copy(update={"repetition_interval": (repeats.low, repeats.high)})

    def values(self, answers: Answers) -> np.ndarray:
        """Style of each answer, shape (answers,). An empty one reads like nobody: 0, or what the worst has."""
        if answers.name not in self._values:
            values = self.verifier.scores(answers.texts)
            empty = np.array([not text.strip() for text in answers.texts])
            self._values[answers.name] = np.where(empty, min(0.0, float(values.min())), values)
        return self._values[answers.name]

    def style_scores(self, base: Candidate, twin: Candidate, answers: Sequence[Answers]) -> StyleScores:
        """The twin between the anchors, with the measures behind the score."""
        texts = self._texts(answers)
        alike, words_each = equally_long(texts)
        # The verifier knows the others, so what it makes of their text is not what it makes of a stranger's.
        unknown = {name: some for name, some in texts.items() if name != OTHERS}
        odds = {name: float(np.mean(self.verifier.log_odds(some))) for name, some in unknown.items()}
        wins = {name: float(np.mean(self.verifier.wins(some))) for name, some in unknown.items()}
        own, verifier = self.own, self.verifier
        return StyleScores(
            author_held_out=style.score_of(self.verifier.scores(own.held_out), self.seed, own.held_out_documents),
            other_author=self._others_score(),
            base=base.style,
            twin=twin.style,
            gain=twin.gain or twin.style,
            verifier_auc=verifier.auc,
            verifier_auc_interval=self._auc_interval(verifier.auc),
            verifier_auc_strangers=verifier.auc_strangers,
            verifier_auc_strangers_interval=self._strangers_interval(),
            verifier_pieces=(verifier.author_held_out, verifier.impostors_held_out),
            raw={"log_odds": odds, "impostors_won": wins, **self._deltas(alike)},
            delta_words=words_each,
            measures=self._member_means(unknown),
        )

    def _strangers_interval(self) -> Interval | None:
        auc, pieces = self.verifier.auc_strangers, len(self.stranger_documents)
        return None if auc is None else auc_interval(auc, self.verifier.author_held_out, pieces)

    def _deltas(self, texts: Mapping[str, Sequence[str]]) -> dict[str, dict[str, float]]:
        """Delta → candidate or anchor → distance from the author's training text."""
        background = [*self.own.train, *self.others.train]
        return {
            name: {one: delta(some, self.own.train, background) for one, some in texts.items()}
            for name, delta in (("burrows_delta", style.burrows_delta), ("cosine_delta", style.cosine_delta))
        }

    def _member_means(self, texts: Mapping[str, Sequence[str]]) -> dict[str, dict[str, float]]:
        """Measure → candidate or anchor → its mean on that measure's own scale of 0 to 1."""
        # Zero is the others' mean as strangers, by the making of each scale.
        means: dict[str, dict[str, float]] = {name: {OTHERS: 0.0} for name in self.verifier.members}
        for one, some in texts.items():
            for name, values in self.verifier.member_scores(some).items():
                means[name][one] = float(values.mean())
        return means

    def _others_score(self) -> Score:
        """Of the other authors, each scored by a verifier that did not know them, as it knows no candidate."""
        if self.verifier.strangers:
            values = np.concatenate(list(self.verifier.strangers.values()))
            return style.score_of(values, self.seed, self.stranger_documents)
        others = self.others
        return style.score_of(self.verifier.scores(others.held_out), self.seed, others.held_out_documents)

    def profile(self, answers: Sequence[Answers]) -> dict[str, dict[str, float]]:
        """Habit → candidate or anchor → rate."""
        return style.candidates_profile(self._texts(answers))

    def truth_change(self, base: Answers, twin: Answers) -> Score | None:
        """The twin's supported share minus the base model's, over prompts where both state something."""
        plain, own = ([supported_share(some) for some in self._supports(one)] for one in (base, twin))
        changes = [None if one is None or other is None else one - other for one, other in zip(own, plain, strict=True)]
        return self._mean_of_told(changes, twin)

    def _mean_of_told(self, figures: Sequence[float | None], answers: Answers) -> Score | None:
        """The mean over the answers that have a figure; None where none has."""
        documents = self._documents(answers.places)
        told = [(one, document) for one, document in zip(figures, documents, strict=True) if one is not None]
        return style.score_of([one for one, _ in told], self.seed, [of for _, of in told]) if told else None

    def samples(self, prompts: Sequence[InstructSample], answers: Sequence[Answers]) -> list[Sample]:
        """The prompts with the author's text and everybody's answer, marked."""
        return [
            Sample(
                instruction=sample.instruction,
                author=sample.answer,
                answers={one.name: self._sample(one, one.places.index(at)) for one in answers if at in one.places},
            )
            for at, sample in enumerate(prompts)
        ]

    def _sample(self, answers: Answers, at: int) -> SampleAnswer:
        text = answers.texts[at]
        support = self._supports(answers)[at] if answers.found else []
        return SampleAnswer(text=text, copied=self.copies.spans(text), support=support)

    def _truth(self, answers: Answers) -> TruthScores | None:
        sentences = self._supports(answers)
        share = self._mean_of_told([supported_share(some) for some in sentences], answers)
        labels = [one.label.value for some in sentences for one in some]
        shown = [len(contenders.material(found.passages)) for found in answers.found]
        if share is None:
            return None
        labelled_by, kept = self._labelled.get(answers.name, (None, 0))
        return TruthScores(
            supported=share,
            sentences={label: labels.count(label) for label in ("supported", "unsupported", "opinion")},
            citations=citation_scores(list(zip(sentences, shown, strict=True))),
            labelled_by=labelled_by,
            kept=kept,
        )

    def _supports(self, answers: Answers) -> list[list[SentenceSupport]]:
        if answers.name not in self._support:
            self._support[answers.name] = [
                self._supported(text, found) for text, found in zip(answers.texts, answers.found, strict=True)
            ]
        return self._support[answers.name]

    def _supported(self, text: str, found: Retrieved) -> list[SentenceSupport]:
        chunks = [one.chunk for one in contenders.material(found.passages)]
        known = [found.question, *(one.title for one in chunks)]
        return supported(text, [one.text for one in chunks], self.embedder, known)

    def judge_truth(self, judge: Judge, answers: Answers, store: DocumentStore, progress: Progress) -> None:
        """Let a chat model say what the sources say of each sentence, from here on."""
        grounded = [
            Grounded(text, [one.chunk.text for one in contenders.material(found.passages)], sentences)
            for text, found, sentences in zip(answers.texts, answers.found, self._supports(answers), strict=True)
        ]
        self._support[answers.name], kept = relabelled(judge, grounded, store=store, progress=progress, seed=self.seed)
        self._labelled[answers.name] = judge.name, kept
        if kept:
            progress.note(f"The judge could not label {kept} of {len(grounded)} answers of {answers.name}.")

    def _texts(self, answers: Sequence[Answers]) -> dict[str, Sequence[str]]:
        return {
            AUTHOR: self.own.held_out,
            OTHERS: self.others.held_out,
            **{one.name: one.texts for one in answers},
        }


@dataclass(frozen=True)
class Pieces:
    """Texts cut to one length, as a score depends on the length of a text."""

    train: list[str]
    train_documents: list[int]
    """Number of the document of each piece: those of one document are drawn together."""
    held_out: list[str]
    held_out_documents: list[int]

    @classmethod
    def of(cls, train: Sequence[str], held_out: Sequence[str]) -> "Pieces":
        """Of training documents, and of held-out ones."""
        (read, read_documents), (kept, kept_documents) = _numbered(train), _numbered(held_out)
        return cls(read, read_documents, kept, kept_documents)


def _numbered(texts: Sequence[str]) -> tuple[list[str], list[int]]:
    """(Pieces of all texts, the number of each one's text)."""
    found = [(piece, number) for number, text in enumerate(texts) for piece in style.pieces(text)]
    return [piece for piece, _ in found], [number for _, number in found]


def equally_long(texts: Mapping[str, Sequence[str]]) -> tuple[dict[str, list[str]], int]:
    """(Everybody's texts, shortened to about as many words as whoever wrote least has, how many those are).

    A Delta grows as a text gets shorter, so unequal amounts cannot be compared. Each text of one loses
    the same share of its end. Who wrote nothing sets no measure.
    """
    split = {one: [text.split() for text in some] for one, some in texts.items()}
    totals = {one: sum(map(len, some)) for one, some in split.items()}
    least = min((total for total in totals.values() if total), default=0)
    shares = {one: least / total if total else 1.0 for one, total in totals.items()}
    return {
        one: [" ".join(words[: round(len(words) * shares[one])]) for words in some] for one, some in split.items()
    }, least


def auc_interval(auc: float, positives: int, negatives: int) -> Interval:
    """95 % interval of an AUC on so many pieces of either side (Hanley & McNeil 1982), within 0 and 1.

    That has no width where no pair is the wrong way round. Then the rule of three holds for the side with
    fewer pieces (Hanley & Lippman-Hand 1983): three in n may be, though none was seen.
    """
    half = 1.96 * auc_error(auc, positives, negatives) or 3 / min(positives, negatives)
    return max(0.0, auc - half), min(1.0, auc + half)


def flattened(lists: Iterable[Sequence[str]]) -> list[str]:
    """All of them in order."""
    return [one for some in lists for one in some]


def _split(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """(train, held out) documents of one impostor, who has no split of their own: the newest are held out."""
    documents = [text for text in texts if text.strip()]
    last = max(1, round(len(documents) * HELD_OUT_SHARE_OF_IMPOSTORS))
    return documents[:-last], documents[-last:]
