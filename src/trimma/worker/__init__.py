"""What runs at a worker: an agent, and the runner, a child process of the agent, which runs the user's code."""
