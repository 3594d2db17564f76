"""One question as its author wrote it: what every kind of question shares.

A kind (``coursekit.quiz.kinds``) adds what is asked for and how an answer is scored. Text is Markdown with code and
``$maths$``; ``{{expression}}`` in it is filled from the parameters of the variant.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from coursekit.quiz.variants import Variant

Level = Literal["easy", "medium", "hard"]
Use = Literal["practice", "test", "challenge", "predict", "graded"]
Topic = Literal["concept", "predict-the-output", "model-choice", "metrics", "debugging"]
Section = Literal[
    "why", "idea", "code", "visualize", "deep", "experiment", "metrics", "misconceptions", "symptoms", "key-result"
]  # a cell tag of the lesson, without the "mode-" in front
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
ItemId = Annotated[str, Field(pattern=r"^\d\d-[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Code = Annotated[str, Field(min_length=1, max_length=4000)]
LEVELS: tuple[Level, ...] = ("easy", "medium", "hard")
FULL_HELP: tuple[Use, ...] = ("practice", "test", "challenge")  # uses that need hints, solution, check and mistakes


class Strict(BaseModel):
    """A field that is not known is a mistake of spelling, and is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False)


class Range(Strict):
    """Whole numbers from ``low`` to ``high``, both included."""

    low: int
    high: int
    step: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _in_order(self) -> Range:
        if self.low > self.high:
            raise ValueError(f"low ({self.low}) is above high ({self.high})")
        return self

    def values(self) -> list[int]:
        return list(range(self.low, min(self.high, self.low + 10_000 * self.step) + 1, self.step))


Values = Annotated[list[int | float | str], Field(min_length=1, max_length=1000)]


@dataclass(frozen=True)
class Score:
    """What an answer is worth: ``score`` from 0 to 1, ``right`` only at 1; feedback in Markdown."""

    score: float
    right: bool
    feedback: str
    misconception: str | None = None


@dataclass(frozen=True)
class Expectation:
    """What must hold of the value ``truth`` that a proof computes: it is (or is not) ``value``."""

    label: str
    value: Any
    holds: bool
    tolerance: float = 0.0


@dataclass(frozen=True)
class Claim:
    """A piece of a proof: code to run on the installed torch, and what must hold of its ``truth`` afterwards."""

    label: str
    code: str
    names: dict[str, Any]
    path: tuple[str | int, ...]  # where in the item it is written
    expectations: list[Expectation] = field(default_factory=list)


@dataclass(frozen=True)
class Form:
    """What a question looks like, whoever shows it. Texts are Markdown, but for the lines of a program."""

    stem: str
    options: list[str] = field(default_factory=list)  # options or steps, in the order shown
    lines: list[str] = field(default_factory=list)  # of a program, one of which is picked
    idle: list[int] = field(default_factory=list)  # numbers (from 1) of the lines that cannot be picked
    after: str = ""  # what stands below the program
    rows: int = 1  # of the field for a typed answer
    classes: list[str] = field(default_factory=list)  # of a confusion matrix
    cells: list[list[str]] = field(default_factory=list)  # its cells, row by row; empty where one is asked for


Control = Literal["one", "several", "text", "order", "line", "matrix"]


class UnreadableError(ValueError):
    """An answer that cannot be read as what was asked for; it costs no try. The text says how to write it."""


class Item(Strict, ABC):
    """A question. A subclass is one kind of question, named by ``kind``."""

    id: ItemId
    kind: str
    level: Level
    objective: Annotated[str, Field(pattern=r"^\d\d\.[a-z0-9-]+$")]
    uses: Annotated[list[Use], Field(min_length=1)]
    where: Section = Field(description="The section of the lesson to read again after a wrong answer.")
    stem: Text
    params: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Values | Range] = {}
    require: list[str] = Field([], description="Conditions on the parameters, such as 'batch != classes'.")
    setup: Code | None = Field(None, description="Code run before every proof of this question.")
    proof: Code | None = Field(None, description="Code that leaves the right value in 'truth'.")
    hints: list[Text] = []
    solution: list[Text] = Field([], description="The way to the answer, one step an entry.")
    quick_check: Text | None = Field(None, description="One line the learner can run or ask to be sure.")
    mistakes: list[Text] = Field([], description="Common mistakes.")
    topic: Topic | None = Field(None, description="What a challenge problem is about.")
    seconds: Annotated[int, Field(ge=15, le=1800)] | None = Field(None, description="Time of a challenge problem.")

    control: ClassVar[Control]

    @model_validator(mode="after")
    def _complete(self) -> Item:
        if len(set(self.uses)) != len(self.uses):
            raise ValueError("'uses' names something twice")
        if set(self.uses) & set(FULL_HELP):
            if len(self.hints) < 2:
                raise ValueError("needs at least two hints, the first one gentle")
            for name in ("solution", "mistakes", "quick_check"):
                if not getattr(self, name):
                    raise ValueError(f"needs {name!r}")
        elif not self.solution:
            raise ValueError("needs 'solution'")
        if "challenge" in self.uses and (self.topic is None or self.seconds is None):
            raise ValueError("a challenge problem needs 'topic' and 'seconds'")
        return self

    @abstractmethod
    def parse(self, variant: Variant, raw: Any) -> Any:
        """The answer as plain JSON data, from what the learner picked or typed. Raises UnreadableError."""

    @abstractmethod
    def score(self, variant: Variant, answer: Any) -> Score:
        """What a parsed answer is worth."""

    @abstractmethod
    def key(self, variant: Variant) -> Any:
        """The right answer, as ``parse`` would give it."""

    @abstractmethod
    def show(self, variant: Variant, answer: Any) -> str:
        """An answer as Markdown on one line."""

    @abstractmethod
    def raw(self, variant: Variant, answer: Any) -> Any:
        """A parsed answer as the learner gave it: ``parse`` of it is the answer again."""

    @abstractmethod
    def claims(self, variant: Variant) -> list[Claim]:
        """What must be proven for this variant."""

    @abstractmethod
    def faults(self, variant: Variant) -> list[str]:
        """What is wrong with this variant: two equal options, an answer without a value."""

    def choices(self, variant: Variant) -> list[str]:
        """The options in the order of this variant, in Markdown; none for a typed answer."""
        return []

    def form(self, variant: Variant) -> Form:
        """What a front end shows of this variant."""
        return Form(variant.stem, self.choices(variant))

    def placeholder(self, variant: Variant) -> str:
        """How a typed answer is written, for example ``[2, 3]``."""
        return ""

    def guess_chance(self, variant: Variant) -> float:
        """How likely a blind guess is right."""
        return 0.0


class Objective(Strict):
    """What a learner can do after the lesson."""

    id: Annotated[str, Field(pattern=r"^\d\d\.[a-z0-9-]+$")]
    text: Text


class Card(Strict):
    """A recall card: something to be asked, and what should come to mind."""

    id: ItemId
    objective: Annotated[str, Field(pattern=r"^\d\d\.[a-z0-9-]+$")]
    front: Text
    back: Text
