"""What enters a network: files of arrays, NIR data and events, held-out samples, noise."""
