"""Images: the spiking VAEs FSVAE and ESVAE, the ANN beside them, data sets and figures of merit."""
