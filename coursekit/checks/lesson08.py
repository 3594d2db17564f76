"""The checks of lesson 08: overlap, matching, average precision, masks, a classifier as a map."""

from coursekit.checks.core import Exercise
from coursekit.checks.lesson08_boxes import AveragePrecisionCheck, CountCheck, OverlapCheck
from coursekit.checks.lesson08_maps import MapCheck, MaskCheck

EXERCISES = (
    Exercise("08.overlap", "The IoU of every pair of boxes", ("08.iou",), 2, OverlapCheck()),
    Exercise("08.count", "Hits, false alarms and misses", ("08.matching",), 2, CountCheck()),
    Exercise("08.average", "Average precision of ranked detections", ("08.ap",), 2, AveragePrecisionCheck()),
    Exercise("08.masks", "IoU and Dice of two masks", ("08.masks",), 2, MaskCheck()),
    Exercise("08.map", "A classifier that answers everywhere", ("08.models",), 2, MapCheck()),
)
