"""One file for each framework; importing one needs that framework and the extra of its name."""
