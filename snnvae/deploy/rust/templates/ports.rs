//! The inputs, outputs and layers by name: for main.rs, which no chip needs.

use net::{Input, Output};
@{use_draws}
/// Steps of a sample, where nothing else says it.
pub const STEPS: u64 = @{steps};
/// Classes that the model knows, at least 1.
pub const CLASSES: u64 = @{classes};

/// What enters or comes out. drawn: where no array gives it.
pub struct Port {
    pub name: &'static str,
    pub values: usize,
    pub spikes: bool,
    pub drawn: bool,
}

/// What a port of an input holds.
#[allow(dead_code)] // where a network has no such
pub enum Entering<'a> {
    Spikes(&'a mut [u32]),
    Currents(&'a mut [i32]),
}

/// What a port of an output holds.
#[allow(dead_code)] // where a network has no such
pub enum Leaving<'a> {
    Spikes(&'a [u32]),
    Membranes(&'a [i32]),
}

pub static INPUTS: &[Port] = &[
@{inputs}];

pub static OUTPUTS: &[Port] = &[
@{outputs}];

/// Of each layer its neurons, and whether they spike.
pub static LAYERS: &[(usize, bool)] = &[
@{layers}];

/// The inputs, in the order of `INPUTS`.
pub fn entering(@{entering_name}: &mut Input) -> [Entering<'_>; @{entering_count}] {
    [
@{entering}    ]
}

/// The outputs, in the order of `OUTPUTS`.
pub fn leaving(@{leaving_name}: &Output) -> [Leaving<'_>; @{leaving_count}] {
    [
@{leaving}    ]
}
@{no_draws}
