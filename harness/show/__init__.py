"""Pages, Markdown and tables made of run records: records in, text out. Nothing here reads or judges."""
