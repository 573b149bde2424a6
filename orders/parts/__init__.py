"""The parts of an order, written from a snapshot: each function compares, writes what differs, and says what happened.

All of them run inside `intake`, under the order's row lock. What a source does not say (None) is kept as it is known.
"""
