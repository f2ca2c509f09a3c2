"""Evidence as episodes, not lines: scans, policy, management point traffic, update source, group policy, boundaries."""
