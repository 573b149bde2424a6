"""Protection for partners, one module a resource; they share body.py."""
