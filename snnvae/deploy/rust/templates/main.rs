//! Runs the network on a computer: reads .npy files or a stream, writes .npy files or a stream.
//!
//!     net [-t STEPS] [-o FOLDER] [-l] [-m] [-s SEED -n SAMPLES] [INPUT=FILE.npy ...]
//!     net -r < records of what enters > records of what comes out
//!
//! An array has (samples, steps, neurons), or a map's axes in place of the last: true and false for
//! spikes, int32 for the host's currents. Without -t it says the steps. Inputs that are drawn from a
//! seed need no array. With -l the layers are watched, and of them alone spikes and last membranes
//! are written, with -m their membranes after each step. Records are little-endian words of 32 bits.
#![forbid(unsafe_code)]
#![allow(clippy::modulo_one)] // of a model without classes

mod ports;

use net::{Input, Net, Output, Watch, STATE_BYTES};
use ports::{
    entering, leaving, Draws, Entering, Leaving, Port, CLASSES, INPUTS, LAYERS, OUTPUTS, STEPS,
};
use std::fs::File;
use std::io::{stdin, stdout, BufReader, BufWriter, Read, Write};
use std::process::exit;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const USAGE: &str =
    "net [-t STEPS] [-n SAMPLES] [-s SEED] [-o FOLDER] [-l] [-m] [INPUT=FILE.npy ...], or net -r";

/// Not on the stack, which may be smaller.
static HELD: Mutex<(Net, Input, Output)> = Mutex::new((Net::new(), Input::new(), Output::new()));

fn fail(what: &str, of: &str) -> ! {
    eprintln!("net: {of}: {what}");
    exit(2)
}

fn put(bytes: &[u8], file: &mut dyn Write) {
    if file.write_all(bytes).is_err() {
        fail("cannot be written", "the output");
    }
}

fn put_spikes(spikes: &[u32], neurons: usize, file: &mut dyn Write) {
    let bits: Vec<u8> = (0..neurons)
        .map(|n| (spikes[n / 32] >> (n % 32) & 1) as u8)
        .collect();
    put(&bits, file);
}

fn put_numbers(values: &[i32], file: &mut dyn Write) {
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    put(&bytes, file);
}

// ---- .npy ----------------------------------------------------------------------------------------

/// An array that is read row by row.
struct Array {
    file: BufReader<File>,
    samples: u64,
    steps: u64,
    row: Vec<u8>,
}

/// Opens an array of bytes, or of little-endian int32, of the port's neurons.
fn open_array(path: &str, port: &Port) -> Array {
    let file = File::open(path).unwrap_or_else(|error| fail(&error.to_string(), path));
    let mut file = BufReader::new(file);
    let text = header(&mut file).unwrap_or_else(|| fail("not a .npy file", path));
    let kinds: &[&str] = if port.spikes {
        &["'|b1'", "'|u1'"]
    } else {
        &["'<i4'"]
    };
    if !text.contains("'fortran_order': False") || !kinds.iter().any(|kind| text.contains(kind)) {
        let needs = if port.spikes {
            "true and false"
        } else {
            "int32"
        };
        fail(&format!("needs {needs}, in C order"), path);
    }
    let axes = axes(&text).filter(|axes| axes.len() > 1 && axes[0] > 0);
    let axes = axes.unwrap_or_else(|| fail(SHAPE, path));
    if axes[2..]
        .iter()
        .try_fold(1, |size: u64, &axis| size.checked_mul(axis))
        != Some(port.values as u64)
    {
        fail(SHAPE, port.name);
    }
    let row = vec![0; port.values * if port.spikes { 1 } else { 4 }];
    Array {
        file,
        samples: axes[0],
        steps: axes[1],
        row,
    }
}

const SHAPE: &str = "is not of the shape (samples, steps, neurons)";

/// What the header of a .npy file says.
fn header(file: &mut impl Read) -> Option<String> {
    let mut start = [0; 12];
    file.read_exact(&mut start[..10]).ok()?;
    if start[6] > 1 {
        file.read_exact(&mut start[10..]).ok()?;
    }
    let size = u32::from_le_bytes([start[8], start[9], start[10], start[11]]) as usize;
    if !start.starts_with(b"\x93NUMPY") || size > 65_535 {
        return None;
    }
    let mut text = vec![0; size];
    file.read_exact(&mut text).ok()?;
    String::from_utf8(text).ok()
}

/// The shape that a header states.
fn axes(text: &str) -> Option<Vec<u64>> {
    let inside = text.split_once('(')?.1.split_once(')')?.0;
    let axes = inside
        .split(',')
        .map(str::trim)
        .filter(|axis| !axis.is_empty());
    axes.map(|axis| axis.parse().ok()).collect()
}

