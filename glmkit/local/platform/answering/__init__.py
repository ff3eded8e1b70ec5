"""What the engine is asked, and how its answers are shaped."""
