"""What the shopper sees: pages by signed links, without a log-in and without scripts."""
