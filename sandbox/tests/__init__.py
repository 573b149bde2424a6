"""The stand-in's tests; ``running`` starts one for whoever needs it."""
