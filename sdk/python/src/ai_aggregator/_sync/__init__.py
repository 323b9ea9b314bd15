# Generated from _async by scripts/generate_sync.py. Do not edit.
