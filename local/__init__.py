"""One machine: the embedded AWS with the synthesized stack on it. What runs here is what is deployed there."""
