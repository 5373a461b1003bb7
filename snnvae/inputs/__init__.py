"""What enters a network: arrays, NIR data, events, samples with answers, held-out ones, noise."""
