"""The forms in which adapters ship: one file each, and a line in `harness.forms.registry`."""
