"""Ground states of quantum spin systems, sampled by a spiking network: ψ(v) = √p(v)."""
