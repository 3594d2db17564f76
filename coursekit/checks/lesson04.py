"""The checks of lesson 04: a new head, freezing, cached features, rates for each part, resuming."""

from coursekit.checks.core import Exercise
from coursekit.checks.lesson04_parts import FeaturesCheck, FreezeCheck, HeadCheck, RatesCheck
from coursekit.checks.lesson04_resume import ResumeCheck

EXERCISES = (
    Exercise("04.head", "A new head for a model of any family", ("04.head",), 2, HeadCheck()),
    Exercise("04.freeze", "Only the head learns", ("04.freeze",), 2, FreezeCheck()),
    Exercise("04.features", "Features of every image, once", ("04.probe",), 2, FeaturesCheck()),
    Exercise("04.rates", "A learning rate for each part", ("04.tune",), 2, RatesCheck()),
    Exercise("04.resume", "A training that can be stopped", ("04.save",), 2, ResumeCheck()),
)
