"""What is known of a claim that may matter for its decision: facts, read for many claims at once, and put into words.

Facts route and inform, they never deny, and they are never added up to a score.
"""
