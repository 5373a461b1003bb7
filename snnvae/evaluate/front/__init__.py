"""The front of quality against energy: trained points, their energies, the ANNs, table and plot."""
