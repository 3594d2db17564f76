"""Kernels that start warm: forked from a process that has torch imported already."""
