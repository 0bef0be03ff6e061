"""Tools for those who write suites: the lint, and suites made from a team's own strings.

Nothing here asks a model. What a case's answers are worth is asked of a `Judging` that the caller gives, so that the
lint and a run can never disagree.
"""
