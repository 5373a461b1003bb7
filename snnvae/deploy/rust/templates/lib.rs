//! A spiking network as plain Rust: @{title}.
//!
//! Each layer adds up the weights of the spikes that reach it, then updates its neurons. Weights and
//! thresholds count weight units, membranes and currents 64 of a weight unit (Loihi's arithmetic):
//!
//! ```text
//! u = wrap24(u * kept / 4096 + 64 * sum)              beyond 24 bits, 2^24 is added or subtracted
//! v = clip24(v * kept / 4096 + u + bias), spike where v > threshold, then v = 0
//! ```
//!
//! Spikes are bits: neuron n of a population is bit n % 32 of word n / 32, its neurons counted in C
//! order, the last axis of its shape fastest. Bits beyond the last neuron are ignored on the way in
//! and 0 on the way out.
//!
//! No heap, no floating point, no recursion, nothing unsafe; every loop has a bound. Names are those
//! of the network's file.
#![no_std]
#![forbid(unsafe_code)]
#![allow(non_snake_case, non_upper_case_globals)]
#![allow(long_running_const_eval)] // the first membranes of a large network
#![allow(clippy::erasing_op, clippy::identity_op)] // sizes of 1, steps of 0
#![allow(clippy::needless_range_loop)] // n counts neurons of several arrays

mod arithmetic;
@{draws}mod layers;
mod tables;
@{use_draws}
/// Bytes of RAM that the network keeps to itself: of a [`Net`].
pub const STATE_BYTES: usize = @{bytes};

const _: () = assert!(core::mem::size_of::<Net>() == STATE_BYTES);

/// What enters in a step; it lies as the struct of the same in C does.
#[repr(C)]
pub struct Input {
@{input}}

impl Input {
    /// No spikes, no currents.
    pub const fn new() -> Self {
        Self {@{no_input}}
    }
}

/// What comes out of a step; it lies as the struct of the same in C does.
#[repr(C)]
pub struct Output {
@{output}}

impl Output {
    /// Before the first step.
    pub const fn new() -> Self {
        Self {@{no_output}}
    }
}

/// All that is remembered from step to step, and the sums of the layer that is at work.
pub struct Net {
@{state}}

impl Net {
    const ZERO: Self = Self {@{zero}};

    /// A network before the first step of a sample.
    pub const fn new() -> Self {
        let mut net = Self::ZERO;
        net.begin();
        net
    }

    /// Goes back to before the first step of a sample.
    pub fn reset(&mut self) {
@{clear}        self.begin();
    }

    /// Sets what is not 0 before the first step.
    const fn begin(&mut self) {
@{begin}    }

    /// One step.
    pub fn step(&mut self, input: &Input, output: &mut Output) {
        self.step_watched(input, output, &mut Unwatched);
    }

    /// One step, of which `watch` is told.
    pub fn step_watched<W: Watch>(&mut self, input: &Input, output: &mut Output, watch: &mut W) {
@{step}    }
}

impl Default for Input {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for Output {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for Net {
    fn default() -> Self {
        Self::new()
    }
}

/// Whoever looks on: the layers are counted in the order of a step.
pub trait Watch {
    /// A neuron's membrane after its update.
    fn membrane(&mut self, _layer: usize, _neuron: usize, _v: i32) {}
    /// The spikes of a layer in this step.
    fn spikes(&mut self, _layer: usize, _spikes: &[u32]) {}
    /// Weights that were added.
    fn additions(&mut self, _count: u32) {}
}

/// Nobody, at no cost.
pub struct Unwatched;

impl Watch for Unwatched {}