/// Begins an array of that shape.
fn begin_array(folder: &str, name: &str, kind: &str, shape: &[u64]) -> BufWriter<File> {
    let path = format!("{folder}/{name}.npy");
    let file = File::create(&path).unwrap_or_else(|_| fail("cannot be written", &path));
    let mut file = BufWriter::new(file);
    let axes: Vec<String> = shape.iter().map(u64::to_string).collect();
    let text = format!(
        "{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}), }}",
        axes.join(", ")
    );
    put(b"\x93NUMPY\x01\0\x76\0", &mut file);
    put(format!("{text:<117}\n").as_bytes(), &mut file);
    file
}

// ---- what is watched -----------------------------------------------------------------------------

/// Of a layer, the last membranes and the files that are written.
struct Watched {
    neurons: usize,
    membranes: Vec<i32>,
    spikes: Option<BufWriter<File>>,
    every: Option<BufWriter<File>>,
    last: Option<BufWriter<File>>,
}

struct Watcher {
    layers: Vec<Watched>,
    additions: u64,
}

impl Watch for Watcher {
    fn membrane(&mut self, layer: usize, neuron: usize, v: i32) {
        self.layers[layer].membranes[neuron] = v;
    }

    fn spikes(&mut self, layer: usize, spikes: &[u32]) {
        let layer = &mut self.layers[layer];
        if let Some(file) = &mut layer.spikes {
            put_spikes(spikes, layer.neurons, file);
        }
    }

    fn additions(&mut self, count: u32) {
        self.additions += u64::from(count);
    }
}

impl Watcher {
    fn new(folder: Option<&str>, every: bool, samples: u64, steps: u64) -> Self {
        let watched = |(layer, &(neurons, spiking)): (usize, &(usize, bool))| {
            let begin = |what: &str, kind: &str, shape: &[u64]| {
                folder.map(|folder| {
                    begin_array(folder, &format!("layer_{layer}_{what}"), kind, shape)
                })
            };
            let all = [samples, steps, neurons as u64];
            Watched {
                neurons,
                membranes: vec![0; neurons],
                spikes: if spiking {
                    begin("spikes", "|b1", &all)
                } else {
                    None
                },
                every: if every {
                    begin("membrane", "<i4", &all)
                } else {
                    None
                },
                last: if spiking {
                    None
                } else {
                    begin("final", "<i4", &[samples, neurons as u64])
                },
            }
        };
        Self {
            layers: LAYERS.iter().enumerate().map(watched).collect(),
            additions: 0,
        }
    }

    fn end_step(&mut self) {
        for layer in &mut self.layers {
            if let Some(file) = &mut layer.every {
                put_numbers(&layer.membranes, file);
            }
        }
    }

    fn end_sample(&mut self) {
        for layer in &mut self.layers {
            if let Some(file) = &mut layer.last {
                put_numbers(&layer.membranes, file);
            }
        }
    }

    fn end(self) -> u64 {
        for layer in self.layers {
            for file in [layer.spikes, layer.every, layer.last].iter_mut().flatten() {
                flush(file);
            }
        }
        self.additions
    }
}

fn flush(file: &mut dyn Write) {
    if file.flush().is_err() {
        fail("cannot be written", "the output");
    }
}

// ---- a run ---------------------------------------------------------------------------------------

/// The next row of an array into an input.
fn take(array: &mut Array, port: &Port, to: Entering) {
    if array.file.read_exact(&mut array.row).is_err() {
        fail("ends too early", port.name);
    }
    match to {
        Entering::Spikes(words) => {
            words.fill(0);
            for (n, &value) in array.row.iter().enumerate() {
                words[n / 32] |= u32::from(value != 0) << (n % 32);
            }
        }
        Entering::Currents(currents) => {
            for (current, bytes) in currents.iter_mut().zip(array.row.chunks_exact(4)) {
                *current = i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            }
        }
    }
}

fn give(from: Leaving, port: &Port, file: &mut dyn Write) {
    match from {
        Leaving::Spikes(words) => put_spikes(words, port.values, file),
        Leaving::Membranes(values) => put_numbers(values, file),
    }
}

/// The next record of the standard input; false at its end.
fn take_record(input: &mut Input) -> bool {
    let ports = entering(input);
    let words: usize = ports
        .iter()
        .map(|port| match port {
            Entering::Spikes(words) => words.len(),
            Entering::Currents(currents) => currents.len(),
        })
        .sum();
    let mut bytes = Vec::new();
    let read = stdin()
        .lock()
        .take(4 * words as u64)
        .read_to_end(&mut bytes);
    if read.is_err() || (!bytes.is_empty() && bytes.len() < 4 * words) {
        fail("ends within a step", "standard input");
    }
    let mut found = bytes
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
    for port in ports {
        match port {
            Entering::Spikes(words) => words
                .iter_mut()
                .zip(&mut found)
                .for_each(|(to, word)| *to = word),
            Entering::Currents(currents) => currents
                .iter_mut()
                .zip(&mut found)
                .for_each(|(to, word)| *to = word as i32),
        }
    }
    !bytes.is_empty()
}

