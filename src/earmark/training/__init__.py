"""The loop, optimisers, schedules, losses and checkpoints."""
