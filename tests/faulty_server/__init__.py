"""A chat-completions server for tests that misbehaves when a prompt asks it to. No answer of it is ever shipped."""
