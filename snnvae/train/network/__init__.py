"""Fine-tuning of any NIR graph in torch, in float64 or in the compiler's integers."""
