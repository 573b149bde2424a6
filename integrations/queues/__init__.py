"""What the cluster's pusher asks for tasks: one file for each queue that QUEUE can name, each a django-q2 broker."""
