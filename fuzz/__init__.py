"""Coverage-guided fuzzing of everything that reads bytes. ``python fuzz/run.py --help``; see docs/fuzzing.md."""
