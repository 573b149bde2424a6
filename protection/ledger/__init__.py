"""What the delivery guarantee earns and costs: fees, remedies, reserve and rates, each from rows that can be listed."""
