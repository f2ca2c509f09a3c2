"""Facts without logic: known log lines, error codes, logs, stages, effects and questions, each with its source."""
