"""The ``coursekit`` command: each command calls one function, and imports it only then."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from coursekit.errors import CourseError

app = typer.Typer(
    name="coursekit",
    help="A course on torchvision's pre-trained models. Start with: coursekit lab",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

LessonName = Annotated[str, typer.Argument(help="Number or name of a lesson, for example 01.")]
WorkspaceFolder = Annotated[Path, typer.Option("--workspace", help="Your folder for notebooks.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
DEFAULT_WORKSPACE = Path("~/coursekit")


def _expand(folder: Path) -> Path:
    """``~`` and ``~user`` replaced by the home folder."""
    try:
        return folder.expanduser()
    except RuntimeError as error:
        raise CourseError(f"{folder}: there is no such home folder. Give the workspace by its full path.") from error


@app.command()
def lab(
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    port: Annotated[int, typer.Option(help="Where to listen; the next free one is taken if this is in use.")] = 8888,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, open nothing.")] = False,
) -> None:
    """Make or update your workspace and open JupyterLab on the dashboard.

    Example: coursekit lab --workspace ~/course --no-browser
    """
    from coursekit.lab.server import open_lab

    raise typer.Exit(open_lab(_expand(workspace), port=port, browser=not no_browser))


@app.command()
def view(
    lesson: LessonName,
    mode: Annotated[str, typer.Option(help="Learning mode: why, idea, code, visualize, and so on.")],
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
) -> None:
    """Write one learning mode of a lesson as a notebook of its own.

    Example: coursekit view 01 --mode visualize
    """
    from coursekit.lab.views import write_view

    typer.echo(write_view(lesson, mode, _expand(workspace)))


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what works here and what does not, each with the mend.

    Example: coursekit doctor --json
    """
    from coursekit.doctor import examine, show

    raise typer.Exit(show(examine(), as_json=as_json))


@app.command()
def practice(lesson: LessonName) -> None:
    """Practice questions in the terminal, with feedback at once.

    Example: coursekit practice 01
    """
    from coursekit.quiz.terminal import practice as run

    raise typer.Exit(run(lesson))


@app.command()
def test(lesson: LessonName) -> None:
    """Ten test questions in the terminal, and a verdict.

    Example: coursekit test 01
    """
    from coursekit.quiz.terminal import test as run

    raise typer.Exit(run(lesson))


@app.command()
def challenge(lesson: LessonName) -> None:
    """Five timed problems in the terminal, two attempts each, and a badge.

    Example: coursekit challenge 01
    """
    from coursekit.quiz.commands import challenge as run

    raise typer.Exit(run(lesson))


@app.command()
def review(
    lesson: Annotated[str | None, typer.Argument(help="A lesson, for example 01; all lessons if not given.")] = None,
) -> None:
    """Recall cards and missed questions that are due, in the terminal.

    Example: coursekit review
    """
    from coursekit.quiz.commands import review as run

    raise typer.Exit(run(lesson))


@app.command()
def placement() -> None:
    """A short adaptive test over all lessons that says where to start.

    Example: coursekit placement
    """
    from coursekit.quiz.commands import placement as run

    raise typer.Exit(run())


@app.command()
def lint(
    files: Annotated[list[Path] | None, typer.Argument(help="Only these banks; everything if none is given.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run proofs again that held before, unchanged.")] = False,
    as_json: AsJson = False,
) -> None:
    """Everything an author can get wrong: banks, proofs, tags, links, exercises.

    Example: coursekit lint quizzes/01_loading_weights.yml
    """
    from coursekit.lint import lint as run
    from coursekit.lint import show

    raise typer.Exit(show(run(fresh=fresh, banks=files or None), as_json=as_json))


@app.command()
def release(
    lesson: LessonName,
    folder: Annotated[Path, typer.Option("--to", help="Folder to write into.")] = Path("release"),
) -> None:
    """Write nbgrader's release version of a lesson: no solutions, locked cells.

    Example: coursekit release 01 --to release
    """
    from coursekit.grading.release import release_lesson

    for path in release_lesson(lesson, folder):
        typer.echo(path)


@app.command()
def weights(as_json: AsJson = False) -> None:
    """Show which weights this machine would use, and why.

    Example: coursekit weights
    """
    from coursekit.models.choice import show

    raise typer.Exit(show(as_json=as_json))


@app.command()
def pretrain(
    folder: Annotated[Path, typer.Option("--to", help="Folder for checkpoints and the result.")] = Path("pretrain"),
    device: Annotated[str, typer.Option(help="cpu, cuda, mps, or auto.")] = "auto",
    steps: Annotated[int | None, typer.Option(help="Fewer steps than the recipe's, to try it out.")] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads; all cores if not given.")] = None,
    ship: Annotated[bool, typer.Option("--ship", help="Put the result into the package as well.")] = False,
) -> None:
    """Train the shipped weights again; resumes where it was stopped.

    Example: coursekit pretrain --to pretrain --device cpu
    """
    from coursekit.models.publish import pretrain_and_publish

    pretrain_and_publish(folder, device=device, steps=steps, threads=threads, ship=ship)


progress = typer.Typer(help="Your progress as one file: export, import, reset.", no_args_is_help=True)
app.add_typer(progress, name="progress")


@progress.command("export")
def progress_export(
    file: Annotated[Path, typer.Argument(help="The file to write, for example progress.json.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file of this name.")] = False,
) -> None:
    """Write everything you did so far into one file.

    Example: coursekit progress export progress.json
    """
    from coursekit.portable import export_to

    typer.echo(f"{export_to(_expand(file), force=force)} events written to {file}.")


@progress.command("import")
def progress_import(file: Annotated[Path, typer.Argument(help="A file that export wrote, here or elsewhere.")]) -> None:
    """Add what an exported file holds to what is here; importing twice adds nothing twice.

    Example: coursekit progress import progress.json
    """
    from coursekit.portable import import_from

    added, known = import_from(_expand(file))
    typer.echo(f"{added} events added; {known} were here already.")


@progress.command("reset")
def progress_reset(
    lesson: Annotated[str | None, typer.Option(help="Only this lesson, for example 01.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget what you did, in one lesson or in all; a backup is written first.

    Example: coursekit progress reset --lesson 01
    """
    from coursekit.portable import reset

    what = "everything you did in this course" if lesson is None else f"everything you did in lesson {lesson}"
    if not yes and not typer.confirm(f"Forget {what}? A backup is written first."):
        typer.echo("Nothing was changed.")
        raise typer.Exit(1)
    removed, backup = reset(lesson)
    if backup is None:
        typer.echo("There was nothing to forget.")
    else:
        typer.echo(f"{removed} events removed. To bring them back: coursekit progress import {backup}")


def main() -> None:
    """Entry point: an error written for a person is shown as its text alone."""
    try:
        app()
    except CourseError as error:
        typer.echo(f"coursekit: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
