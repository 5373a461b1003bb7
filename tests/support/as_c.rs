//! The crate under the names of the network in C: what runs that, runs this.
#![no_std]

use core::panic::PanicInfo;
use core::ptr::addr_of_mut;
use net::{Input, Net, Output, Watch};

static mut NET: Net = Net::new();

extern "C" {
    fn net_trace_membrane(layer: u32, neuron: u32, v: i32);
    fn net_trace_spikes(layer: u32, spikes: *const u32);
    fn net_trace_operations(additions: u32);
    fn abort() -> !;
}

struct Calls;

impl Watch for Calls {
    fn membrane(&mut self, layer: usize, neuron: usize, v: i32) {
        unsafe { net_trace_membrane(layer as u32, neuron as u32, v) }
    }

    fn spikes(&mut self, layer: usize, spikes: &[u32]) {
        unsafe { net_trace_spikes(layer as u32, spikes.as_ptr()) }
    }

    fn additions(&mut self, count: u32) {
        unsafe { net_trace_operations(count) }
    }
}

#[no_mangle]
extern "C" fn net_reset() {
    unsafe { (*addr_of_mut!(NET)).reset() }
}

#[no_mangle]
extern "C" fn net_step(input: &Input, output: &mut Output) {
    let net = unsafe { &mut *addr_of_mut!(NET) };
    if cfg!(feature = "watched") {
        net.step_watched(input, output, &mut Calls)
    } else {
        net.step(input, output)
    }
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    unsafe { abort() }
}
