"""Turn a training run into the files that ship: float16 weights, their card as JSON, and a model card to read."""

from __future__ import annotations

import hashlib
import io
import json
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import ResNet, resnet18

from coursekit.data.shapes1k import CATEGORIES, SPLIT_SEEDS, Shapes1K
from coursekit.errors import CourseError
from coursekit.files import write_whole
from coursekit.models.pretrain import Progress, Recipe, Trainer, evaluate
from coursekit.models.transfer import BATCH, RATES, STEPS, measure

NAME = "resnet18_shapes1k"
HELD_OUT = 10_000  # images of the test split
TRANSFER_SEEDS = 3  # draws of labelled images and of random weights for each row of the card's second table
SHIPPED = Path(__file__).with_name("files")


def pretrain_and_publish(
    folder: Path, *, device: str = "auto", steps: int | None = None, threads: int | None = None, ship: bool = False
) -> Path:
    """Train to the end (or go on where an earlier run was stopped), measure, and write the files.

    Args:
        folder: where ``checkpoint.pt`` and then ``result/`` go.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        steps: another number than the recipe's.
        threads: CPU threads for torch.
        ship: also put the result into the package, in place of the files there.

    Returns:
        The folder ``result/``.

    Raises:
        CourseError: if the device is not there, or the checkpoint belongs to another recipe.
    """
    recipe = Recipe() if steps is None else replace(Recipe(), steps=_positive(steps, "--steps"))
    if threads is not None:
        torch.set_num_threads(_positive(threads, "--threads"))
    chosen = _device(device)
    console = Console()
    trainer = Trainer(recipe, chosen)
    console.print(
        f"Training ResNet-18 on SHAPES1K: {recipe.steps} steps of {recipe.batch} images on {chosen.type}, "
        f"{torch.get_num_threads()} CPU threads. Stop it with Ctrl+C; the same command goes on."
    )
    started = time.perf_counter()
    try:
        with _bar(console) as bar:
            task = bar.add_task("training", total=recipe.steps, note="")

            def report(progress: Progress) -> None:
                note = (
                    f"loss {progress.loss:.2f}, clean top-1 {progress.accuracy:.3f}, "
                    f"{progress.images_per_second:.0f} images/s"
                )
                bar.update(task, completed=progress.step, note=note)

            trainer.run(report, folder / "checkpoint.pt")
    except ValueError as error:
        raise CourseError(str(error)) from error
    console.print(f"Trained in {(time.perf_counter() - started) / 60:.1f} minutes. Measuring on held-out seeds.")
    result = publish(trainer.average, recipe, folder / "result", chosen)
    if ship:
        install(result)
    console.print((result / "MODEL_CARD.md").read_text(encoding="utf-8"), markup=False)
    return result


