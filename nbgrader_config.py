"""Makes this folder an nbgrader course, for example: nbgrader generate_assignment 01_loading_weights."""

from coursekit.grading.release import NOT_RELEASED, settings

c = get_config()  # noqa: F821  (nbgrader defines it)
c.merge(settings())
c.CourseDirectory.course_id = "coursekit"
c.CourseDirectory.source_directory = "notebooks"
c.CourseDirectory.ignore = [".*", "*.pyc", *NOT_RELEASED]
