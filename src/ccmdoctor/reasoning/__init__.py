"""From evidence to a diagnosis: run the rules, lay out the graph, rank, find the next question."""
