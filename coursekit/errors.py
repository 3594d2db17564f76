"""The one kind of error whose text is written for the person who meets it."""


class CourseError(Exception):
    """What was seen, what was expected and what to do next, in one or two lines; shown without a traceback."""
