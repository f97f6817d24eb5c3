"""Speed of the engines, as ratios on one machine (`make bench`)."""
