"""Whether classifiers still score as they did in a week of reference: a fact, a metric, a line of a report."""
