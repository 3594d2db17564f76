"""Write the JSON Schema of banks for editors: ``python -m coursekit.quiz.schema``."""

from __future__ import annotations

from coursekit.paths import content_dir
from coursekit.quiz.bank import write_schema


def main() -> None:
    """Write ``quizzes/schema.json``."""
    path = content_dir() / "quizzes" / "schema.json"
    write_schema(path)
    print(path)


if __name__ == "__main__":
    main()
