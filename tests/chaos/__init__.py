"""`make chaos`: faults of every kind while orders flow, and one checker that says what they broke (docs/chaos.md)."""