fn run_stream() {
    let mut held = HELD.lock().expect("one thread");
    let (net, input, output) = &mut *held;
    let mut file = BufWriter::new(stdout().lock());
    net.reset();
    while take_record(input) {
        net.step(input, output);
        for port in leaving(output) {
            match port {
                Leaving::Spikes(words) => words
                    .iter()
                    .for_each(|word| put(&word.to_le_bytes(), &mut file)),
                Leaving::Membranes(values) => put_numbers(values, &mut file),
            }
        }
    }
    flush(&mut file);
}

fn number(text: Option<String>) -> u64 {
    let text = text.unwrap_or_else(|| fail("write a whole number", "an option"));
    match text.parse() {
        Ok(found) if text.starts_with(|first: char| first.is_ascii_digit()) => found,
        _ => fail("write a whole number", &text),
    }
}

fn help() {
    println!("{USAGE}");
    for port in INPUTS {
        let what = if port.spikes {
            "spikes a step"
        } else {
            "currents a step, int32"
        };
        let drawn = if port.drawn {
            ", drawn where no file is given"
        } else {
            ""
        };
        println!("{}: {} {what}{drawn}", port.name, port.values);
    }
}

fn main() {
    let mut given: Vec<Option<Array>> = INPUTS.iter().map(|_| None).collect();
    let (mut steps, mut folder, mut samples, mut seed) = (None, None, 1, 0);
    let (mut watches, mut every) = (false, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), argument.split_once('=')) {
            ("-h", _) => return help(),
            ("-r", _) => return run_stream(),
            ("-l", _) => watches = true,
            ("-m", _) => (watches, every) = (true, true),
            ("-t", _) => steps = Some(number(arguments.next())),
            ("-n", _) => samples = number(arguments.next()),
            ("-s", _) => seed = number(arguments.next()),
            ("-o", _) => folder = arguments.next(),
            (_, Some((name, path))) => {
                let Some(k) = INPUTS.iter().position(|port| port.name == name) else {
                    fail("no input of that name; -h lists them", name)
                };
                if given[k].is_some() {
                    fail("is given twice", name);
                }
                given[k] = Some(open_array(path, &INPUTS[k]));
            }
            _ => fail(USAGE, &argument),
        }
    }
    let arrays = || given.iter().flatten();
    let steps = steps.unwrap_or_else(|| arrays().next().map_or(STEPS, |array| array.steps));
    if steps == 0 {
        fail("give at least 1", "-t");
    }
    samples = arrays().next().map_or(samples, |array| array.samples);
    for (array, port) in given.iter().zip(INPUTS) {
        match array {
            Some(array) if array.samples != samples || array.steps != steps => {
                fail(SHAPE, port.name)
            }
            None if !port.drawn => fail("needs an array: INPUT=FILE.npy", port.name),
            _ => (),
        }
    }
    let folder = folder.as_deref();
    let mut written: Vec<(&Port, BufWriter<File>)> = Vec::new();
    for port in folder.filter(|_| !watches).map_or(&[][..], |_| OUTPUTS) {
        let kind = if port.spikes { "|b1" } else { "<i4" };
        let shape = [samples, steps, port.values as u64];
        written.push((
            port,
            begin_array(folder.unwrap_or("."), port.name, kind, &shape),
        ));
    }
    let mut watcher = watches.then(|| Watcher::new(folder, every, samples, steps));
    let mut held = HELD.lock().expect("one thread");
    let (net, input, output) = &mut *held;
    let mut draws = Draws::new();
    let mut spent = Duration::ZERO;
    for sample in 0..samples {
        net.reset();
        draws.begin(seed, sample, (sample % CLASSES) as u32);
        for _ in 0..steps {
            draws.draw(input);
            for ((array, port), to) in given.iter_mut().zip(INPUTS).zip(entering(input)) {
                if let Some(array) = array {
                    take(array, port, to);
                }
            }
            let began = Instant::now();
            match &mut watcher {
                Some(watcher) => net.step_watched(input, output, watcher),
                None => net.step(input, output),
            }
            spent += began.elapsed();
            for ((port, file), from) in written.iter_mut().zip(leaving(output)) {
                give(from, port, file);
            }
            if let Some(watcher) = &mut watcher {
                watcher.end_step();
            }
        }
        if let Some(watcher) = &mut watcher {
            watcher.end_sample();
        }
    }
    for (_, file) in &mut written {
        flush(file);
    }
    println!(
        "{samples} samples of {steps} steps; state {STATE_BYTES} bytes, {} ns in its steps",
        spent.as_nanos()
    );
    if let Some(watcher) = watcher {
        println!("{} additions of weights", watcher.end());
    }
}
