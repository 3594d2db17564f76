"""Fill cells of a confusion matrix. Rows are the truth, columns the prediction, as in scikit-learn and torchmetrics."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from coursekit.quiz.expressions import evaluate, written
from coursekit.quiz.items import Claim, Expectation, Form, Item, Score, Slug, Strict, Text, UnreadableError
from coursekit.quiz.kinds.typed import Feedback
from coursekit.quiz.variants import Variant

Cell = Annotated[str | int | float, Field(description="A number or an expression over the parameters.")]
Rows = Annotated[list[list[Cell]], Field(min_length=2, max_length=5)]
Place = Annotated[list[Annotated[int, Field(ge=0, le=4)]], Field(min_length=2, max_length=2)]
DIGITS = 4  # after the point; a value with more of them cannot be asked for

_NUMBER = re.compile(r"\d{1,9}([.,]\d{1,9})?", re.ASCII)
# Runs after the author's proof: what leaves a tensor, an array or rows of them leaves a nested list.
_AS_LISTS = """
if "truth" in globals():
    truth = truth.tolist() if hasattr(truth, "tolist") else [list(row) for row in truth]
    truth = [[round(float(cell), 9) for cell in row] for row in truth]
"""


class MatrixSlip(Strict):
    """A wrong matrix that tells what the learner believes, such as rows and columns the wrong way round."""

    matrix: Rows
    misconception: Slug
    feedback: Text


class Matrix(Item):
    """The answer is the whole matrix, row by row, with the cells in it that were given.

    Partial credit: the share of the asked cells that are right.
    """

    kind: Literal["matrix"] = "matrix"
    classes: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=30)]],
        Field(min_length=2, max_length=5, description="In the order of rows and columns."),
    ]
    matrix: Annotated[Rows, Field(description="The right cells: rows are the truth, columns the prediction.")]
    given: list[Place] = Field([], description="Cells that are shown filled in, as [row, column] from 0.")
    slips: list[MatrixSlip] = Field(default_factory=list)
    feedback: Feedback
    control: ClassVar[Literal["matrix"]] = "matrix"

    @model_validator(mode="after")
    def _square(self) -> Matrix:
        size = len(self.classes)
        if len({one.strip().casefold() for one in self.classes}) != size:
            raise ValueError("'classes' names a class twice")
        named = [("'matrix'", self.matrix)]
        named += [(f"the matrix of slip {number}", slip.matrix) for number, slip in enumerate(self.slips, 1)]
        for name, rows in named:
            if [len(row) for row in rows] != [size] * size:
                raise ValueError(f"{name} is not {size} rows of {size} cells, one for each class")
        for place in self.given:
            if max(place) >= size:
                raise ValueError(f"'given' names the cell {place}; rows and columns are 0 to {size - 1}")
            if self.given.count(place) > 1:
                raise ValueError(f"'given' names the cell {place} twice")
        if not self.asked():
            raise ValueError("every cell is given; leave at least one to be filled in")
        if self.proof is None:
            raise ValueError("needs 'proof': code that leaves the matrix in 'truth'")
        return self

    def asked(self) -> list[tuple[int, int]]:
        """The cells that the learner fills in, row by row."""
        size = range(len(self.classes))
        return [(row, column) for row in size for column in size if [row, column] not in self.given]

    def parse(self, variant: Variant, raw: Any) -> list[list[float]]:
        size, asked = len(self.classes), self.asked()
        if isinstance(raw, str):
            cells: list[Any] = re.findall(r"[^\s;|\[\]()]+", re.sub(r",\s|,(?=\[)", " ", raw))
            if len(cells) not in (len(asked), size * size) and "," in raw:  # 40,10;5,45
                cells = re.findall(r"[^\s,;|\[\]()]+", raw)
        elif isinstance(raw, list) and all(isinstance(row, list) for row in raw) and len(raw) == size:
            cells = [cell for row in raw for cell in row] if all(len(row) == size for row in raw) else []
        else:
            cells = []
        if len(cells) not in (len(asked), size * size):
            raise UnreadableError(self._how(variant))
        key = self.key(variant)
        found = [list(row) for row in key]  # of it only the given cells stay
        whole = [(row, column) for row in range(size) for column in range(size)]
        for (row, column), cell in zip(asked if len(cells) == len(asked) else whole, cells, strict=True):
            if (row, column) in asked:
                found[row][column] = self._number(variant, cell)
        return found

    def _number(self, variant: Variant, cell: Any) -> float:
        if isinstance(cell, str) and _NUMBER.fullmatch(cell.strip()):
            return _tidy(float(cell.strip().replace(",", ".")))
        if isinstance(cell, int | float) and not isinstance(cell, bool) and 0 <= cell < 1e9:
            return _tidy(float(cell))
        raise UnreadableError(self._how(variant))

    def _how(self, variant: Variant) -> str:
        return f"Fill in every cell with a number of 0 or more. Row by row: {self.placeholder(variant)}."

    def score(self, variant: Variant, answer: Any) -> Score:
        key, asked = self.key(variant), self.asked()
        right = sum(_same(answer[row][column], key[row][column]) for row, column in asked)
        if right == len(asked):
            return Score(1.0, True, variant.fill(self.feedback.right))
        slip = next((one for one in self.slips if self._is(answer, self._values(variant, one.matrix))), None)
        said = variant.fill(slip.feedback if slip else self.feedback.wrong)
        said += f"\n\n{right} of {len(asked)} cells {'is' if right == 1 else 'are'} right."
        return Score(right / len(asked), False, said, slip.misconception if slip else None)

    def key(self, variant: Variant) -> list[list[float]]:
        return self._values(variant, self.matrix)

    def show(self, variant: Variant, answer: Any) -> str:
        return f"`[{', '.join('[' + ', '.join(written(cell) for cell in row) + ']' for row in answer)}]`"

    def raw(self, variant: Variant, answer: Any) -> list[list[float]]:
        return [[_tidy(float(cell)) for cell in row] for row in answer]

    def form(self, variant: Variant) -> Form:
        key, asked = self.key(variant), self.asked()
        cells = [
            ["" if (row, column) in asked else written(cell) for column, cell in enumerate(line)]
            for row, line in enumerate(key)
        ]
        return Form(variant.stem, classes=[variant.fill(name) for name in self.classes], cells=cells)

    def placeholder(self, variant: Variant) -> str:
        size, numbers = len(self.classes), iter(range(1, 26))
        if not self.given:
            return "; ".join(" ".join(str(next(numbers)) for _ in range(size)) for _ in range(size))
        count = len(self.asked())
        return f"the {count} open cells, such as {' '.join(str(next(numbers)) for _ in range(count))}"

    def claims(self, variant: Variant) -> list[Claim]:
        expected = [Expectation("matrix", _rounded(self.key(variant)), True)]
        expected += [
            Expectation(f"slip {number}", _rounded(self._values(variant, slip.matrix)), False)
            for number, slip in enumerate(self.slips, 1)
        ]
        names = {**variant.values, "CODE": variant.code, "STEM": variant.stem, "CLASSES": list(self.classes)}
        return [Claim("matrix", variant.fill(self.proof or "") + "\n" + _AS_LISTS, names, ("proof",), expected)]

    def faults(self, variant: Variant) -> list[str]:
        key = self.key(variant)
        faults = [
            f"the cell in row {row}, column {column} is {written(cell)}: expected 0 or more, with at most {DIGITS} "
            "digits after the point"
            for row, line in enumerate(key)
            for column, cell in enumerate(line)
            if not 0 <= cell < 1e9 or not _same(cell, round(cell, DIGITS))
        ]
        found = [key]
        for number, slip in enumerate(self.slips, 1):
            value = self._values(variant, slip.matrix)
            if any(self._is(value, other) for other in found):
                faults.append(f"slip {number} ({self.show(variant, value)}) equals the answer or another slip")
            found.append(value)
        return faults

    def _is(self, one: Any, other: Any) -> bool:
        return all(_same(one[row][column], other[row][column]) for row, column in self.asked())

    def _values(self, variant: Variant, rows: list[list[Any]]) -> list[list[float]]:
        return [[self._value(variant, cell) for cell in row] for row in rows]

    def _value(self, variant: Variant, cell: str | int | float) -> float:
        value = evaluate(cell, variant.values) if isinstance(cell, str) else cell
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"the cell {cell!r} is {value!r}; expected a number")
        return _tidy(float(value))


def _tidy(value: float) -> float:
    """A count as a whole number, so that it is shown and kept as one."""
    return int(value) if value == int(value) else value


def _same(one: float, other: float) -> bool:
    return math.isclose(float(one), float(other), rel_tol=1e-9, abs_tol=1e-9)


def _rounded(rows: list[list[float]]) -> list[list[float]]:
    return [[round(float(cell), 9) for cell in row] for row in rows]
