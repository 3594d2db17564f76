"""A bank with one practice question of each kind, every one of them proven; for what must work with all kinds."""

from __future__ import annotations

from pathlib import Path

from coursekit.quiz.bank import Bank, read

_HELP = """
    hints: [Read the code once more., Count again.]
    solution: [First this., Then that.]
    quick_check: Run it.
    mistakes: [Guessing.]
"""


def _item(kind: str, body: str) -> str:
    head = f"\n  - id: 01-nine-{kind}\n    kind: {kind}\n    level: easy\n    objective: 01.api\n"
    return f"{head}    uses: [practice]\n    where: code\n{body.rstrip()}{_HELP}"


CHOICE = _item(
    "choice",
    """
    stem: "What comes out of `resnet18` for each image?"
    proof: |
      from torchvision.models import resnet18
      truth = f"{resnet18(weights=None).fc.out_features} logits"
    options:
      - {text: 1000 logits, right: true, feedback: One for each class.}
      - {text: 512 logits, misconception: features-for-logits, feedback: 512 features enter the last layer.}
      - {text: 5 logits, misconception: model-returns-top-five, feedback: A top-5 is taken from the output.}
""",
)
CHOICES = _item(
    "choices",
    """
    stem: "Which calls load no weights?"
    options:
      - {text: "`resnet18()`", right: true, feedback: None is the default., proof: assert not asks_for(OPTION)}
      - {text: "`resnet18(weights=None)`", right: true, feedback: None loads nothing.,
         proof: assert not asks_for(OPTION)}
      - {text: "`resnet18(weights='DEFAULT')`", misconception: default-is-none, feedback: DEFAULT names weights.,
         proof: assert asks_for(OPTION)}
      - {text: "`resnet18(weights='IMAGENET1K_V1')`", misconception: name-is-no-load, feedback: It names weights.,
         proof: assert asks_for(OPTION)}
    setup: from torchvision.models import resnet18
""",
)
NUMBER = _item(
    "number",
    """
    stem: "A test set has {{n}} images of each of 4 classes. How many images are in it?"
    params: {n: {low: 3, high: 50}}
    answer: n * 4
    unit: images
    proof: truth = len([one for one in range(4) for _ in range(n)])
    feedback: {right: Four times as many., wrong: Count all four classes.}
    slips:
      - {answer: n, misconception: one-class, feedback: That is one class.}
""",
)
SHAPE = _item(
    "shape",
    """
    stem: "The shape of `torch.rand({{batch}}, 3).T`?"
    params: {batch: {low: 4, high: 60}}
    answer: "[3, batch]"
    proof: |
      import torch
      truth = list(torch.rand(batch, 3).T.shape)
    feedback: {right: The dimensions trade places., wrong: "`.T` swaps the two dimensions."}
    slips:
      - {answer: "[batch, 3]", misconception: t-keeps-the-shape, feedback: That is the shape before.}
""",
)
TEXT = _item(
    "text",
    """
    stem: "Which method of a model switches dropout off?"
    answer: eval
    accept: [eval(), model.eval()]
    proof: |
      import torch
      layer = torch.nn.Dropout().eval()
      truth = "eval" if torch.equal(layer(torch.ones(99)), torch.ones(99)) else ""
    feedback: {right: In eval mode it passes its input on., wrong: Think of the two modes of a module.}
    slips:
      - {answer: train, misconception: modes-swapped, feedback: That switches it on.}
""",
)
OUTPUT = _item(
    "output",
    """
    stem: |
      What does this print?

      ```python
      batch = torch.zeros({{n}}, 3)
      print(batch.shape)
      print(batch.sum(dim=1).shape)
      ```
    params: {n: {low: 4, high: 60}}
    setup: import torch
    expected: "torch.Size([{{n}}, 3])\\ntorch.Size([{{n}}])"
    feedback: {right: The summed dimension is gone., wrong: "`dim=1` is the dimension that goes."}
    slips:
      - {answer: "torch.Size([{{n}}, 3]) torch.Size([3])", misconception: dim-stays, feedback: That one would stay.}
""",
)
ORDER = _item(
    "order",
    """
    stem: "Put the steps of one prediction into order, so that the code runs."
    steps: ["`batch = torch.zeros(2, 3)`", "`logits = torch.nn.Linear(3, {{k}})(batch)`",
            "`shares = logits.softmax(dim=1)`", "`best = shares.argmax(dim=1)`"]
    params: {k: [4, 6, 8]}
    slips:
      - {order: [0, 2, 1, 3], misconception: softmax-first, feedback: A softmax needs logits.}
    proof: |
      import torch
      def works(steps):
          try:
              return len(run("\\n".join(steps))["best"]) == 2
          except NameError:
              return False
    feedback: {right: Each step uses the one before., wrong: Ask of each step what it needs.}
""",
)
BUG = _item(
    "bug",
    """
    stem: |
      The two rows should each add up to 1.

      ```python
      import torch

      logits = torch.tensor([[1.0, 2.0], [3.0, {{n}}.0]])
      # one row an image
      shares = logits.softmax(dim=0)
      print(shares.sum(dim=1))
      ```

      Which line has the bug?
    params: {n: [5, 7]}
    line: 5
    fixed: "shares = logits.softmax(dim=1)"
    lines:
      6: {misconception: sum-over-the-batch, feedback: "`dim=1` adds up each row, as it should."}
    proof: |
      def symptom(code):
          sums = run(code)["shares"].sum(dim=1)
          return bool((sums - 1).abs().max() > 0.01)
    feedback: {right: "`dim=0` goes over the images.", wrong: This line does what it says.}
""",
)
MATRIX = _item(
    "matrix",
    """
    stem: "{{tp + fn}} images show a cat and {{fp + tn}} a dog. {{fn}} cats and {{fp}} dogs were misjudged."
    params: {tp: {low: 20, high: 40}, fn: {low: 1, high: 5}, fp: {low: 6, high: 9}, tn: {low: 50, high: 90}}
    classes: [cat, dog]
    matrix: [[tp, fn], [fp, tn]]
    given: [[1, 1]]
    slips:
      - {matrix: [[tp, fp], [fn, tn]], misconception: transposed, feedback: Rows are the truth.}
    proof: |
      import torch
      from torchmetrics.functional import confusion_matrix
      truth = torch.tensor([0] * (tp + fn) + [1] * (fp + tn))
      guess = torch.tensor([0] * tp + [1] * fn + [0] * fp + [1] * tn)
      truth = confusion_matrix(guess, truth, task="multiclass", num_classes=2)
    feedback: {right: Each row adds up to its class., wrong: Each row must add up to the images of its class.}
""",
)
ITEMS = (CHOICE, CHOICES, NUMBER, SHAPE, TEXT, OUTPUT, ORDER, BUG, MATRIX)
WHOLE = 'lesson: "01"\nitems:' + "".join(ITEMS)


def nine(folder: Path) -> Bank:
    """The bank of nine, read from a file in ``folder``."""
    path = folder / "01_nine.yml"
    path.write_text(WHOLE, encoding="utf-8")
    bank, problems, _ = read(path)
    assert bank is not None, [str(one) for one in problems]
    return bank
