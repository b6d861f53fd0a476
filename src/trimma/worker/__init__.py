"""What runs at a worker: an agent, and its child, the runner, which runs the user's code."""
