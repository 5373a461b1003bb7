//! The random numbers and other streams of the host: one seed gives the spikes that snnvae draws.
//! Integers only, the bits of NumPy's generator.
#![allow(dead_code)] // a network needs some of these

use super::Input;

@{tables}@{philox}
/// What draws the inputs of one sample after another.
pub struct Draws {
    seed: u64,
    sample: u64,
    label: u32,
    step: u32,
@{state}}

impl Draws {
    /// Of sample 0 and seed 0.
    pub const fn new() -> Self {
        Self { seed: 0, sample: 0, label: 0, step: 0@{zero} }
    }

    /// Begins a sample: its number and its class name it, whatever was drawn before. A class that
    /// the model does not know is 0.
    pub fn begin(&mut self, seed: u64, sample: u64, label: u32) {
        *self = Self::new();
        self.seed = seed;
        self.sample = sample;
        self.label = if label < @{classes} { label } else { 0 };
    }

    /// The next step's spikes, into the inputs that are drawn; all others are left alone.
    pub fn draw(&mut self, input: &mut Input) {
@{draw}        self.step = self.step.saturating_add(1);
    }
}

impl Default for Draws {
    fn default() -> Self {
        Self::new()
    }
}

fn fire(spikes: &mut [u32], neuron: usize) {
    spikes[neuron / 32] |= 1 << (neuron % 32);
}
