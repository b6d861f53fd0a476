"""What a driver and its remote agents say to each other, and how it travels."""
