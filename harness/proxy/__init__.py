"""`harness proxy`: an OpenAI-compatible proxy that repairs or checks chat answers on their way to any client."""
