"""Helpers of the course on torchvision's pre-trained models.

Importing this package is cheap: torch is loaded by the modules that compute with it, not here.
"""

__version__ = "0.1.0"
