"""Does a model give back the strings it was given, code point for code point?"""

__version__ = "0.1.0"
