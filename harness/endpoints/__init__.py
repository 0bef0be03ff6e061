"""What answers come from: endpoints, a local server, a function, a file; how they are paced, retried and paid for."""
