"""Tables of discrete variables, as Bayesian networks make them: any variables from any others."""