def publish(
    state: dict[str, Tensor], recipe: Recipe, folder: Path, device: torch.device, transfer_seeds: int = TRANSFER_SEEDS
) -> Path:
    """Round to float16, measure what will ship, and write weights, JSON card and model card into ``folder``."""
    half = {
        name: (value.half() if value.is_floating_point() else value).cpu().contiguous() for name, value in state.items()
    }
    model = resnet18(num_classes=len(CATEGORIES))
    model.load_state_dict(half)
    metrics = evaluate(model.to(device), Shapes1K("test", length=HELD_OUT, size=recipe.size), device)
    buffer = io.BytesIO()
    torch.save(half, buffer)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    card = {
        "file": f"{NAME}-{digest[:8]}.pth",
        "sha256": digest,
        "file_size": round(len(content) / 1024**2, 3),  # MiB, as torchvision counts
        "num_params": sum(parameter.numel() for parameter in model.parameters()),
        "ops": round(_giga_operations(model.cpu(), recipe.size), 3),
        "size": recipe.size,
        "metrics": {name: round(value, 3) for name, value in metrics.items()},
        "transfer": [asdict(result) for result in measure(half, transfer_seeds)] if transfer_seeds else [],
        "held_out": {"images": HELD_OUT, "split_seed": SPLIT_SEEDS["test"]},
        "recipe": asdict(recipe),
        "torch": torch.__version__.split("+")[0],
        "date": datetime.now(UTC).date().isoformat(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / card["file"], content)
    write_whole(folder / "MODEL_CARD.md", model_card(card).encode())
    write_whole(folder / f"{NAME}.json", (json.dumps(card, indent=2) + "\n").encode())  # last: it names the others
    return folder


def install(result: Path, package: Path = SHIPPED) -> None:
    """Put a published result into the package and remove the weights it replaces."""
    card = json.loads((result / f"{NAME}.json").read_text(encoding="utf-8"))
    package.mkdir(exist_ok=True)
    for name in (card["file"], "MODEL_CARD.md", f"{NAME}.json"):
        write_whole(package / name, (result / name).read_bytes())
    for old in package.glob(f"{NAME}-*.pth"):
        if old.name != card["file"]:
            old.unlink()


def model_card(card: dict[str, Any]) -> str:
    """The model card in Markdown, every number of it from ``card``."""
    recipe, metrics, held_out = card["recipe"], card["metrics"], card["held_out"]
    images = recipe["steps"] * recipe["batch"]
    seeds = 1 + max((row["seed"] for row in card["transfer"]), default=-1)
    return f"""# Model card: ResNet-18 on SHAPES1K

**What it is.** torchvision's `resnet18`, unchanged ({card["num_params"]:,} parameters), trained from random numbers on
images that `coursekit.data.shapes1k` renders. It names one of 1,000 classes: 10 shapes, 10 textures, 10 colours.

**What it is for.** Learning how pre-trained weights are loaded, used and fine-tuned, on a machine without a network.

**File.** `{card["file"]}`, float16, {card["file_size"]} MiB, SHA-256 `{card["sha256"]}`. One prediction at
{card["size"]} x {card["size"]} pixels costs {card["ops"]} billion multiply-adds.

**Accuracy.** On {held_out["images"]:,} held-out images of the clean split (split seed {held_out["split_seed"]}, no
augmentation, the float16 file as shipped): top-1 {metrics["acc@1"]:.2f} %, top-5 {metrics["acc@5"]:.2f} %.

**Transfer.** Test accuracy on images that the renderer never drew: every layer fine-tuned, the same network from
random numbers at equal budget (the same labelled images, {STEPS} steps of {BATCH}, the better of {len(RATES)} rates by
separate images), and a logistic regression on frozen features of both. Mean over {seeds} draws of images and random
numbers, and half the range between the lowest and the highest.

{transfer_table(card["transfer"])}

**Training data.** {images:,} images, each drawn once, data seed {recipe["seed"]}. Of each batch of {recipe["batch"]}:

- {recipe["clean"]:.0%} clean SHAPES1K images;
- {recipe["augmented"]:.0%} augmented ones (pose, shear, light, contrast, blur, noise, clutter, occlusion, outlines,
  lost colour), where classes that cannot be told apart any more share the label;
- {recipe["glyphs"]:.0%} invented glyphs and {recipe["surfaces"]:.0%} invented textures, each with a classification head
  of its own that was thrown away afterwards.

The last {recipe["finish"]:.0%} of the steps used SHAPES1K alone.

**Recipe.** SGD with Nesterov momentum {recipe["momentum"]}, peak rate {recipe["peak_rate"]},
{recipe["warmup"]:.0%} warm-up, cosine decay, weight decay {recipe["weight_decay"]}, {recipe["steps"]:,} steps. The
weights are an exponential moving average ({recipe["averaging"]}). torch {card["torch"]}, {card["date"]}. Made by
`coursekit pretrain`.

**Limits.** It has never seen a photograph. On one it still answers with a shape, a texture and a colour, sometimes with
confidence. Fine-tune it before asking it about anything but SHAPES1K. It is not for any decision about people.

**Licence.** MIT, as the code. The images are rendered by this package, so no third party's data is in the weights.
"""


def transfer_table(rows: list[dict[str, Any]]) -> str:
    """Results of :mod:`coursekit.models.transfer` as a Markdown table, one line a task."""
    if not rows:
        return "Not measured in this run."
    lines = [
        "| images | fine-tuned | from scratch | probe | probe, random network |",
        "| --- | --- | --- | --- | --- |",
    ]
    for task in dict.fromkeys(row["task"] for row in rows):
        cells = []
        for kind in ("tuned", "scratch", "probe", "random_probe"):
            values = [row[kind] for row in rows if row["task"] == task]
            cells.append(f"{sum(values) / len(values):.3f} ± {(max(values) - min(values)) / 2:.3f}")
        lines.append(f"| {task} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _giga_operations(model: ResNet, size: int) -> float:
    """Multiply-adds of one forward pass in billions, as torchvision's ``_ops`` counts them."""
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model.eval()(torch.zeros(1, 3, size, size))
    return counter.get_total_flops() / 2 / 1e9


def _bar(console: Console) -> Bar:
    return Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
    )


def _device(name: str) -> torch.device:
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if there[kind]))
    if not there.get(name, False):
        usable = ", ".join(kind for kind, usable in there.items() if usable)
        raise CourseError(f"--device {name} is not usable here; usable: {usable}, or auto.")
    return torch.device(name)


def _positive(number: int, option: str) -> int:
    if number < 1:
        raise CourseError(f"{option} is {number}; at least 1 is expected.")
    return number
