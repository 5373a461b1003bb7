"""How good a network is at its task, as it was trained and as it is deployed."""
