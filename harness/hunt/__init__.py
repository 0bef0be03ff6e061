"""The hunt: strings that a model does not give back, made small. Pure of pytest and of the runner.

The faces give it an oracle (`oracle.Oracle`); everything else is decided here.
"""
