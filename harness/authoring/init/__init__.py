"""What `harness init` puts into a project: settings, a first suite, canaries, workflows. Nothing is overwritten."""
