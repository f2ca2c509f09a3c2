"""``python -m ccmdoctor``."""

from ccmdoctor.cli import main

main()
